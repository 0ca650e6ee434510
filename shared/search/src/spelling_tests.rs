//! Searches for what people type in other spellings and scripts than the product has.

use crate::Document;
use crate::test_index::{TestIndex, document};

/// Products that have the parts of joined words, but not next to each other.
const OTHERS: [&str; 6] = [
    "Water bottle with proof of age",
    "Table for 40 people, series WD",
    "Well made stool for a human being",
    "Scale for 1 person up to 150 kg",
    "Radio with 8 channels, GB plug",
    "Bag",
];

#[test]
fn one_word_and_two_words_find_each_other() {
    for (one, other) in [
        ("WD40", "WD-40"),
        ("WD40", "WD 40"),
        ("wellbeing", "well-being"),
        ("wellbeing", "well being"),
        ("1kg", "1 kg"),
        ("1kg", "1-kg"),
        ("8GB", "8 gb"),
        ("waterproof", "water proof"),
        ("waterproof", "water-proof"),
        ("hifi", "hi-fi"),
        ("tshirt", "T-shirt"),
        ("usa", "U.S.A."),
        ("acdc", "AC/DC"),
        ("allinone", "all-in-one"),
        ("12inch", "12 inches"),
        ("iphone15", "iPhone 15"),
        ("loreal", "L'Oréal"),
        ("plugin", "plug in"),
        ("carryon", "carry on"),
        ("standby", "stand by"),
        ("3in1", "3 in 1"),
        ("Hawaiʻi", "hawaii"),
        ("Hawaiʻi", "hawai'i"),
        ("Hawaiʻian", "hawaiian"),
    ] {
        for (text, typed) in [(one, other), (other, one)] {
            let name = format!("Zebra {text} giraffe");
            let index = TestIndex::of_names(&[&OTHERS[..], &[&name]].concat());
            assert_eq!(index.find(typed).first(), Some(&name), "{typed} should find {text} first");
            assert_eq!(index.find(&format!("zebra {typed}")).first(), Some(&name), "zebra {typed} should find {text}");
        }
    }
}

#[test]
fn query_joins_three_words() {
    let index = TestIndex::of_names(&["Zebra allinone giraffe", "All but one"]);
    assert!(index.find("all in one").contains(&"Zebra allinone giraffe".to_owned()));
}

#[test]
fn both_spellings_are_found_together() {
    let index = TestIndex::of_names(&["Waterproof jacket", "Water proof bag", "Water bottle"]);
    for typed in ["waterproof", "water proof", "water-proof"] {
        let mut found = index.find(typed);
        found.sort_unstable();
        assert_eq!(found, ["Water proof bag", "Waterproof jacket"], "{typed}");
    }
}

#[test]
fn unit_in_a_description_is_found() {
    let mut flour = document("Flour");
    flour.description = "A bag of 1 kg. Keep it dry.".to_owned();
    let index = TestIndex::of(&[flour, document("Scale for 1 to 5 kg")]);
    assert_eq!(index.find("1kg"), ["Flour"]);
    assert_eq!(index.find("flour 1kg"), ["Flour"]);
}

#[test]
fn unknown_word_is_split_if_both_halves_are_known() {
    let mut bag = document("Bag");
    bag.description = "The leather is water and wind proof.".to_owned();
    let index = TestIndex::of(&[bag, document("Water bottle")]);
    assert_eq!(index.find("waterproof"), ["Bag"]);
}

#[test]
fn irregular_plurals_find_their_singular() {
    for (plural, singular) in [("mice", "mouse"), ("geese", "goose"), ("snowmen", "snowman"), ("lenses", "lens")] {
        for (text, typed) in [(plural, singular), (singular, plural)] {
            assert_eq!(TestIndex::of_names(&[text, "other"]).find(typed), [text]);
        }
    }
}

#[test]
fn accents_and_forms_of_letters_do_not_matter() {
    for (name, typed) in [
        ("Phở bò", "pho bo"),
        ("Phở bò", "PHỞ BÒ"),
        ("Sữa tươi", "sua tuoi"),
        ("Đường mía", "duong mia"),
        ("nǚ", "nu"),
        ("ἀρχῆς", "αρχης"),
        ("Σίσυφος", "ΣΙΣΥΦΟΣ"),
        ("Smørrebrød", "smorrebrod"),
        ("Straße", "STRASSE"),
        ("Cre\u{300}me bru\u{302}le\u{301}e", "crème brulee"),
        ("Crème", "cre\u{300}me"),
        ("ＫＥＴＴＬＥ", "kettle"),
        ("Kettle", "ｋｅｔｔｌｅ"),
        ("ガラス", "ｶﾞﾗｽ"),
        ("ｶﾞﾗｽ", "ガラス"),
        ("H₂O", "h2o"),
        ("50 m²", "m2"),
        ("قَهْوَة", "قهوه"),
        ("چای", "چاي"),
        ("שָׁלוֹם", "שלום"),
        ("क़लम", "कलम"),
        ("कलम", "क\u{93c}लम"),
        ("२५० ग्राम", "250"),
        ("Qurʾān", "quran"),
        ("ʿAbd", "abd"),
    ] {
        assert_eq!(TestIndex::of_names(&[name, "other"]).find(typed), [name], "{typed}");
    }
}

#[test]
fn middle_of_a_name_without_spaces_is_found() {
    for (name, typed) in [
        ("手工制作的蓝色陶瓷咖啡杯礼盒装", "陶瓷"),
        ("手工制作的蓝色陶瓷咖啡杯礼盒装", "咖啡杯"),
        ("手工制作的蓝色陶瓷咖啡杯礼盒装", "杯"),
        ("手工制作的蓝色陶瓷咖啡杯礼盒装", "手工制作的蓝色陶瓷咖啡杯礼盒装"),
        ("抹茶ラテの素", "ラテ"),
        ("京都染め風呂敷", "風呂敷"),
        ("핸드드립커피세트", "커피"),
        ("กาแฟคั่วบดดอยช้าง", "ดอยช้าง"),
        ("ขวดน้ำสแตนเลส", "น้ำ"),
        ("苹果iPhone15手机壳", "iphone15"),
        ("苹果iPhone15手机壳", "手机壳 iphone15"),
    ] {
        let index = TestIndex::of_names(&[name, "电子秤", "おもちゃ", "쿠션", "โต๊ะ"]);
        assert_eq!(index.find(typed), [name], "{typed}");
    }
    let index = TestIndex::of_names(&["陶瓷杯", "瓷陶杯"]);
    assert_eq!(index.find("陶瓷")[0], "陶瓷杯", "the order of characters matters");
    assert_eq!(index.find("红色陶瓷杯")[0], "陶瓷杯", "most of the phrase is enough if no product has all of it");
}

#[test]
fn suggestion_completes_a_phrase_without_spaces() {
    let index = TestIndex::of_names(&["抹茶ラテの素", "抹茶粉", "Mug"]).index;
    let suggestions = index.suggest("抹茶ラ", 5).unwrap();
    assert_eq!(suggestions.texts, ["抹茶ラテの素"]);
    let names = |typed: &str| {
        index.suggest(typed, 5).unwrap().products.into_iter().map(|product| product.name).collect::<Vec<_>>()
    };
    assert_eq!(names("茶ラ"), ["抹茶ラテの素"]);
    assert_eq!(names("茶").len(), 2);
}

#[test]
fn suggested_text_is_spelt_as_in_a_name() {
    let index = TestIndex::of_names(&[
        "Чай чёрный",
        "Прапор: Україна",
        "Crème brûlée set",
        "Women’s boots",
        "Phở bò",
        "کتاب\u{200c}های شعر",
        "Well-being tea",
    ])
    .index;
    for (typed, text) in [
        ("ча", "чай"),
        ("Чай че", "чай чёрный"),
        ("ЧАЙ, чё", "чай чёрный"),
        ("украї", "україна"),
        ("creme br", "creme brûlée"),
        ("Crème-br", "creme brûlée"),
        ("set brul", "set brûlée"),
        ("crè", "crème"),
        ("wom", "women’s"),
        ("women's bo", "women's boots"),
        ("pho b", "pho bò"),
        ("کتاب", "کتاب\u{200c}های"),
        ("wellb", "wellbeing"),
        ("boots - wom", "boots women’s"),
    ] {
        assert_eq!(index.suggest(typed, 5).unwrap().texts, [text], "{typed}");
    }
    let tagged = Document { tags: vec!["Чай".to_owned()], ..document("Самовар") };
    assert_eq!(TestIndex::of(&[tagged]).index.suggest("ча", 5).unwrap().texts, ["чаи"], "in no name");
}

#[test]
fn suggestion_finds_finished_words_in_other_forms() {
    let index =
        TestIndex::of_names(&["Mouse toy", "Mug", "Water proof sack", "Rye 1 kg", "WD 40 spray", "Plug in heater"])
            .index;
    for (typed, name) in [
        ("mice", "Mouse toy"),
        ("mugs", "Mug"),
        ("waterproof", "Water proof sack"),
        ("1kg", "Rye 1 kg"),
        ("rye 1kg", "Rye 1 kg"),
        ("wd40", "WD 40 spray"),
        ("plugin", "Plug in heater"),
    ] {
        let products = index.suggest(typed, 5).unwrap().products;
        assert_eq!(products.first().map(|product| product.name.as_str()), Some(name), "{typed}");
    }
}

#[test]
fn suggestion_uses_the_first_pairs_of_a_long_phrase() {
    let name: String = ('一'..='龠').take(17).collect();
    let index = TestIndex::of_names(&[&name]).index;
    assert_eq!(index.suggest(&format!("{name}茶"), 5).unwrap().products.len(), 1);
}

#[test]
fn long_description_without_spaces_is_found_to_its_end() {
    let mut cup = document("Cup");
    cup.description = format!("{}陶瓷", "的".repeat(300));
    assert_eq!(TestIndex::of(&[cup, document("Mug")]).find("陶瓷"), ["Cup"]);
}

#[test]
fn suggestion_finds_joined_words() {
    let index = TestIndex::of_names(&["Waterproof jacket", "Well-being tea", "WD40 spray"]).index;
    for (typed, name) in [
        ("water pr", "Waterproof jacket"),
        ("wellb", "Well-being tea"),
        ("well-b", "Well-being tea"),
        ("wd-4", "WD40 spray"),
    ] {
        assert_eq!(index.suggest(typed, 5).unwrap().products[0].name, name, "{typed}");
    }
}

#[test]
fn words_of_more_than_forty_letters_are_found() {
    let name = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz";
    let index = TestIndex::of_names(&[name, "Mug"]);
    assert_eq!(index.find(name), [name]);
    assert_eq!(index.find("rindfleischetikettierungsuberwachungsaufgabenubertragungsgesetz"), [name]);
    assert_eq!(index.find("Rindfleischetikettierungs"), [name], "unfinished");
    let longer = "x".repeat(300);
    let index = TestIndex::of_names(&[&longer]);
    assert_eq!(index.find(&"x".repeat(200)).len(), 1);
}
