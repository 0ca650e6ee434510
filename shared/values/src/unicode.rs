//! The one form of texts: the form in which they are stored, and the form in which they are compared.
//!
//! Keyboards and programs write the same text in different ways: `é` is one code point or two. So every text is stored in NFC (UAX #15),
//! and every key is compared by [`comparison_key`].

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use serde::{Deserialize, Deserializer};

/// The text in Normalization Form C (UAX #15). Borrows when nothing changes.
pub fn nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// The text in Normalization Form C, without a copy when nothing changes.
pub fn into_nfc(text: String) -> String {
    match nfc(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(normal) => normal,
    }
}

/// Reads a text of a row in Normalization Form C: `#[serde(deserialize_with = "values::read_in_nfc")]`. Rows of earlier releases have
/// other forms.
pub fn read_in_nfc<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(into_nfc)
}

/// The form in which keys are compared: two texts name the same thing if their keys are equal.
///
/// It is `toNFKC_Casefold(NFD(text))` of the Unicode Standard, 3.13.5 (definition D147, the caseless match of identifiers), which UAX #31
/// recommends for identifiers. So neither of these makes a difference: the normalization form, letter case (by full case folding, so
/// `STRASSE` is `straße`), the width of letters, and characters that are ignorable by default, such as joiners, soft hyphens and
/// variation selectors. In addition, white space around the text is removed, and each run of white space inside becomes one space.
///
/// Accents and scripts do make a difference: `Café` is not `Cafe`. It is empty for a text without visible characters.
pub fn comparison_key(text: &str) -> String {
    let folded = match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => nfkc_casefold(text),
    };
    let mut key = String::with_capacity(folded.len());
    for word in folded.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    key
}

/// Is it a mark that belongs to the character before it, such as an accent or a virama? One that NFC leaves alone: the marks of vowels in
/// Indian scripts count as letters.
pub fn is_combining_mark(c: char) -> bool {
    combining_class(c) != 0
}

/// The canonical combining class (UAX #44, 5.7.4).
pub(crate) fn combining_class(c: char) -> u8 {
    CanonicalCombiningClassMapBorrowed::new().get_u8(c)
}

/// Folds twice, because a compatibility decomposition can contain capital letters (`℡` is `TEL`). The steps are those of definition
/// D146, followed by the removal that makes D147 of it.
fn nfkc_casefold(text: &str) -> String {
    let (cases, ignorable) = (CaseMapper::new(), CodePointSetData::new::<DefaultIgnorableCodePoint>());
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    let folded = cases.fold_string(&decomposed);
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(&folded);
    let folded = cases.fold_string(&decomposed);
    // They go before the last composition, because one of them can stand between a letter and its accent.
    let visible: String = folded.chars().filter(|c| !ignorable.contains(*c)).collect();
    ComposingNormalizerBorrowed::new_nfkc().normalize(&visible).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nfd(text: &str) -> String {
        DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned()
    }

    #[test]
    fn text_in_nfc_is_borrowed() {
        assert!(matches!(nfc("Caf\u{e9} Zo\u{eb} 茶"), Cow::Borrowed(_)));
        assert_eq!(nfc("Cafe\u{301}"), "Caf\u{e9}");
        assert_eq!(into_nfc("\u{1112}\u{1161}\u{11ab}".to_owned()), "한");
    }

    #[test]
    fn spellings_of_one_key_are_equal() {
        for (one, other) in [
            ("Caf\u{e9}", "CAFE\u{301}"),
            ("Tea", " tea "),
            ("Kiln  &\u{a0}Co", "kiln & co"),
            ("Straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("ＴＥＡ", "tea"),
            ("ｶﾞ", "ガ"),
            ("ﬁlter", "FILTER"),
            ("H₂O", "h2o"),
            ("℡", "tel"),
            ("می\u{200c}خواهم", "میخواهم"),
            ("co\u{ad}op", "coop"),
            ("❤\u{fe0f}", "❤"),
            ("e\u{34f}\u{301}", "\u{e9}"),
            ("\u{212b}", "å"),
            ("ệ", "e\u{302}\u{323}"),
            ("\u{1f80}", "ἀι"),
        ] {
            assert_eq!(comparison_key(one), comparison_key(other), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn other_accents_and_scripts_are_other_keys() {
        for (one, other) in
            [("Café", "Cafe"), ("i", "\u{131}"), ("a", "\u{430}"), ("tea pot", "teapot"), ("a-b", "a b")]
        {
            assert_ne!(comparison_key(one), comparison_key(other), "{one:?} and {other:?}");
        }
        assert_eq!(comparison_key("\u{200d}\u{fe0f} \u{3164}"), "", "without visible characters");
    }

    /// All planes that have characters. Between letters, so that marks have a base.
    #[test]
    fn key_of_every_character_is_stable_and_in_nfkc() {
        let normal = ComposingNormalizerBorrowed::new_nfkc();
        for character in ('\0'..='\u{3ffff}').chain('\u{e0000}'..='\u{e0fff}') {
            let key = comparison_key(&format!("a{character}b"));
            assert_eq!(comparison_key(&key), key, "U+{:04X}", u32::from(character));
            assert!(normal.is_normalized(&key), "U+{:04X}", u32::from(character));
        }
    }

    /// Texts of letters that have several forms, with marks in any order.
    fn any_text() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "a", "E", "ß", "Σ", "ς", "İ", "ı", "ﬃ", "Å", "\u{212b}", "각", "ᄀ", "ᅡ", "ｶ", "ﾞ", "が", "\u{301}",
            "\u{323}", "\u{345}", "\u{34f}", "\u{200c}", "\u{200d}", "\u{ad}", "ᾳ", "ὼ", "ǆ", "½", "①", "क", "\u{93c}",
            "\u{94d}", "\u{958}", " ", "\u{3000}",
        ]);
        prop_oneof![prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat()), "\\PC{0,24}"]
    }

    proptest! {
        #[test]
        fn normalization_and_case_make_no_difference(text in any_text()) {
            let key = comparison_key(&text);
            prop_assert_eq!(&comparison_key(&nfc(&text)), &key);
            prop_assert_eq!(&comparison_key(&nfd(&text)), &key);
            // Decomposed first, because the iota below a letter is folded to a letter of its own.
            prop_assert_eq!(&comparison_key(&CaseMapper::new().fold_string(&nfd(&text))), &key);
            prop_assert_eq!(&comparison_key(&format!("  {text}\u{200d} ")), &key);
        }

        #[test]
        fn both_forms_are_stable(text in any_text()) {
            let (key, normal) = (comparison_key(&text), nfc(&text).into_owned());
            prop_assert_eq!(comparison_key(&key), key.clone());
            prop_assert_eq!(nfc(&key), key.as_str());
            prop_assert!(matches!(nfc(&normal), Cow::Borrowed(_)));
        }
    }
}
