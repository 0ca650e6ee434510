//! Joiners: the zero-width joiner (U+200D) and non-joiner (U+200C), and the tag characters of flags. They are invisible, and change how
//! their neighbours are shown.
//!
//! Persian, Hindi, Sinhala and other languages are not written without joiners, and many emoji are sequences with them. Elsewhere a
//! joiner shows nothing, so two names that differ only in it look equal. So a joiner is allowed where it has an effect:
//!
//! - next to a virama, after a letter (RFC 5892, appendix A.1 and A.2; UAX #31, 2.3, contexts A2 and B). RFC 5892 knows only the place
//!   behind the virama; Bengali and Kannada have joiners before it, too (The Unicode Standard, 12.2 and 12.8);
//! - a non-joiner between two letters of a script whose letters join (RFC 5892, appendix A.1; UAX #31, context A1). The letter before it
//!   may be one that never joins its successor, because Persian keyboards write it between any stem and its ending;
//! - a joiner beside a letter that joins in its direction, such as in the Arabic abbreviation of "Hijri year";
//! - a joiner between two emoji (UTS #51, ED-16);
//! - tag characters behind an emoji (UTS #51, ED-14a), as in the flag of Wales.

use icu_properties::props::{ExtendedPictographic, JoiningType};
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::unicode::{combining_class, is_combining_mark};

const NON_JOINER: char = '\u{200C}';
const JOINER: char = '\u{200D}';
/// The canonical combining class of viramas (UAX #44, table 15).
const VIRAMA: u8 = 9;

/// Does the text have a joiner or a tag character that has no effect?
pub(crate) fn has_misplaced_joiner(text: &str) -> bool {
    text.contains(is_conditional) && {
        let characters: Vec<char> = text.chars().collect();
        (0..characters.len()).any(|at| is_misplaced(&characters, at))
    }
}

/// The text without joiners and tag characters that have no effect.
pub(crate) fn without_misplaced_joiners(text: &str) -> String {
    let mut kept: Vec<char> = text.chars().collect();
    // What stands behind a removed one gets other neighbours, so the search begins again.
    while let Some(at) = (0..kept.len()).find(|at| is_misplaced(&kept, *at)) {
        kept.remove(at);
    }
    kept.into_iter().collect()
}

/// Is the character allowed only in some places?
fn is_conditional(c: char) -> bool {
    matches!(c, NON_JOINER | JOINER) || is_tag(c)
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{E0000}'..='\u{E007F}')
}

fn is_misplaced(characters: &[char], at: usize) -> bool {
    let (before, rest) = characters.split_at(at);
    let [character, after @ ..] = rest else { return false };
    match *character {
        NON_JOINER => !is_in_conjunct(before, after) && !separates_letters(before, after),
        JOINER => !is_in_conjunct(before, after) && !joins_letter(before, after) && !is_between_emoji(before, after),
        tag if is_tag(tag) => !ends_with_emoji(before),
        _ => false,
    }
}

fn is_in_conjunct(before: &[char], after: &[char]) -> bool {
    match before {
        [.., letter, last] if is_virama(*last) => is_letter(*letter),
        [.., last] => is_letter(*last) && after.first().is_some_and(|next| is_virama(*next)),
        [] => false,
    }
}

fn is_virama(c: char) -> bool {
    combining_class(c) == VIRAMA
}

/// Can a joiner stand behind it, and then a virama? A letter, or a mark such as a nukta.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() || (is_combining_mark(c) && !is_virama(c))
}

fn joining_type(c: char) -> JoiningType {
    CodePointMapData::<JoiningType>::new().get(c)
}

/// The joining type of the first character that is not transparent.
fn first_joining_type<'a>(characters: impl Iterator<Item = &'a char>) -> JoiningType {
    let mut types = characters.map(|c| joining_type(*c));
    types.find(|joining| *joining != JoiningType::Transparent).unwrap_or(JoiningType::NonJoining)
}

fn separates_letters(before: &[char], after: &[char]) -> bool {
    const LETTERS: [JoiningType; 3] = [JoiningType::DualJoining, JoiningType::LeftJoining, JoiningType::RightJoining];
    let neighbours = [first_joining_type(before.iter().rev()), first_joining_type(after.iter())];
    neighbours.iter().all(|neighbour| LETTERS.contains(neighbour))
}

fn joins_letter(before: &[char], after: &[char]) -> bool {
    const FORWARD: [JoiningType; 2] = [JoiningType::DualJoining, JoiningType::LeftJoining];
    const BACKWARD: [JoiningType; 2] = [JoiningType::DualJoining, JoiningType::RightJoining];
    FORWARD.contains(&first_joining_type(before.iter().rev())) || BACKWARD.contains(&first_joining_type(after.iter()))
}

fn is_between_emoji(before: &[char], after: &[char]) -> bool {
    ends_with_emoji(before) && after.first().is_some_and(|next| is_pictographic(*next))
}

/// Does the text end with an emoji, perhaps with its skin tone, its variation selector, its keycap or its tags?
fn ends_with_emoji(text: &[char]) -> bool {
    let is_part = |c: &&char| is_tag(**c) || matches!(**c, '\u{FE0F}' | '\u{20E3}' | '\u{1F3FB}'..='\u{1F3FF}');
    text.iter().rev().find(|c| !is_part(c)).is_some_and(|base| is_pictographic(*base))
}

fn is_pictographic(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Words and emoji that cannot be written without their joiner.
    const WRITTEN: [&str; 20] = [
        // Persian: "I want", "books", "jobs" (behind a letter that never joins), "self-driving" with a mark.
        "می\u{200c}خواهم",
        "کتاب\u{200c}ها",
        "کار\u{200c}ها",
        "خُود\u{200c}رو",
        // Arabic: "of the Hijri year".
        "1445 ه\u{200d}",
        // Hindi, with and without the conjunct; Marathi; with a nukta.
        "क्\u{200d}ष",
        "क्\u{200c}ष",
        "दर्\u{200d}या",
        "ड़्\u{200d}य",
        // Sinhala: "Sri Lanka".
        "ශ්\u{200d}රී ලංකා",
        // Malayalam: an old chillu, at the end of its word.
        "അവന്\u{200d}",
        // Bengali: "RAM" and Kannada: before the virama.
        "র\u{200d}্যাম",
        "ರ\u{200d}್ಕ",
        // Tamil, Telugu.
        "க்\u{200c}ஷ",
        "బ్యాంక్\u{200c}లు",
        // A family, a technologist with a skin tone, a heart on fire, the rainbow flag, the flag of Wales.
        "👨\u{200d}👩\u{200d}👧\u{200d}👦",
        "👩🏽\u{200d}💻",
        "❤\u{fe0f}\u{200d}🔥",
        "🏳\u{fe0f}\u{200d}🌈",
        "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
    ];

    #[test]
    fn joiner_with_an_effect_is_found() {
        for text in WRITTEN {
            assert!(!has_misplaced_joiner(text), "{text}: {text:?}");
            assert!(!has_misplaced_joiner(&format!("Tee {text} 2")), "{text}: inside a text");
            assert_eq!(without_misplaced_joiners(text), text);
        }
    }

    #[test]
    fn joiner_without_an_effect_is_found_and_removed() {
        for (text, kept) in [
            ("\u{200d}", ""),
            ("mug\u{200d}", "mug"),
            ("a\u{200c}b", "ab"),
            ("a\u{200d}b", "ab"),
            ("Auf\u{200c}lage", "Auflage"),
            ("\u{200c}می", "می"),
            ("کتاب\u{200c}", "کتاب"),
            ("کتاب\u{200c} ها", "کتاب ها"),
            ("می\u{200c}\u{200c}خواهم", "می\u{200c}خواهم"),
            ("5\u{200c}ها", "5ها"),
            ("क\u{200d}ष", "कष"),
            ("क्\u{200d}\u{200d}ष", "क्\u{200d}ष"),
            ("茶\u{200d}碗", "茶碗"),
            ("👨\u{200d}", "👨"),
            ("👨\u{200d} 👩", "👨 👩"),
            ("\u{200d}👩", "👩"),
            ("👨\u{200c}👩", "👨👩"),
            ("1\u{fe0f}\u{20e3}\u{200d}🔥", "1\u{fe0f}\u{20e3}🔥"),
            ("mug\u{e0068}\u{e0069}", "mug"),
            ("\u{e0001}", ""),
        ] {
            assert!(has_misplaced_joiner(text), "{text:?}");
            assert_eq!(without_misplaced_joiners(text), kept, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn text_is_clean_after_the_removal(pieces in prop::collection::vec(prop::sample::select(vec![
            "a", " ", "ب", "د", "\u{64e}", "क", "\u{94d}", "\u{93c}", "👩", "🏽", "\u{fe0f}", "\u{200c}", "\u{200d}", "\u{e0067}",
        ]), 0..12)) {
            let text = pieces.concat();
            let kept = without_misplaced_joiners(&text);
            prop_assert!(!has_misplaced_joiner(&kept), "{text:?}");
            prop_assert_eq!(kept == text, !has_misplaced_joiner(&text));
        }
    }
}
