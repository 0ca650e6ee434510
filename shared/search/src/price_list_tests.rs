//! A search in a price list finds, counts and sorts as a search in a catalog would whose offers have the prices of the list, and no others.

use catalog::{PriceList, PriceListKey};
use proptest::prelude::*;

use crate::test_index::{TestIndex, document, variant};
use crate::{Document, DocumentPrice, DocumentVariant, Query, Sort, VariantOffer};

static LISTS: [&str; 3] = ["default", "uk", "trade"];
/// The first one is the currency of the test index. All have two decimals, so they have the same bands.
static CURRENCIES: [&str; 3] = ["EUR", "GBP", "USD"];
static SIZES: [&str; 3] = ["S", "M", "L"];

fn price_list(list: &str, currency: &str) -> PriceList {
    PriceList { list: PriceListKey::try_from(list.to_owned()).unwrap(), currency: currency.parse().unwrap() }
}

fn listed(variant: usize, list: &str, currency: &str, price: u64) -> DocumentPrice {
    DocumentPrice { variant, list: price_list(list, currency), price }
}

fn product() -> impl Strategy<Value = Document> {
    let variants = prop::collection::vec((0usize..3, 0u64..9, any::<bool>()), 0..4);
    let prices = prop::collection::btree_map((0usize..4, 0usize..3, 0usize..3), 0u64..9, 0..8);
    (variants, prices, 0u64..9, any::<bool>()).prop_map(|(variants, prices, price, in_stock)| {
        let of_variant =
            |(size, price, in_stock): (usize, u64, bool)| variant(&[("size", SIZES[size])], price * 400, in_stock);
        let variants: Vec<DocumentVariant> = variants.into_iter().map(of_variant).collect();
        let offers = variants.len().max(1);
        // The price of the list `default` in the currency of the shop is that of the offer.
        let prices =
            prices.into_iter().filter(|((at, list, currency), _)| *at < offers && (*list, *currency) != (0, 0));
        let prices =
            prices.map(|((at, list, currency), price)| listed(at, LISTS[list], CURRENCIES[currency], price * 400));
        Document {
            price: variants.iter().map(|variant| variant.offer.price).min().unwrap_or(price * 400),
            in_stock: variants.iter().map(|variant| variant.offer.in_stock).max().unwrap_or(in_stock),
            variants,
            list_prices: prices.collect(),
            ..document("Mug")
        }
    })
}

fn query() -> impl Strategy<Value = Query> {
    let sorts = [Sort::Relevance, Sort::Price, Sort::PriceDown, Sort::Newest];
    let price = || prop::option::of((0u64..9).prop_map(|price| price * 400));
    let filters = (price(), price(), prop::option::of(any::<bool>()), prop::option::of(0usize..3));
    (filters, prop::sample::select(sorts.to_vec())).prop_map(|((min_price, max_price, in_stock, size), sort)| Query {
        min_price,
        max_price,
        in_stock,
        attributes: size.map(|size| format!("size:{}", SIZES[size])).into_iter().collect(),
        sort,
        ..Query::default()
    })
}

/// The product with the prices of the list; none if it is not for sale there.
fn in_list(product: &Document, list: &PriceList) -> Option<Document> {
    let default = PriceList { list: PriceListKey::default(), currency: list.currency };
    let price_of = |variant: usize, own: u64| {
        let of = |list: &PriceList| {
            let found = product.list_prices.iter().find(|one| one.variant == variant && one.list == *list);
            found.map(|one| one.price)
        };
        let own = Some(own).filter(|_| list.currency.code() == CURRENCIES[0]);
        of(list).or(own).or_else(|| of(&default))
    };
    let only = Document { list_prices: Vec::new(), ..product.clone() };
    if product.variants.is_empty() {
        return Some(Document { price: price_of(0, product.price)?, ..only });
    }
    let of_variant = |(at, variant): (usize, &DocumentVariant)| {
        let price = price_of(at, variant.offer.price)?;
        Some(DocumentVariant { offer: VariantOffer { price, ..variant.offer }, ..variant.clone() })
    };
    let variants: Vec<DocumentVariant> = product.variants.iter().enumerate().filter_map(of_variant).collect();
    let price = variants.iter().map(|variant| variant.offer.price).min()?;
    Some(Document { price, variants, ..only })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn search_in_a_list_is_a_search_among_its_prices(
        products in prop::collection::vec(product(), 0..20),
        batch in 4usize..12,
        list in (0usize..3, 0usize..3),
        queries in prop::collection::vec(query(), 1..6),
    ) {
        let list = price_list(LISTS[list.0], CURRENCIES[list.1]);
        let priced: Vec<Document> = products.iter().filter_map(|product| in_list(product, &list)).collect();
        let (index, expected) = (TestIndex::in_batches(&products, batch), TestIndex::in_batches(&priced, batch));
        for query in queries.into_iter().chain([Query::default(), Query::default()]) {
            let found = index.search(Query { price_list: Some(list.clone()), ..query.clone() });
            let expected = expected.search(query);
            prop_assert_eq!((found.total, found.hits, found.next), (expected.total, expected.hits, expected.next));
            prop_assert_eq!(found.facets, expected.facets);
        }
    }
}

#[test]
fn what_is_not_for_sale_in_a_list_is_neither_found_nor_suggested() {
    let sold = Document { list_prices: vec![listed(0, "uk", "GBP", 900)], ..document("Indigo mug") };
    let index = TestIndex::of(&[sold, document("Oak mug")]);
    let uk = price_list("uk", "GBP");
    let find =
        |words: &str| index.search(Query { words: words.to_owned(), price_list: Some(uk.clone()), ..Query::default() });
    assert_eq!((find("mug").total, find("mug").hits[0].product_json.as_str()), (1, "Indigo mug"));
    assert_eq!(find("oak mug").total, 0, "other words are not tried, because a product has these");
    let suggested = index.index.suggest("mug", 5, Some(&uk)).unwrap().products;
    assert_eq!(suggested.iter().map(|product| product.name.as_str()).collect::<Vec<_>>(), ["Indigo mug"]);
    assert_eq!(index.index.suggest("mug", 5, None).unwrap().products.len(), 2);
}
