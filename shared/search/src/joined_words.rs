//! Words that some people write as one and others as two: `waterproof` and `water proof`, `wellbeing` and `well-being`, `1 kg`
//! and `1kg`. The index has the joined form of words that stand next to each other, and a query tries the joined form of its
//! own neighbours. So either spelling finds the other.

use crate::fold::fold;
use crate::stop_words::is_stop_word;
use crate::words::{Gap, Run, Writing, runs};

/// In characters. Longer joined words are not written.
const MAX_JOINED_LENGTH: usize = 40;
/// The words that a query may join.
const MAX_JOINED: usize = 3;
/// In characters. Abbreviations of units are not longer.
const MAX_UNIT_LENGTH: usize = 3;
/// Longer names of units, without a plural `s`.
const UNITS: [&str; 16] = [
    "count", "foot", "feet", "gallon", "gram", "inch", "inche", "liter", "litre", "meter", "metre", "ounce", "pack",
    "piece", "pound", "watt",
];
/// Stop words that end a joined word, as in `plugin`, `carryon`, `standby` and `leanto`.
const ENDINGS: [&str; 4] = ["by", "in", "on", "to"];

/// The texts of a product differ in how their neighbours are joined. Joining all words of descriptions would double the
/// index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextKind {
    /// A name, a brand, a tag, a category or an attribute: all neighbours.
    Label,
    /// A description: words around a hyphen or another joiner, and numbers with their unit or the word before them.
    Prose,
    /// Words around a hyphen or another joiner alone.
    Hyphenated,
}

/// Returns the joined words of a text, folded.
pub(crate) fn joined_words(text: &str, kind: TextKind) -> Vec<String> {
    let runs = runs(&fold(text));
    let mut joined: Vec<String> = runs.windows(2).filter_map(|two| join_two(&two[0], &two[1], kind)).collect();
    joined.extend(groups(&runs).filter(|group| group.len() > 2).filter_map(join));
    if kind == TextKind::Label {
        joined.extend(runs.windows(3).filter(|three| is_number_in_number(three)).filter_map(join));
    }
    joined.sort_unstable();
    joined.dedup();
    joined
}

/// Returns the joined words that the word at a position of a query may be a part of: with its neighbours, and with all
/// words that joiners connect with it.
pub(crate) fn joined_with_neighbours(runs: &[Run], at: usize) -> Vec<String> {
    let mut joined = Vec::new();
    for length in 2..=MAX_JOINED {
        let starts = (at + 1).saturating_sub(length)..=at;
        let windows = starts.filter_map(|start| runs.get(start..start + length));
        joined.extend(windows.filter(|window| window[1..].iter().all(|run| run.gap != Gap::Break)).filter_map(join));
    }
    let start = (0..=at).rev().find(|start| runs[*start].gap != Gap::Joiner).unwrap_or(0);
    let end = (at + 1..runs.len()).find(|end| runs[*end].gap != Gap::Joiner).unwrap_or(runs.len());
    if end - start > MAX_JOINED {
        joined.extend(join(&runs[start..end]));
    }
    joined
}

/// The runs that joiners connect.
fn groups(runs: &[Run]) -> impl Iterator<Item = &[Run]> {
    runs.chunk_by(|_, next| next.gap == Gap::Joiner)
}

/// `3 in 1`, which is also written `3in1`.
fn is_number_in_number(runs: &[Run]) -> bool {
    matches!(runs, [one, middle, other] if one.is_number() && middle.text == "in" && other.is_number()
        && [middle, other].iter().all(|run| run.gap == Gap::Space))
}

fn join_two(one: &Run, two: &Run, kind: TextKind) -> Option<String> {
    let is_joined = match (two.gap, kind) {
        (Gap::Joiner, _) => true,
        (Gap::Space, TextKind::Label) => {
            !is_stop_word(&one.text) && (!is_stop_word(&two.text) || ENDINGS.contains(&two.text.as_str()))
        }
        (Gap::Space, TextKind::Prose) => {
            one.is_number() && is_unit(&two.text) || two.is_number() && !is_stop_word(&one.text)
        }
        _ => false,
    };
    is_joined.then(|| join(&[one.clone(), two.clone()])).flatten()
}

/// Joins words. Two numbers are not joined: 1.5 is not 15.
fn join(runs: &[Run]) -> Option<String> {
    let are_words = runs.iter().all(|run| run.writing == Writing::Spaced);
    let is_split = runs.windows(2).any(|two| two[0].is_number() && two[1].is_number());
    let joined: String = runs.iter().map(|run| run.text.as_str()).collect();
    (are_words && !is_split && joined.chars().count() <= MAX_JOINED_LENGTH).then_some(joined)
}

fn is_unit(word: &str) -> bool {
    word.chars().count() <= MAX_UNIT_LENGTH || UNITS.contains(&word.strip_suffix('s').unwrap_or(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_joins_all_neighbours() {
        let joined = |text: &str| joined_words(text, TextKind::Label);
        assert_eq!(joined("Water proof bag"), ["proofbag", "waterproof"]);
        assert_eq!(joined("WD-40 spray"), ["40spray", "wd40"]);
        assert_eq!(joined("Set of four, blue"), Vec::<String>::new(), "no stop words, and not across a comma");
        assert_eq!(joined("Plug in heater"), ["plugin"], "but a stop word begins no joined word");
        assert_eq!(joined("Set of 3 in 1"), ["3in", "3in1"]);
        assert!(joined("3, in 1 a").iter().all(|word| word != "3in1"));
        assert_eq!(joined("all-in-one"), ["allin", "allinone", "inone"]);
        assert_eq!(joined("1.5 kg 16 9"), ["5kg", "kg16"], "two numbers are not joined");
        assert!(joined("抹茶 ラテ").is_empty());
        assert!(joined(&format!("{} b", "x".repeat(40))).is_empty());
    }

    #[test]
    fn prose_joins_pieces_and_units() {
        let joined = |text: &str| joined_words(text, TextKind::Prose);
        assert_eq!(joined("A well-being tea of 1 kg, 12 inches and 8 GB"), ["12inches", "1kg", "8gb", "wellbeing"]);
        assert_eq!(joined("For the Model 3 wagon"), ["model3"]);
        assert!(joined("water proof bag, for 4 people").is_empty());
    }

    #[test]
    fn query_joins_up_to_three_neighbours_and_a_whole_piece() {
        let joined = |text: &str, at| joined_with_neighbours(&runs(&fold(text)), at);
        assert_eq!(joined("water proof bag", 1), ["waterproof", "proofbag", "waterproofbag"]);
        assert_eq!(joined("mug", 0), Vec::<String>::new());
        assert_eq!(joined("a state-of-the-art mug", 1).last().unwrap(), "stateoftheart");
        assert_eq!(joined("8 gb", 0), ["8gb"]);
        assert!(joined("water, proof", 0).is_empty());
        assert_eq!(joined("1 2", 0), Vec::<String>::new());
    }
}
