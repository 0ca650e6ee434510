//! Checks that every engine finds what it should; otherwise the comparison would be worthless.

use std::path::PathBuf;

use catalog::Listing;

use crate::search::engine_kind::EngineKind;
use crate::search::listings::listing;
use crate::search::product::Product;
use crate::search::request::Request;

struct TestIndex(EngineKind, &'static str);

impl TestIndex {
    fn folder(&self) -> PathBuf {
        std::env::temp_dir().join(format!("souk-bench-{}-{}-{}", std::process::id(), self.0.name(), self.1))
    }

    /// Returns the SKUs of the results. Each test has its own index.
    fn search(&self, request: Request) -> Vec<String> {
        self.0.open(&self.folder()).unwrap().search(&request).unwrap().skus().unwrap()
    }

    fn search_words(&self, words: &str) -> Vec<String> {
        self.search(Request { words: words.to_owned(), ..Request::default() })
    }
}

impl Drop for TestIndex {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.folder());
    }
}

/// An index with three products.
fn shop(kind: EngineKind, test: &'static str) -> TestIndex {
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
        products.iter().enumerate().map(|(position, product)| listing(position, product).unwrap()).collect();
    let shop = TestIndex(kind, test);
    std::fs::create_dir_all(shop.folder()).unwrap();
    kind.write(&shop.folder(), &listings).unwrap();
    shop
}

#[test]
fn every_engine_finds_stems_and_prefers_names() {
    for kind in EngineKind::ALL {
        let shop = shop(kind, "stems");
        assert_eq!(shop.search_words("mug"), ["a", "b"], "{kind:?}");
        assert_eq!(shop.search_words("indigo mug"), ["a"], "{kind:?}");
        assert!(kind.open(&shop.folder()).unwrap().suggest("ind").unwrap() > 0, "{kind:?}");
    }
}

#[test]
fn every_engine_falls_back_to_fewer_words() {
    for kind in EngineKind::ALL {
        let shop = shop(kind, "less");
        assert_eq!(shop.search_words("indi"), ["a"], "{kind:?}");
        assert_eq!(shop.search_words("yellowish teapot"), ["b"], "{kind:?}");
    }
}

#[test]
fn every_engine_filters_and_sorts_by_age_without_words() {
    for kind in EngineKind::ALL {
        let shop = shop(kind, "filters");
        assert_eq!(shop.search(Request::default()), ["c", "b", "a"], "{kind:?}");
        let cheap = Request { price: Some((0, 250)), in_stock: true, ..Request::default() };
        assert_eq!(shop.search(cheap), ["b", "a"], "{kind:?}");
        assert!(shop.search(Request { category: Some("tea".to_owned()), ..Request::default() }).is_empty(), "{kind:?}");
        assert!(shop.search(Request { tag: Some("tea".to_owned()), ..Request::default() }).is_empty(), "{kind:?}");
    }
}

#[test]
fn souk_and_trigrams_correct_a_misspelling() {
    for (kind, found) in [
        (EngineKind::Souk, vec!["b"]),
        (EngineKind::SoukUpdated, vec!["b"]),
        (EngineKind::Fts5, vec![]),
        (EngineKind::Fts5Trigrams, vec!["b"]),
    ] {
        assert_eq!(shop(kind, "slips").search_words("teepot"), found, "{kind:?}");
    }
}
