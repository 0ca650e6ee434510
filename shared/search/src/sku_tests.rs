//! Searches and suggestions by SKU.

use crate::test_index::{TestIndex, document};
use crate::{Document, MatchLevel, Query};

fn product(name: &str, skus: &[&str]) -> Document {
    Document { skus: skus.iter().map(|sku| (*sku).to_owned()).collect(), ..document(name) }
}

fn rugs() -> TestIndex {
    TestIndex::of(&[
        product("Small rug", &["NOR12345.0707-60"]),
        product("Large rug of 60 by 90, a copy of NOR12345.0707-60", &["NOR12345.0707-90"]),
        product("Shirt", &["TEE", "TEE-M-RED", "TEE-S-BLUE"]),
        product("Clock of 60 minutes", &["CLOCK-60"]),
        product("Team jersey", &["TEAM-1"]),
        product("Tea", &["BOX-7-TEA"]),
    ])
}

#[test]
fn exact_sku_comes_first_in_any_case() {
    let index = rugs();
    for typed in ["NOR12345.0707-60", "nor12345.0707-60", " Nor12345.0707-60 ", "NOR12345-0707-60", "nor12345 0707 60"]
    {
        assert_eq!(index.find(typed)[0], "Small rug", "{typed}");
    }
    assert_eq!(index.find("tee-s-blue"), ["Shirt"], "the SKU of a variant");
    assert_eq!(index.find("tee"), ["Shirt"]);
    assert_eq!(index.find("small rug NOR12345.0707-60"), ["Small rug"]);
}

#[test]
fn sku_with_the_same_separators_comes_before_one_with_others() {
    let skus = ["A-1", "A.1", "a_1", "A1"];
    let index = TestIndex::of(&skus.map(|sku| product(sku, &[sku])));
    for sku in skus {
        assert_eq!(index.find(sku)[0], sku);
    }
}

#[test]
fn sku_is_found_by_its_beginning_and_by_its_parts() {
    let index = rugs();
    for (typed, names) in [
        ("NOR12345", &["Large rug of 60 by 90, a copy of NOR12345.0707-60", "Small rug"][..]),
        ("nor12345.07", &["Large rug of 60 by 90, a copy of NOR12345.0707-60", "Small rug"]),
        ("NOR", &["Large rug of 60 by 90, a copy of NOR12345.0707-60", "Small rug"]),
        ("0707-90", &["Large rug of 60 by 90, a copy of NOR12345.0707-60"]),
        ("red", &["Shirt"]),
        ("tee-m", &["Shirt"]),
        ("clock-60", &["Clock of 60 minutes"]),
    ] {
        let mut found = index.find(typed);
        found.sort_unstable();
        assert_eq!(found, names, "{typed}");
    }
    assert_eq!(index.find("tea"), ["Tea"], "and not the SKU `TEAM-1`");
    let index = TestIndex::of(&[product("Mug", &["SHI-1"]), product("Shirt", &["X"])]);
    assert_eq!(index.find("shi").len(), 2, "a part of a SKU may also be the beginning of a word");
}

#[test]
fn beginning_of_a_sku_of_letters_may_end_within_a_part() {
    let index = TestIndex::of(&[
        product("Tasse", &["MUG-BLUE-01"]),
        product("Bleu", &["X-1"]),
        product("Kanne", &["MUG-RED-01"]),
    ]);
    for typed in ["mug-b", "mug-bl", "MUG-BLU", "mug-blue", "mug_bl"] {
        assert_eq!(index.find(typed), ["Tasse"], "{typed}");
    }
    let known = TestIndex::of(&[product("Tasse", &["MUG-BLUE-01"]), product("Blu mug", &["X-1"])]);
    assert_eq!(known.find("mug-blu").len(), 2, "the cut part is also a word");
}

#[test]
fn beginning_of_a_sku_may_be_a_misspelt_word() {
    let index = TestIndex::of(&[
        product("Gold chain", &["BRACELET-01"]),
        product("Gold bracelet", &["X-1"]),
        product("Mug", &["CUP-7"]),
    ]);
    let mut found = index.find("bracele gold");
    found.sort_unstable();
    assert_eq!(found, ["Gold bracelet", "Gold chain"]);
    assert_eq!(index.find("bracelet-01"), ["Gold chain"]);
}

#[test]
fn label_before_a_sku_is_another_word() {
    let index = TestIndex::of(&[product("Hook", &["NOR12345.0707-60"]), product("Rug of 60", &["NOR12345.0808-60"])]);
    for typed in ["SKU:NOR12345.0707-60", "sku#nor12345.0707-60", "SKU=NOR12345.0707-60", "SKU.:NOR12345.0707-60"] {
        assert_eq!(index.find(typed), ["Hook"], "{typed}");
    }
    assert!(index.find("NOR….0707-60").is_empty());
}

#[test]
fn beginning_that_too_many_skus_share_finds_no_product() {
    let mut products: Vec<Document> =
        (0..=5_000).map(|number| product("Cup", &[&format!("MADE-{number:04}")])).collect();
    products.push(product("Exact", &["MADE"]));
    let index = TestIndex::of(&products);
    let total = |words: &str| index.search(Query { words: words.to_owned(), ..Query::default() }).total;
    assert_eq!((total("made"), total("made-")), (1, 1), "of 5,002 SKUs only the exact one");
    assert_eq!((total("made-1"), total("made-19"), total("made-2000"), total("190")), (1_000, 100, 1, 10));
    assert!(index.index.suggest("mad", 5).unwrap().products.is_empty());
    assert_eq!(index.index.suggest("made", 5).unwrap().products[0].name, "Exact");
    assert_eq!(index.index.suggest("made-19", 5).unwrap().products.len(), 5);
}

#[test]
fn unknown_sku_finds_no_product_by_one_of_its_parts() {
    let index = rugs();
    for typed in ["NOR99999.0707-60", "NOR….0707-60", "XYZ-60", "99999-60", "nor99999 0303 60", "60 0303"] {
        let result = index.search(Query { words: typed.to_owned(), ..Query::default() });
        assert_eq!(result.total, 0, "{typed}");
    }
    let partial = index.search(Query { words: "clock XYZ-60".to_owned(), ..Query::default() });
    assert_eq!((partial.total, partial.match_level), (1, Some(MatchLevel::Partial)), "by the word `clock`");
    assert_eq!(index.find("rug 777").len(), 2, "a word that is no number is a reason");
}

#[test]
fn filters_apply_to_skus() {
    let index = rugs();
    let query = Query { words: "NOR12345.0707-60".to_owned(), max_price: Some(10), ..Query::default() };
    assert_eq!(index.search(query).total, 0);
}

#[test]
fn suggestion_lists_the_product_with_the_typed_sku_first() {
    let index = rugs().index;
    let names = |typed: &str| {
        index.suggest(typed, 5).unwrap().products.into_iter().map(|product| product.name).collect::<Vec<_>>()
    };
    assert_eq!(names("nor12345.0707-60")[0], "Small rug");
    assert_eq!(names("NOR12345.07").len(), 2);
    assert_eq!(names("tee-s"), ["Shirt"]);
    assert_eq!(names("tea")[0], "Tea", "names come before SKUs that begin with the text");
    assert!(names("xyz-1").is_empty());
}
