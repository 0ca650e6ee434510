//! Folds text for search: afterwards letter case, accents, width and other forms of a letter make no difference. Documents
//! and queries are folded alike; otherwise they would not match.
//!
//! The steps: the compatibility decomposition (NFKD, UAX #15), which separates accents from letters and replaces
//! full-width, half-width, superscript and subscript characters; accents and invisible characters are removed; full case
//! folding, which also replaces the final sigma; letters without a decomposition become their base letters (`đ` becomes
//! `d`); composition (NFC) of what remains, such as Korean syllables and voiced kana.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::DecomposingNormalizerBorrowed;
use values::nfc;

/// Returns the folded text.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
    }
    let mut separated = String::with_capacity(text.len());
    text.chars().for_each(|c| push_separated(&mut separated, c));
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(&separated);
    let bare: String = decomposed.chars().filter(|c| !is_accent(*c) && !is_invisible(*c)).collect();
    let lower = CaseMapper::new().fold_string(&bare);
    let mut base = String::with_capacity(lower.len());
    lower.chars().for_each(|c| push_base(&mut base, c));
    Cow::Owned(nfc(&base).into_owned())
}

/// Appends a character as it has to be before the decomposition, which would join it to the word before it, or separate it.
fn push_separated(text: &mut String, c: char) {
    match c {
        '™' | '℠' | '\u{200b}' => text.push(' '),
        // Fractions: `1½` is 1 and 1/2, not 11/2.
        '\u{bc}'..='\u{be}' | '\u{2150}'..='\u{215f}' | '\u{2189}' => text.extend([' ', c]),
        // The acute accent without a letter, which is typed as an apostrophe. Its decomposition begins with a space.
        '´' | '\u{1ffd}' => text.push('\''),
        _ => text.push(c),
    }
}

/// A mark that changes no letter into another one: an accent, a vowel point of Hebrew or Arabic, or a nukta. Vowel signs
/// of Indic scripts and tone marks of Thai are no accents, and neither are the voicing marks of kana.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}' // of all scripts
        | '\u{483}'..='\u{489}' // Cyrillic
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}' // Hebrew
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}' | '\u{8ca}'..='\u{8ff}' // Arabic, with the stretching letter
        | '\u{711}' | '\u{730}'..='\u{74a}' // Syriac
        | '\u{93c}' | '\u{9bc}' | '\u{a3c}' | '\u{abc}' | '\u{b3c}' | '\u{c3c}' | '\u{cbc}' // nuktas
        | '\u{951}'..='\u{954}' // Vedic
    )
}

/// A character that shows nothing: joiners, soft hyphens, direction marks, variation selectors, fillers.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200c}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The zeros of the decimal digits that a keyboard may write. Nine more digits follow each.
const ZEROS: [char; 19] =
    ['٠', '۰', '߀', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '๐', '໐', '༠', '၀', '០', '᠐', '෦'];

/// Appends the base letter of a letter that has no decomposition, or the letter itself. Apostrophes and hyphens also get one
/// form.
fn push_base(text: &mut String, c: char) {
    let base = match c {
        ascii if ascii.is_ascii() => ascii,
        '‘' | '’' | '\u{2b9}' | '\u{5f3}' | '\u{5f4}' => '\'',
        // Letters by Unicode, but they are typed as apostrophes, as in `Hawaiʻi` and `Qurʾān`.
        '\u{2bb}'..='\u{2bf}' => '\'',
        '‐' | '‑' | '‒' | '–' | '−' | '\u{5be}' => '-',
        // Tone marks of Thai and Lao are typed before or after the first half of the vowel `am`.
        '\u{e48}'..='\u{e4b}' if text.ends_with('\u{e4d}') => return text.insert(text.len() - '\u{e4d}'.len_utf8(), c),
        '\u{ec8}'..='\u{ecb}' if text.ends_with('\u{ecd}') => return text.insert(text.len() - '\u{ecd}'.len_utf8(), c),
        'æ' => return text.push_str("ae"),
        'œ' => return text.push_str("oe"),
        'þ' => return text.push_str("th"),
        'ⱥ' => 'a',
        'ƀ' | 'ɓ' | 'ƃ' => 'b',
        'ȼ' | 'ƈ' => 'c',
        'đ' | 'ð' | 'ɖ' | 'ɗ' | 'ƌ' => 'd',
        'ə' | 'ǝ' | 'ɛ' | 'ɇ' => 'e',
        'ƒ' => 'f',
        'ǥ' | 'ɠ' => 'g',
        'ħ' | 'ɦ' | 'ⱨ' => 'h',
        'ı' | 'ɨ' | 'ɩ' => 'i',
        'ȷ' | 'ɉ' => 'j',
        'ƙ' | 'ĸ' | 'ⱪ' | 'ꝁ' => 'k',
        'ł' | 'ƚ' | 'ɫ' | 'ⱡ' => 'l',
        'ŋ' | 'ɲ' | 'ƞ' => 'n',
        'ø' | 'ɔ' | 'ɵ' => 'o',
        'ƥ' | 'ᵽ' => 'p',
        'ɍ' | 'ɽ' => 'r',
        'ȿ' => 's',
        'ŧ' | 'ƭ' | 'ʈ' | 'ⱦ' => 't',
        'ʉ' => 'u',
        'ʋ' => 'v',
        'ƴ' | 'ɏ' => 'y',
        'ƶ' | 'ȥ' | 'ɀ' | 'ⱬ' => 'z',
        'ґ' | 'ғ' | 'ҕ' => 'г',
        'җ' => 'ж',
        'ҙ' => 'з',
        'қ' | 'ҝ' | 'ҡ' => 'к',
        'ң' | 'ҥ' => 'н',
        'ө' => 'о',
        'ҫ' => 'с',
        'ү' | 'ұ' => 'у',
        'ҳ' => 'х',
        'ҷ' | 'ҹ' => 'ч',
        // Keyboards of different languages write these letters of Arabic with different code points.
        'ٱ' => 'ا',
        'ة' | 'ە' | 'ہ' | 'ۃ' => 'ه',
        'ک' | 'ڪ' => 'ك',
        'ی' | 'ى' | 'ے' => 'ي',
        other => ascii_digit(other).unwrap_or(other),
    };
    text.push(base);
}

fn ascii_digit(c: char) -> Option<char> {
    ZEROS.iter().find_map(|zero| {
        let digit = u32::from(c).checked_sub(u32::from(*zero)).filter(|digit| *digit < 10)?;
        char::from_digit(digit, 10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use icu_normalizer::ComposingNormalizerBorrowed;
    use proptest::prelude::*;

    #[test]
    fn accents_are_removed_in_every_notation() {
        for (text, folded) in [
            ("Café CRÈME", "cafe creme"),
            ("cafe\u{301} nin\u{303}o", "cafe nino"),
            ("Phở sữa đường", "pho sua duong"),
            ("Pho\u{31b}\u{309} su\u{31b}\u{303}a", "pho sua"),
            ("nǚ lǜ", "nu lu"),
            ("Łódź Straße Åre smørrebrød Þór", "lodz strasse are smorrebrod thor"),
            ("ÆON Œuvre ĳ İstanbul ısı", "aeon oeuvre ij istanbul isi"),
            ("ἀρχῆς ᾳ ΣΊΣΥΦΟΣ", "αρχησ α σισυφοσ"),
            ("ёлка Україна", "елка украіна"),
            ("שָׁלוֹם", "שלום"),
            ("مُحَمَّد كتاب", "محمد كتاب"),
            ("क़लम", "कलम"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn letters_of_all_widths_and_heights_are_equal() {
        for (text, folded) in [
            ("ＴＥＡ　１２", "tea 12"),
            ("ｶﾞﾗｽ ﾊﾟﾝ", "ガラス パン"),
            ("H₂O m² x⁴", "h2o m2 x4"),
            ("ﬁne ㎏ Ⅳ ①", "fine kg iv 1"),
            ("ﾡﾢ", "\u{1100}\u{1101}"),
            ("٢٥٦ ۲۵۶ २५६ ๒๕๖", "256 256 256 256"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn letters_that_are_no_variants_remain() {
        assert_eq!(fold("ガ が バ"), "ガ が バ", "voiced kana are other syllables than カ, か and ハ");
        assert_eq!(fold("한국"), "한국");
        assert_eq!(fold("हिन्दी"), "हिन्दी", "vowel signs and the virama");
        assert_eq!(fold("น้ำ"), "น\u{e49}\u{e4d}\u{e32}", "tone marks");
        assert_eq!(fold("น\u{e4d}\u{e49}\u{e32}"), fold("น้ำ"), "in either order");
    }

    #[test]
    fn invisible_characters_are_removed_and_signs_do_not_join_words() {
        assert_eq!(fold("co\u{ad}op می\u{200c}خواهم"), "coop ميخواهم");
        assert_eq!(fold("e\u{34f}\u{301}"), "e");
        assert_eq!(fold("Lego™ 1½"), "lego  1 1\u{2044}2");
        assert_eq!(fold("men’s men´s men＇s"), "men's men's men's");
        assert_eq!(fold("Hawaiʻi Qurʾān ʿAbd ʽAbd"), "hawai'i qur'an 'abd 'abd");
        assert_eq!(fold("كــتاب يک"), "كتاب يك");
    }

    #[test]
    fn ascii_text_is_borrowed_if_nothing_changes() {
        assert!(matches!(fold("plain mug"), Cow::Borrowed(_)));
        assert_eq!(fold("Plain MUG"), "plain mug");
    }

    fn any_text() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "a", "E", "ß", "Σ", "ς", "İ", "ı", "ﬃ", "Å", "각", "ᄀ", "ᅡ", "ｶ", "ﾞ", "が", "\u{301}", "\u{323}",
            "\u{345}", "ᾳ", "ở", "đ", "क", "\u{93c}", "\u{94d}", "ี", "้", "ำ", "٣", " ", "\u{3000}", "-", "’", "茶",
        ]);
        prop_oneof![prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat()), "\\PC{0,24}"]
    }

    proptest! {
        #[test]
        fn form_and_case_make_no_difference(text in any_text()) {
            let folded = fold(&text).into_owned();
            let nfc = ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned();
            let nfd = DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
            prop_assert_eq!(&*fold(&nfc), &folded);
            prop_assert_eq!(&*fold(&nfd), &folded);
            prop_assert!(!folded.chars().any(is_accent), "{:?}", folded);
        }

        #[test]
        fn folded_text_stays_as_it_is(text in any_text()) {
            let folded = fold(&text).into_owned();
            prop_assert_eq!(&*fold(&folded), &folded);
        }
    }
}
