//! Splits folded text into words. A word is a run of letters and digits. Chinese, Japanese, Thai and their like are
//! written without spaces between words, so there a run is a phrase; it is searched by its characters and by each two
//! neighbours of them.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

/// In characters, as many as a query may have. Further letters of a longer word are ignored. A run without spaces has no limit:
/// it may be a whole description.
const MAX_WORD_LENGTH: usize = 200;
/// After an apostrophe, an ending of so many letters belongs to the word (`men's`, `they're`); a longer one is a word of
/// its own (`l'oreal`).
const MAX_ENDING: usize = 2;

/// What stands between a word and the word before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    /// Nothing: the kind of writing changes.
    None,
    /// A hyphen, an apostrophe or another character that joins two words into one.
    Joiner,
    /// Other characters, but no space.
    Punctuation,
    /// Space alone.
    Space,
    /// Space with other characters, a sign between a label and its value, or the start of the text.
    Break,
}

/// How a run of characters is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// With spaces between words: the run is a word.
    Spaced,
    /// Without spaces, or with spaces only between phrases: the run may have several words.
    Unspaced,
}

/// A run of letters and digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) writing: Writing,
    pub(crate) gap: Gap,
}

impl Run {
    pub(crate) fn is_number(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_digit())
    }

    pub(crate) fn has_digit(&self) -> bool {
        has_digit(&self.text)
    }

    /// Is the run a part of the same piece of text as the run before it, with no space between?
    pub(crate) fn is_attached(&self) -> bool {
        matches!(self.gap, Gap::None | Gap::Joiner | Gap::Punctuation)
    }
}

pub(crate) fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Returns the runs of a folded text.
pub(crate) fn runs(folded: &str) -> Vec<Run> {
    let mut splitter = Splitter { runs: Vec::new(), text: String::new(), length: 0, writing: None, gap: Gap::Break };
    for (at, c) in folded.char_indices() {
        let rest = &folded[at + c.len_utf8()..];
        match writing(c) {
            Some(writing) => splitter.add(c, writing),
            None if is_mark(c) => splitter.add_mark(c),
            None if is_apostrophe(c) && has_ending(rest) && !splitter.text.is_empty() => {}
            None => splitter.separate(c, rest),
        }
    }
    splitter.end_run();
    splitter.runs
}

/// Returns the characters of a run, each with its marks.
pub(crate) fn characters(run: &str) -> Vec<&str> {
    let starts: Vec<usize> = run.char_indices().filter(|(_, c)| writing(*c).is_some()).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([run.len()]);
    starts.iter().zip(ends).map(|(start, end)| &run[*start..end]).collect()
}

/// Returns each two neighbouring characters of a run; the only character of a short run.
pub(crate) fn pairs(run: &str) -> Vec<String> {
    match characters(run).as_slice() {
        [single] => vec![(*single).to_owned()],
        several => several.windows(2).map(<[&str]>::concat).collect(),
    }
}

struct Splitter {
    runs: Vec<Run>,
    /// The current run. Empty between runs.
    text: String,
    /// In characters.
    length: usize,
    writing: Option<Writing>,
    /// What stands between the run before and the next one.
    gap: Gap,
}

impl Splitter {
    fn add(&mut self, c: char, writing: Writing) {
        if self.writing.is_some_and(|current| current != writing) {
            self.end_run();
        }
        self.writing = Some(writing);
        self.length += 1;
        self.push(c);
    }

    /// A mark without a letter before it shows nothing.
    fn add_mark(&mut self, mark: char) {
        if self.writing.is_some() {
            self.push(mark);
        }
    }

    fn push(&mut self, c: char) {
        if self.length <= MAX_WORD_LENGTH || self.writing == Some(Writing::Unspaced) {
            self.text.push(c);
        }
    }

    fn separate(&mut self, c: char, rest: &str) {
        if self.writing.is_some() {
            let joins = is_joiner(c) && rest.chars().next().is_some_and(|next| writing(next).is_some());
            self.end_run();
            self.gap = match c.is_whitespace() {
                true => Gap::Space,
                false if joins => Gap::Joiner,
                false if ends_label(c) => Gap::Break,
                false => Gap::Punctuation,
            };
            return;
        }
        self.gap = match (self.gap, c.is_whitespace()) {
            _ if ends_label(c) => Gap::Break,
            (Gap::Space, true) => Gap::Space,
            (Gap::Punctuation | Gap::Joiner | Gap::None, false) => Gap::Punctuation,
            _ => Gap::Break,
        };
    }

    fn end_run(&mut self) {
        if let Some(writing) = self.writing.take() {
            self.runs.push(Run { text: std::mem::take(&mut self.text), writing, gap: self.gap });
            (self.length, self.gap) = (0, Gap::None);
        }
    }
}

/// How a character is written; `None` if it does not begin or continue a word by itself.
fn writing(c: char) -> Option<Writing> {
    match c {
        _ if c.is_ascii() => c.is_ascii_alphanumeric().then_some(Writing::Spaced),
        _ if is_mark(c) || !c.is_alphanumeric() => None,
        _ if is_unspaced(c) => Some(Writing::Unspaced),
        _ => Some(Writing::Spaced),
    }
}

/// Scripts without spaces between words. Korean has spaces, but writes compounds and endings without them.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e01}'..='\u{e4e}' // Thai
        | '\u{e81}'..='\u{edf}' // Lao
        | '\u{1000}'..='\u{109f}' // Burmese
        | '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97c}' | '\u{ac00}'..='\u{d7fb}' // Korean
        | '\u{1780}'..='\u{17dd}' // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}' // Chinese characters
        | '\u{3041}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}' // kana and bopomofo
    )
}

pub(crate) fn is_mark(c: char) -> bool {
    !c.is_ascii() && GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`')
}

/// Joins two words if it stands between them without spaces, as in `well-being`, `T.shirt` or `AC/DC`.
fn is_joiner(c: char) -> bool {
    is_apostrophe(c) || matches!(c, '-' | '.' | '_' | '/' | '&' | '+' | '·')
}

/// Stands between a label and its value, as in `SKU:NOR-60` or `no#7`.
fn ends_label(c: char) -> bool {
    matches!(c, ':' | '#' | '=')
}

/// Does the text begin with an ending of one or two letters?
fn has_ending(rest: &str) -> bool {
    let letters = rest.chars().take_while(|c| writing(*c).is_some()).take(MAX_ENDING + 1).count();
    rest.starts_with(char::is_alphabetic) && letters <= MAX_ENDING
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    fn split(text: &str) -> Vec<String> {
        runs(&fold(text)).into_iter().map(|run| run.text).collect()
    }

    #[test]
    fn words_are_letters_and_digits() {
        assert_eq!(split("Solid-Oak Table, 350ml"), ["solid", "oak", "table", "350ml"]);
        assert_eq!(split("men's and women’s 'boots'"), ["mens", "and", "womens", "boots"]);
        assert_eq!(split("L'Oréal O'Neill rock'n'roll"), ["l", "oreal", "o", "neill", "rockn", "roll"]);
        assert_eq!(split("Hawaiʻi Hawai'i Qurʾān ʿAbd"), ["hawaii", "hawaii", "quran", "abd"]);
        assert_eq!(split("5'10"), ["5", "10"]);
        assert!(split(" \u{0}\t–…").is_empty());
        assert!(split("\u{301}").is_empty() && split("\u{94d}").is_empty(), "a mark alone is no word");
    }

    #[test]
    fn long_word_is_cut_and_not_dropped() {
        assert_eq!(split(&format!("{} mug", "x".repeat(300))), ["x".repeat(200), "mug".to_owned()]);
        assert_eq!(split("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz").len(), 1);
        assert_eq!(split(&format!("{}น้ำ", "茶".repeat(300)))[0].chars().count(), 304, "a run without spaces");
    }

    #[test]
    fn words_of_other_scripts_keep_their_marks() {
        assert_eq!(split("हिन्दी की किताब"), ["हिन्दी", "की", "किताब"]);
        assert_eq!(split("ἀρχῆς шоколад كتاب"), ["αρχησ", "шоколад", "كتاب"]);
        assert_eq!(split("iPhone15手机壳"), ["iphone15", "手机壳"], "the kind of writing changes");
    }

    #[test]
    fn run_knows_what_stands_before_it() {
        let gaps = |text: &str| runs(&fold(text)).into_iter().map(|run| run.gap).collect::<Vec<_>>();
        assert_eq!(gaps("well-being a, b c"), [Gap::Break, Gap::Joiner, Gap::Space, Gap::Break, Gap::Space]);
        assert_eq!(
            gaps("nor….0707--60 茶tea"),
            [Gap::Break, Gap::Punctuation, Gap::Punctuation, Gap::Space, Gap::None]
        );
        assert_eq!(gaps("a - b"), [Gap::Break, Gap::Break]);
        assert_eq!(gaps("a:b a#b a=b a.:b a：b")[1..], [[Gap::Break, Gap::Space]; 5].concat()[..9]);
        assert_eq!(gaps("l'eau it's"), [Gap::Break, Gap::Joiner, Gap::Space]);
    }

    #[test]
    fn run_without_spaces_has_pairs_of_characters() {
        assert_eq!(pairs("抹茶ラテ"), ["抹茶", "茶ラ", "ラテ"]);
        assert_eq!(pairs("茶"), ["茶"]);
        assert_eq!(characters("น้ำชา"), ["น\u{e49}", "\u{e33}", "ช", "\u{e32}"]);
        assert_eq!(pairs(&fold("ｶﾞﾗｽ")), ["ガラ", "ラス"]);
    }
}
