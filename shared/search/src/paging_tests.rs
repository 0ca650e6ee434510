//! Compares the index with a list: random products in random batches, every filter, order and page.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::{Document, Index, Query, Rating, Sort, SortKey, Writer};
use proptest::prelude::*;
use tempfile::TempDir;
use values::{Clock, ProductId, Timestamp};

#[derive(Debug, Clone)]
struct TestProduct {
    category: u8,
    tag: u8,
    price: u64,
    stars: u32,
    stock: bool,
    removed: bool,
}

fn product() -> impl Strategy<Value = TestProduct> {
    let numbers = (0u8..4, 0u8..6, 0u64..12, 0u32..=5);
    (numbers, any::<bool>(), prop::bool::weighted(0.2)).prop_map(|((category, tag, price, stars), stock, removed)| {
        TestProduct { category, tag, price: price * 500, stars: stars * 100, stock, removed }
    })
}

fn query() -> impl Strategy<Value = Query> {
    let sorts = [Sort::Relevance, Sort::Price, Sort::PriceDown, Sort::Newest, Sort::Rating];
    let filters = (prop::collection::vec(0u8..4, 0..3), prop::option::of(0u8..6), prop::option::of(0u64..12));
    let flags = (prop::option::of(any::<bool>()), prop::option::of(1u8..=5));
    (filters, flags, prop::sample::select(sorts.to_vec()), 1usize..7).prop_map(
        |((categories, tag, max_price), (in_stock, min_rating), sort, limit)| Query {
            categories: categories.into_iter().map(|category| format!("c{category}")).collect(),
            tags: tag.map(|tag| format!("t{tag}")).into_iter().collect(),
            max_price: max_price.map(|price| price * 500),
            in_stock,
            min_rating,
            sort,
            limit,
            ..Query::default()
        },
    )
}

impl TestProduct {
    fn document(&self, id: ProductId) -> Document {
        Document {
            id,
            skus: Vec::new(),
            name: format!("Product {}", self.price),
            description: String::new(),
            brand: None,
            category: format!("c{}", self.category),
            tags: vec![format!("t{}", self.tag), "all".to_owned()],
            attributes: vec![("size".to_owned(), self.tag.to_string())],
            variants: Vec::new(),
            price: self.price,
            rating: Rating { hundredths: self.stars, count: u32::from(self.stars > 0) },
            in_stock: self.stock,
            product_json: id.to_string(),
        }
    }

    fn matches(&self, query: &Query) -> bool {
        !self.removed
            && (query.categories.is_empty() || query.categories.contains(&format!("c{}", self.category)))
            && query.tags.iter().all(|tag| *tag == format!("t{}", self.tag))
            && query.max_price.is_none_or(|max| self.price <= max)
            && query.in_stock.is_none_or(|wanted| self.stock == wanted)
            && query.min_rating.is_none_or(|stars| self.stars >= u32::from(stars) * 100)
    }

    fn rank(&self, sort: Sort) -> u64 {
        match sort {
            Sort::Relevance | Sort::Newest => 0,
            Sort::Price => u64::MAX - self.price,
            Sort::PriceDown => self.price,
            Sort::Rating => self.stars.into(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn pages_list_every_match_once_and_in_order(
        products in prop::collection::vec(product(), 0..60),
        batch in 1usize..20,
        queries in prop::collection::vec(query(), 1..8),
    ) {
        let folder = TempDir::new().unwrap();
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let mut products: Vec<(ProductId, TestProduct)> = products.into_iter().map(|product| (clock.mint(), product)).collect();
        for batch in products.chunks(batch) {
            let writer = Writer::open(folder.path()).unwrap();
            batch.iter().for_each(|(id, product)| writer.put(&product.document(*id)).unwrap());
            writer.commit().unwrap();
        }
        let writer = Writer::open(folder.path()).unwrap();
        products.iter().filter(|(_, product)| product.removed).for_each(|(id, _)| writer.remove(*id));
        writer.commit().unwrap();
        let index = Index::open(folder.path(), "EUR".parse().unwrap()).unwrap();
        for query in queries {
            products.sort_by_key(|(id, product)| Reverse((product.rank(query.sort), *id)));
            let expected: Vec<_> = products.iter().filter(|(_, product)| product.matches(&query)).collect();
            let mut counts = BTreeMap::new();
            expected.iter().for_each(|(_, product)| *counts.entry(format!("c{}", product.category)).or_insert(0u32) += 1);
            let (mut listed, mut after): (Vec<String>, Option<SortKey>) = (Vec::new(), None);
            loop {
                let result = index.find(&Query { after, ..query.clone() }).unwrap();
                prop_assert_eq!(result.total, expected.len() as u64);
                let facet: BTreeMap<_, _> = result.facets.category.into_iter().map(|c| (c.value, c.count)).collect();
                prop_assert_eq!(&facet, &counts);
                prop_assert_eq!(result.facets.price.iter().map(|band| band.count).sum::<u32>() as usize, expected.len());
                prop_assert!(result.hits.len() <= query.limit);
                listed.extend(result.hits.into_iter().map(|hit| hit.product_json));
                match result.next {
                    Some(key) => after = Some(key),
                    None => break,
                }
            }
            prop_assert_eq!(listed, expected.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>());
        }
    }
}
