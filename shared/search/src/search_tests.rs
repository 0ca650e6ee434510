//! Searches in a small shop: words and misspellings, filters, orders, pages, facets, suggestions.

use crate::{Document, Index, MatchLevel, Query, Rating, SearchResult, Sort, Writer};
use tempfile::TempDir;
use values::{Clock, Timestamp};

struct Shop {
    folder: TempDir,
    clock: Clock,
}

impl Shop {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), clock: Clock::fixed(Timestamp::from_millis(1_764_000_000_000)) }
    }

    /// A shop with nine products. The tray is the newest.
    fn with_products() -> Self {
        let shop = Self::new();
        let writer = shop.writer();
        for (name, category, tags, description, price, stars) in [
            ("Indigo Mug", "kitchen", "mug blue", "Holds tea. Café au lait, too.", 1_490, 450),
            ("White Mugs, set of four", "kitchen", "mug white", "Stoneware with a matte glaze.", 3_990, 390),
            ("Walnut Backpack", "accessories", "bag brown", "Leather straps and a zipped pocket.", 12_900, 0),
            ("Canvas Backpack", "accessories", "bag green", "For adventures in the mountains.", 7_900, 480),
            ("Gold Necklace", "jewelry", "gift gold", "A fine chain of gold.", 24_900, 500),
            ("Silver Necklaces", "jewelry", "gift silver", "Two chains, one price.", 18_900, 310),
            ("Women's Running Shoes", "footwear", "shoe sport", "Light and fast.", 8_900, 420),
            ("Oak Dining Table", "furniture", "table wood", "Seats six. Solid oak.", 89_900, 0),
            ("Oak Tray", "kitchen", "tray wood", "For a mug and a book.", 2_490, 0),
        ] {
            writer.put(&shop.product(name, category, tags, description, price, stars)).unwrap();
        }
        writer.commit().unwrap();
        shop
    }

    fn writer(&self) -> Writer {
        Writer::open(self.folder.path()).unwrap()
    }

    fn open(&self) -> Index {
        Index::open(self.folder.path(), "EUR".parse().unwrap()).unwrap()
    }

    fn product(&self, name: &str, category: &str, tags: &str, description: &str, price: u64, stars: u32) -> Document {
        Document {
            id: self.clock.mint(),
            skus: Vec::new(),
            name: name.to_owned(),
            description: description.to_owned(),
            brand: name.starts_with("Oak").then(|| "Forest & Sons".to_owned()),
            category: category.to_owned(),
            tags: tags.split(' ').map(str::to_owned).collect(),
            attributes: vec![("handmade".to_owned(), (price > 8_000).to_string())],
            variants: Vec::new(),
            price,
            rating: Rating { hundredths: stars, count: u32::from(stars > 0) },
            in_stock: !name.contains("Gold"),
            product_json: name.to_owned(),
        }
    }

    fn find(&self, words: &str) -> SearchResult {
        self.search(Query { words: words.to_owned(), ..Query::default() })
    }

    fn search(&self, query: Query) -> SearchResult {
        self.open().find(&Query { limit: 20, ..query }).unwrap()
    }
}

fn names(result: &SearchResult) -> Vec<&str> {
    result.hits.iter().map(|hit| hit.product_json.as_str()).collect()
}

#[test]
fn match_in_the_name_comes_before_one_in_the_description() {
    let result = Shop::with_products().find("mug");
    assert_eq!(names(&result), ["Indigo Mug", "White Mugs, set of four", "Oak Tray"]);
    assert_eq!((result.total, result.match_level), (3, Some(MatchLevel::Exact)));
}

#[test]
fn plurals_accents_and_apostrophes_do_not_matter() {
    let shop = Shop::with_products();
    assert_eq!(names(&shop.find("backpacks")).len(), 2);
    assert_eq!(names(&shop.find("CAFE")), ["Indigo Mug"]);
    assert_eq!(names(&shop.find("womens shoe")), ["Women's Running Shoes"]);
    assert_eq!(names(&shop.find("women’s run")), ["Women's Running Shoes"]);
}

#[test]
fn every_word_must_match() {
    let shop = Shop::with_products();
    assert_eq!(names(&shop.find("oak table")), ["Oak Dining Table"]);
    assert_eq!(names(&shop.find("a table of oak for the mountains")).first(), Some(&"Oak Dining Table"));
    assert_eq!(names(&shop.find("forest tray")), ["Oak Tray"], "the brand and the name");
    assert_eq!(names(&shop.find("handmade necklace")).len(), 2, "an attribute and the name");
}

#[test]
fn one_misspelling_is_corrected_from_four_letters_and_two_from_eight() {
    let shop = Shop::with_products();
    for (typed, name) in [
        ("oakk tabel", "Oak Dining Table"),
        ("necklcae gold", "Gold Necklace"),
        ("bakcpakc canvas", "Canvas Backpack"),
        ("indgo mug", "Indigo Mug"),
        ("mountians", "Canvas Backpack"),
    ] {
        let result = shop.find(typed);
        assert_eq!(names(&result).first(), Some(&name), "{typed}");
    }
    assert!(names(&shop.find("mgu")).is_empty(), "three letters are not corrected");
    assert!(names(&shop.find("tbl")).is_empty());
    assert!(names(&shop.find("teblo")).is_empty(), "five letters with two misspellings are not corrected");
}

#[test]
fn last_word_may_be_a_prefix() {
    let shop = Shop::with_products();
    assert_eq!(names(&shop.find("gold neck")), ["Gold Necklace"]);
    assert_eq!(names(&shop.find("runn")), ["Women's Running Shoes"]);
    assert_eq!(names(&shop.find("stonew")), ["White Mugs, set of four"], "also a word of the description");
}

#[test]
fn products_with_most_of_the_words_are_found_if_none_has_all() {
    let result = Shop::with_products().find("walnut leather backpack unicorn");
    assert_eq!(result.match_level, Some(MatchLevel::Partial));
    assert_eq!(names(&result), ["Walnut Backpack"], "three of four words");
    let result = Shop::with_products().find("silver table");
    assert_eq!(result.total, 2, "one of two words");
}

#[test]
fn at_most_six_words_are_corrected() {
    let shop = Shop::new();
    let writer = shop.writer();
    let right = "walnut leather zipped pocket canvas straps mountain";
    writer.put(&shop.product("Backpack", "accessories", "bag", right, 1_000, 0)).unwrap();
    writer.commit().unwrap();
    let six = shop.find("walnutt leatherr zippedd pockett canvass strapss mountain");
    assert_eq!((six.total, six.match_level), (1, Some(MatchLevel::Exact)));
    let seven = shop.find("walnutt leatherr zippedd pockett canvass strapss mountainn");
    assert_eq!((seven.total, seven.match_level), (1, Some(MatchLevel::Partial)), "found by the six corrected words");
}

#[test]
fn filters_do_not_lead_to_other_words() {
    let shop = Shop::with_products();
    let cheap = Query { words: "oak table".into(), max_price: Some(3_000), ..Query::default() };
    let result = shop.search(cheap);
    assert_eq!((result.total, result.match_level), (0, Some(MatchLevel::Exact)), "the oak table is too expensive");
    assert_eq!(shop.search(Query { words: "mug".into(), tags: vec!["shoe".into()], ..Query::default() }).total, 0);
    let mistyped = Query { words: "oak tabel".into(), min_price: Some(3_000), ..Query::default() };
    assert_eq!(names(&shop.search(mistyped)), ["Oak Dining Table"]);
}

#[test]
fn all_filters_apply() {
    let shop = Shop::with_products();
    let kitchen = || Query { categories: vec!["kitchen".into()], ..Query::default() };
    assert_eq!(shop.search(kitchen()).total, 3);
    assert_eq!(shop.search(Query { tags: vec!["mug".into()], ..kitchen() }).total, 2);
    assert_eq!(shop.search(Query { tags: vec!["mu".into()], ..kitchen() }).total, 0, "tags match exactly");
    assert_eq!(shop.search(Query { words: "mug".into(), tags: vec!["wood".into()], ..kitchen() }).total, 1);
    assert_eq!(
        shop.search(Query { min_price: Some(1_490), max_price: Some(2_490), ..kitchen() }).total,
        2,
        "bounds included"
    );
    assert_eq!(shop.search(Query { brand: Some("Forest & Sons".into()), ..Query::default() }).total, 2);
    let both = vec!["kitchen".to_owned(), "jewelry".to_owned(), "nothing".to_owned()];
    assert_eq!(shop.search(Query { categories: both, ..Query::default() }).total, 5);
    assert_eq!(shop.search(Query { in_stock: Some(false), ..Query::default() }).total, 1);
    assert_eq!(shop.search(Query { in_stock: Some(true), ..Query::default() }).total, 8);
    assert_eq!(shop.search(Query { min_rating: Some(4), ..Query::default() }).total, 4);
    let handmade = vec!["handmade:true".to_owned()];
    assert_eq!(shop.search(Query { attributes: handmade.clone(), ..Query::default() }).total, 5);
    assert_eq!(shop.search(Query { attributes: handmade, words: "necklace".into(), ..Query::default() }).total, 2);
}

#[test]
fn each_order_puts_the_right_product_first() {
    let shop = Shop::with_products();
    let first = |sort, words: &str| {
        let result = shop.search(Query { sort, words: words.into(), ..Query::default() });
        names(&result).first().map(|name| (*name).to_owned()).unwrap()
    };
    assert_eq!(first(Sort::Price, ""), "Indigo Mug");
    assert_eq!(first(Sort::PriceDown, ""), "Oak Dining Table");
    assert_eq!(first(Sort::Newest, ""), "Oak Tray");
    assert_eq!(first(Sort::Relevance, ""), "Oak Tray", "without words the newest");
    assert_eq!(first(Sort::Rating, ""), "Gold Necklace");
    assert_eq!(first(Sort::PriceDown, "mug"), "White Mugs, set of four");
}

#[test]
fn facets_count_the_results() {
    let shop = Shop::with_products();
    let facets = shop.find("mug").facets;
    let count = |counts: &[crate::FacetCount], value: &str| counts.iter().find(|c| c.value == value).map(|c| c.count);
    assert_eq!(facets.category, [crate::FacetCount { value: "kitchen".into(), count: 3 }]);
    assert_eq!(
        (count(&facets.tag, "mug"), count(&facets.tag, "wood"), count(&facets.tag, "gift")),
        (Some(2), Some(1), None)
    );
    assert_eq!(facets.brand, [crate::FacetCount { value: "Forest & Sons".into(), count: 1 }]);
    let bands: Vec<_> = facets.price.iter().map(|band| (band.min_price, band.max_price, band.count)).collect();
    assert_eq!(bands, [(1_000, Some(2_499), 2), (2_500, Some(4_999), 1)]);
    let stars: Vec<_> = facets.rating.iter().map(|stars| (stars.min_rating, stars.count)).collect();
    assert_eq!(stars, [(4, 1), (3, 2), (2, 2), (1, 2)]);
    assert_eq!(facets.attributes[0].name, "handmade");
    assert_eq!(facets.attributes[0].values, [crate::FacetCount { value: "false".into(), count: 3 }]);
    let index = shop.open();
    let everything = Query { limit: 1, ..Query::default() };
    let (first, again) = (index.find(&everything).unwrap(), index.find(&everything).unwrap());
    assert_eq!(first.facets, again.facets);
    assert_eq!(first.facets.category.iter().map(|c| c.count).sum::<u32>(), 9);
}

#[test]
fn changed_product_is_found_by_its_new_text_and_removed_one_is_not_found() {
    let shop = Shop::with_products();
    let tray = shop.find("tray").hits[0].sort_key.product_id();
    let mut changed = shop.product("Oak Board", "kitchen", "board", "For bread.", 2_490, 0);
    changed.id = tray;
    let writer = shop.writer();
    writer.put(&changed).unwrap();
    writer.commit().unwrap();
    assert_eq!(names(&shop.find("oak bread")), ["Oak Board"]);
    assert_eq!(shop.find("tray").total, 0);
    assert_eq!(shop.search(Query::default()).facets.category.iter().map(|c| c.count).sum::<u32>(), 9);
    let writer = shop.writer();
    writer.remove(tray);
    writer.commit().unwrap();
    assert_eq!((shop.find("bread").total, shop.open().documents()), (0, 8));
    shop.writer().commit().unwrap();
    assert_eq!(shop.open().documents(), 8, "an empty commit changes nothing");
}

#[test]
fn suggestions_complete_the_last_word_and_list_products() {
    let index = Shop::with_products().open();
    let texts = |typed: &str| index.suggest(typed, 5).unwrap().texts;
    let products = |typed: &str| {
        let products = index.suggest(typed, 5).unwrap().products;
        products.into_iter().map(|product| product.name).collect::<Vec<_>>()
    };
    assert_eq!(texts("neck").len(), 1, "plural and singular give one suggestion: {:?}", texts("neck"));
    assert_eq!(texts("gold neckl"), ["gold necklace"]);
    assert_eq!(products("gold n"), ["Gold Necklace"]);
    assert_eq!(products("oka t"), Vec::<String>::new());
    assert_eq!(products("tabel"), ["Oak Dining Table"], "a misspelling is corrected");
    assert!(products("mu").contains(&"Indigo Mug".to_owned()));
    assert!(texts("…").is_empty() && products("xyz").is_empty());
    assert_eq!(index.suggest("", 5).unwrap_err().fields[0].code, "text_length");
    assert_eq!(index.suggest(&"x".repeat(10_000), 5).unwrap_err().fields[0].code, "text_length");
    let tray = index.find(&Query { words: "tray".into(), limit: 1, ..Query::default() }).unwrap().hits[0]
        .sort_key
        .product_id();
    assert_eq!(index.suggest("tray", 5).unwrap().products[0].id, tray);
}

#[test]
fn an_empty_index_finds_nothing() {
    let index = Index::empty("EUR".parse().unwrap()).unwrap();
    let result = index.find(&Query { words: "mug".into(), limit: 20, ..Query::default() }).unwrap();
    assert_eq!((result.total, result.hits.len(), result.facets), (0, 0, crate::Facets::default()));
    assert!(index.suggest("mug", 5).unwrap().texts.is_empty());
}

#[test]
fn text_without_a_word_finds_nothing() {
    let index = Shop::with_products().open();
    let find = |words: &str| index.find(&Query { words: words.into(), limit: 20, ..Query::default() }).unwrap();
    assert_eq!(find("").total, 9, "an empty text finds everything");
    for words in ["!!!", "🦄", "…", " ", "\u{301}"] {
        let result = find(words);
        assert_eq!((result.total, result.hits.len(), result.match_level), (0, 0, None), "{words}");
        assert_eq!((result.next, result.facets), (None, crate::Facets::default()), "{words}");
    }
}

#[test]
fn long_words_of_any_script_are_found() {
    let shop = Shop::with_products();
    let writer = shop.writer();
    let name = "手工制作的蓝色陶瓷咖啡杯礼盒装";
    writer.put(&shop.product(name, "kitchen", "cup", "Nothing to say.", 1_000, 0)).unwrap();
    writer.commit().unwrap();
    assert_eq!(names(&shop.find(name)), [name], "{} bytes", name.len());
}

#[test]
fn query_syntax_has_no_meaning() {
    let index = Shop::with_products().open();
    for words in ["\" OR *", "name:mug", "-mug", "mug^99", "((((", "🦄", "%", "a\u{301}", &"mug ".repeat(50)] {
        index.find(&Query { words: words.into(), limit: 20, ..Query::default() }).unwrap();
    }
}
