//! Every engine finds what it is asked for: else there would be nothing to compare.

use std::path::PathBuf;

use catalog::Listing;

use crate::search::engine::Kind;
use crate::search::listing::listing;
use crate::search::product::Product;
use crate::search::request::Request;

struct Found(Kind, &'static str);

impl Found {
    fn folder(&self) -> PathBuf {
        std::env::temp_dir().join(format!("souk-bench-{}-{}-{}", std::process::id(), self.0.name(), self.1))
    }

    /// SKUs of what is found, in one index for each test.
    fn by(&self, request: Request) -> Vec<String> {
        self.0.open(&self.folder()).unwrap().search(&request).unwrap().skus().unwrap()
    }

    fn by_words(&self, words: &str) -> Vec<String> {
        self.by(Request { words: words.to_owned(), ..Request::default() })
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.folder());
    }
}

/// An index of three products.
fn shop(kind: Kind, test: &'static str) -> Found {
    let product = |sku: &str, name: &str, description: &str, price| Product {
        sku: sku.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        category: "ceramics".to_owned(),
        price,
        available: 1,
        ..Product::default()
    };
    let products = [
        product("a", "Indigo Mugs", "Holds tea.", 100),
        product("b", "Teapot", "For a mug of it.", 200),
        product("c", "Plate", "For cake.", 300),
    ];
    let listings: Vec<Listing> =
        products.iter().enumerate().map(|(place, product)| listing(place, product).unwrap()).collect();
    let shop = Found(kind, test);
    std::fs::create_dir_all(shop.folder()).unwrap();
    kind.write(&shop.folder(), &listings).unwrap();
    shop
}

#[test]
fn every_engine_finds_stems_and_weighs_names_more() {
    for kind in Kind::ALL {
        let shop = shop(kind, "stems");
        assert_eq!(shop.by_words("mug"), ["a", "b"], "{kind:?}");
        assert_eq!(shop.by_words("indigo mug"), ["a"], "{kind:?}");
        assert!(kind.open(&shop.folder()).unwrap().suggest("ind").unwrap() > 0, "{kind:?}");
    }
}

#[test]
fn every_engine_asks_for_less_when_it_finds_nothing() {
    for kind in Kind::ALL {
        let shop = shop(kind, "less");
        assert_eq!(shop.by_words("indi"), ["a"], "{kind:?}");
        assert_eq!(shop.by_words("yellowish teapot"), ["b"], "{kind:?}");
    }
}

#[test]
fn every_engine_filters_and_shows_the_newest_first_without_words() {
    for kind in Kind::ALL {
        let shop = shop(kind, "filters");
        assert_eq!(shop.by(Request::default()), ["c", "b", "a"], "{kind:?}");
        let cheap = Request { price: Some((0, 250)), in_stock: true, ..Request::default() };
        assert_eq!(shop.by(cheap), ["b", "a"], "{kind:?}");
        assert!(shop.by(Request { category: Some("tea".to_owned()), ..Request::default() }).is_empty(), "{kind:?}");
        assert!(shop.by(Request { tag: Some("tea".to_owned()), ..Request::default() }).is_empty(), "{kind:?}");
    }
}

#[test]
fn ours_forgives_a_slip_and_sqlite_does_with_trigrams() {
    for (kind, found) in
        [(Kind::Souk, vec!["b"]), (Kind::SoukUpdated, vec!["b"]), (Kind::Fts5, vec![]), (Kind::Fts5Trigrams, vec!["b"])]
    {
        assert_eq!(shop(kind, "slips").by_words("teepot"), found, "{kind:?}");
    }
}
