//! Compares filters and facets with a list: random catalogs with variants, random filters. Every value that a facet offers finds
//! exactly as many products as its count says.

use proptest::prelude::*;
use values::comparison_key;

use crate::test_index::{TestIndex, document, variant};
use crate::{Document, Query, Rating, SearchParams, SearchResult, Sort};

static NAMES: [&str; 6] = ["a", "a:b", "A", "colour", "colour ", "größe"];
static VALUES: [&str; 8] = ["c", "b:c", "C", " c", "", "true", "red", "４０"];
static TAGS: [&str; 5] = ["tea", "Tea", "TE\u{301}A", "x:y", "cup"];
static BRANDS: [&str; 3] = ["Loom", "LOOM", "Kiln & Co"];
static CATEGORIES: [&str; 3] = ["kitchen", "Kitchen", "garden"];
static SIZES: [&str; 4] = ["S", "s", "M", "40"];

fn any_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(str::to_owned)
}

fn product() -> impl Strategy<Value = Document> {
    let texts = (any_of(&CATEGORIES), prop::option::of(any_of(&BRANDS)), prop::collection::vec(any_of(&TAGS), 0..3));
    let attributes = prop::collection::vec((any_of(&NAMES), any_of(&VALUES)), 0..4);
    let offer = || (0u64..9, any::<bool>());
    let sold = (any_of(&SIZES), prop::sample::select(vec!["red", "blue"]), offer());
    let variants = prop::collection::vec(sold, 0..5);
    (texts, attributes, variants, offer(), 0u32..=5, prop::bool::ANY).prop_map(
        |((category, brand, tags), attributes, variants, (price, in_stock), stars, is_mug)| {
            let name = if is_mug { "Mug" } else { "Cup" };
            let variants = variants.iter().map(|(size, colour, (price, in_stock))| {
                variant(&[("size", size), ("colour", colour)], price * 400, *in_stock)
            });
            let variants: Vec<_> = variants.collect();
            let lowest = variants.iter().map(|variant| variant.offer.price).min();
            Document {
                category,
                brand,
                tags,
                attributes,
                price: lowest.unwrap_or(price * 400),
                in_stock: if variants.is_empty() { in_stock } else { variants.iter().any(|v| v.offer.in_stock) },
                variants,
                rating: Rating { hundredths: stars * 100, count: u32::from(stars > 0) },
                ..document(name)
            }
        },
    )
}

fn query() -> impl Strategy<Value = SearchParams> {
    let attribute = prop_oneof![
        (any_of(&NAMES), any_of(&VALUES[..4])).prop_map(|(name, value)| format!("{name}:{value}")),
        any_of(&SIZES).prop_map(|size| format!("Size:{size}")),
        any_of(&["colour:red", "COLOUR:Blue", "b:nothing"]),
    ];
    let price = || prop::option::of((0u64..9).prop_map(|price| (price * 400).to_string()));
    let texts = (prop::option::of(any_of(&["mug", "cup", "mgu", "mug sofa"])), prop::option::of(any_of(&BRANDS)));
    let lists = (prop::collection::vec(attribute, 0..3), prop::collection::vec(any_of(&TAGS), 0..2));
    let flag = prop::option::of(any_of(&["true", "false"]));
    let stars = prop::option::of(any_of(&["1", "3", "5"]));
    (texts, lists, price(), price(), flag, stars).prop_map(
        |((search, brand), (attributes, tags), one, other, in_stock, min_rating)| {
            let (min_price, max_price) = match (one, other) {
                (Some(min), Some(max)) if min.parse::<u64>().unwrap() > max.parse().unwrap() => (Some(max), Some(min)),
                prices => prices,
            };
            SearchParams { search, tags, brand, attributes, min_price, max_price, in_stock, min_rating, sort: None }
        },
    )
}

/// Tells whether a filter finds a product, by the definition.
fn is_found(product: &Document, query: &Query) -> bool {
    let same = |one: &str, other: &str| comparison_key(one) == comparison_key(other);
    let attribute_key = |text: &str| comparison_key(text).replace(" :", ":").replace(": ", ":");
    let same_attribute = |one: &str, other: &str| attribute_key(one) == attribute_key(other);
    let offers = match product.variants.is_empty() {
        true => vec![variant(&[], product.price, product.in_stock)],
        false => product.variants.clone(),
    };
    let matching: Vec<_> = offers
        .iter()
        .filter(|variant| {
            let of_product = product.attributes.iter().filter(|(_, value)| !value.is_empty());
            let texts = of_product.chain(&variant.options).map(|(name, value)| format!("{name}:{value}"));
            let texts: Vec<String> = texts.collect();
            query.attributes.iter().all(|attribute| texts.iter().any(|text| same_attribute(text, attribute)))
                && query.min_price.is_none_or(|min| variant.offer.price >= min)
                && query.max_price.is_none_or(|max| variant.offer.price <= max)
        })
        .collect();
    let is_in_stock = matching.iter().any(|variant| variant.offer.in_stock);
    !matching.is_empty()
        && query.in_stock.is_none_or(|wanted| is_in_stock == wanted)
        && query.tags.iter().all(|tag| product.tags.iter().any(|own| same(own, tag)))
        && query.brand.iter().all(|brand| product.brand.iter().any(|own| same(own, brand)))
        && query.min_rating.is_none_or(|stars| product.rating.hundredths >= u32::from(stars) * 100)
}

/// The queries that add one offered value, with the count that it should find.
fn offered(query: &Query, result: &SearchResult) -> Vec<(Query, u32)> {
    let facets = &result.facets;
    let mut offered = Vec::new();
    let mut add = |change: &dyn Fn(&mut Query), count: u32| {
        let mut narrower = query.clone();
        change(&mut narrower);
        offered.push((narrower, count));
    };
    for category in &facets.category {
        add(&|query| query.categories = vec![category.value.clone()], category.count);
    }
    for tag in &facets.tag {
        add(&|query| query.tags.push(tag.value.clone()), tag.count);
    }
    for brand in &facets.brand {
        add(&|query| query.brand = Some(brand.value.clone()), brand.count);
    }
    for attribute in &facets.attributes {
        for value in &attribute.values {
            add(&|query| query.attributes.push(format!("{}:{}", attribute.name, value.value)), value.count);
        }
    }
    for band in &facets.price {
        let bounds = (Some(band.min_price), band.max_price);
        add(&|query| (query.min_price, query.max_price) = bounds, band.count);
    }
    for rating in &facets.rating {
        add(&|query| query.min_rating = Some(rating.min_rating), rating.count);
    }
    offered
}

/// The parameters of a query, as a client writes them.
fn parse_again(query: &Query) -> Query {
    let text = |number: u64| number.to_string();
    let params = SearchParams {
        search: Some(query.words.clone()).filter(|words| !words.is_empty()),
        tags: query.tags.clone(),
        brand: query.brand.clone(),
        attributes: query.attributes.clone(),
        min_price: query.min_price.map(text),
        max_price: query.max_price.map(text),
        in_stock: query.in_stock.map(|flag| flag.to_string()),
        min_rating: query.min_rating.map(|stars| stars.to_string()),
        sort: None,
    };
    Query { categories: query.categories.clone(), ..Query::parse(params).unwrap() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_offered_value_finds_as_many_products_as_it_says(
        products in prop::collection::vec(product(), 0..20),
        batch in 4usize..12,
        queries in prop::collection::vec(query(), 1..6),
    ) {
        let index = TestIndex::in_batches(&products, batch);
        for params in queries {
            let query = Query::parse(params).unwrap();
            let result = index.search(query.clone());
            if query.words.is_empty() {
                let expected = products.iter().filter(|product| is_found(product, &query)).count();
                prop_assert_eq!(result.total, expected as u64, "{:?}", query);
            }
            for (narrower, count) in offered(&query, &result) {
                let found = index.search(parse_again(&narrower)).total;
                prop_assert_eq!(found, u64::from(count), "{:?} should find what the facet of {:?} says", narrower, query);
            }
        }
    }
}

#[test]
fn filters_look_at_one_variant() {
    let shoe = Document {
        variants: vec![
            variant(&[("size", "40"), ("colour", "red")], 5_000, false),
            variant(&[("size", "41"), ("colour", "blue")], 9_000, true),
        ],
        ..document("Shoe")
    };
    let index = TestIndex::of(&[shoe, document("Mug")]);
    let find = |attributes: &[&str], max_price: Option<u64>, in_stock: Option<bool>| {
        let attributes = attributes.iter().map(|attribute| (*attribute).to_owned()).collect();
        index.search(Query { attributes, max_price, in_stock, ..Query::default() })
    };
    assert_eq!(find(&["size:40"], None, None).total, 1);
    assert_eq!(find(&["size:40"], None, Some(true)).total, 0, "its 40 is sold out");
    assert_eq!(find(&["size:41"], None, Some(true)).total, 1);
    assert_eq!(find(&["size:40"], None, Some(false)).total, 1);
    assert_eq!(find(&[], None, Some(false)).total, 0, "its 41 is in stock");
    assert_eq!(find(&["size:41"], Some(5_000), None).total, 0, "its 41 costs more");
    assert_eq!(find(&["size:40"], Some(5_000), None).total, 1);
    assert_eq!(find(&["size:40", "colour:blue"], None, None).total, 0, "no variant has both");
    let colours = find(&["size:40"], None, None).facets.attributes;
    let colour = colours.iter().find(|attribute| attribute.name == "colour").unwrap();
    assert_eq!(colour.values.iter().map(|value| value.value.as_str()).collect::<Vec<_>>(), ["red"]);
}

#[test]
fn order_by_price_looks_at_the_variants_that_match() {
    let shoe = |name: &str, price_of_40: u64, price_of_41: u64| Document {
        variants: vec![
            variant(&[("size", "40")], price_of_40, true),
            variant(&[("size", "41")], price_of_41, true),
            variant(&[("size", "41")], 100, false),
        ],
        price: 100,
        ..document(name)
    };
    let index = TestIndex::of(&[shoe("A", 3_000, 9_000), shoe("B", 6_000, 5_000)]);
    let first = |attribute: &str, sort: Sort| {
        let attributes = vec![attribute.to_owned()];
        index.search(Query { attributes, in_stock: Some(true), sort, ..Query::default() }).hits[0].product_json.clone()
    };
    assert_eq!((first("size:40", Sort::Price), first("size:41", Sort::Price)), ("A".to_owned(), "B".to_owned()));
    assert_eq!(
        (first("size:40", Sort::PriceDown), first("size:41", Sort::PriceDown)),
        ("B".to_owned(), "A".to_owned())
    );
}

#[test]
fn spaces_around_names_and_values_do_not_count() {
    let of =
        |name: &str, value: &str| Document { attributes: vec![(name.to_owned(), value.to_owned())], ..document("Mug") };
    let index = TestIndex::of(&[of("colour ", "blue"), of("colour", " blue"), of("colour", "blue"), of("colour", " ")]);
    let facets = index.search(Query::default()).facets.attributes;
    let facets: Vec<_> = facets.iter().map(|facet| (facet.name.as_str(), facet.values[0].value.as_str())).collect();
    assert_eq!(facets, [("colour", "blue")]);
    for attribute in ["colour:blue", "colour :blue", "Colour: blue"] {
        assert_eq!(index.search(Query { attributes: vec![attribute.to_owned()], ..Query::default() }).total, 3);
    }
}

#[test]
fn longest_value_and_decimal_number_are_found() {
    let (name, long) = ("n".repeat(64), "é".repeat(500));
    let attributes =
        vec![(name, long), ("weightKg".to_owned(), "4.5".to_owned()), ("min".to_owned(), "1e-7".to_owned())];
    let index = TestIndex::of(&[Document { attributes, ..document("Scale") }, document("Mug")]);
    let facets = index.search(Query::default()).facets.attributes;
    assert_eq!(facets.len(), 3);
    for facet in facets {
        let attribute = format!("{}:{}", facet.name, facet.values[0].value);
        let params = SearchParams { attributes: vec![attribute.clone()], ..SearchParams::default() };
        assert_eq!(index.search(Query::parse(params).unwrap()).total, 1, "{attribute}");
    }
}

#[test]
fn attribute_with_a_colon_in_its_name_is_found() {
    let ratio = Document { attributes: vec![("aspect:ratio".to_owned(), "16:9".to_owned())], ..document("Screen") };
    let index = TestIndex::of(&[ratio, document("Mug")]);
    let facet = &index.search(Query::default()).facets.attributes[0];
    assert_eq!((facet.name.as_str(), facet.values[0].value.as_str()), ("aspect:ratio", "16:9"));
    for attribute in ["aspect:ratio:16:9", "Aspect:Ratio:16:9"] {
        assert_eq!(index.search(Query { attributes: vec![attribute.to_owned()], ..Query::default() }).total, 1);
    }
    assert_eq!(index.search(Query { attributes: vec!["aspect:16:9".to_owned()], ..Query::default() }).total, 0);
}
