//! Splits text into words: lower case, without accents, and English stems. Documents and queries follow the same rules;
//! otherwise they would not match.

use std::iter::Peekable;
use std::mem;
use std::str::Chars;

use frostem::{Algorithm, Stemmer};
use tantivy::tokenizer::{
    AsciiFoldingFilter, LowerCaser, TextAnalyzer, Token, TokenFilter, TokenStream, Tokenizer, TokenizerManager,
};

/// In characters. Longer runs of letters are ignored.
const MAX_WORD_LENGTH: usize = 40;

/// The names of the two tokenizers in the schema.
pub(crate) const WORDS: &str = "words";
pub(crate) const STEMS: &str = "stems";

/// Stop words. A query drops them, unless it has no other words.
const STOP_WORDS: [&str; 30] = [
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "for", "from", "i", "in", "is", "it", "its", "me", "my",
    "of", "on", "or", "our", "some", "that", "the", "this", "to", "under", "with", "your",
];

/// Returns the words of a text in order. A word consists of letters and digits. An apostrophe within a word is dropped
/// (`men's` becomes `mens`).
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut tokenizer = LowerCaser.transform(AsciiFoldingFilter.transform(WordSplitter));
    let mut tokens = tokenizer.token_stream(text);
    let mut words = Vec::new();
    while tokens.advance() {
        words.push(mem::take(&mut tokens.token_mut().text));
    }
    words
}

/// Returns the words of a query: each once, up to `max_words`, without stop words.
pub(crate) fn query_words(text: &str, max_words: usize) -> Vec<String> {
    let all: Vec<String> = words(text).into_iter().fold(Vec::new(), |mut unique, word| {
        if !unique.contains(&word) {
            unique.push(word);
        }
        unique
    });
    let content_words: Vec<String> = all.iter().filter(|word| !STOP_WORDS.contains(&word.as_str())).cloned().collect();
    let mut result = if content_words.is_empty() { all } else { content_words };
    result.truncate(max_words);
    result
}

/// Irregular plurals.
const IRREGULAR: [(&str, &str); 7] = [
    ("men", "man"),
    ("women", "woman"),
    ("children", "child"),
    ("feet", "foot"),
    ("teeth", "tooth"),
    ("geese", "goose"),
    ("mice", "mouse"),
];

/// Returns the English stem of a word, so that `mugs` finds `mug`. It uses Porter 2 of Snowball and adds irregular
/// plurals. A final `f` becomes `v`, so that `knife` and `knives`, `scarf` and `scarves` have one stem.
pub(crate) fn stem(word: &str) -> String {
    let mut stem = Stemmer::new(Algorithm::English).stem(word).into_owned();
    if let Some((_, singular)) = IRREGULAR.iter().find(|(plural, _)| *plural == stem) {
        return (*singular).to_owned();
    }
    if stem.ends_with("fe") || stem.ends_with("ve") {
        stem.pop();
    }
    if stem.len() > 2 && stem.ends_with('f') && !stem.ends_with("ff") {
        stem.pop();
        stem.push('v');
    }
    stem
}

/// Returns the tokenizers that the schema names.
pub(crate) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(WORDS, TextAnalyzer::from(WordTokenizer { is_stemming: false }));
    manager.register(STEMS, TextAnalyzer::from(WordTokenizer { is_stemming: true }));
    manager
}

/// Splits a text into words, as [`words`] does, and stems them if asked to.
#[derive(Clone)]
struct WordTokenizer {
    is_stemming: bool,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        WordStream { words: words(text).into_iter(), is_stemming: self.is_stemming, token: Token::default() }
    }
}

struct WordStream {
    words: std::vec::IntoIter<String>,
    is_stemming: bool,
    token: Token,
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text = if self.is_stemming { stem(&word) } else { word };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// Splits a text at everything but letters and digits. The words keep their case and accents.
#[derive(Clone)]
struct WordSplitter;

impl Tokenizer for WordSplitter {
    type TokenStream<'a> = SplitStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SplitStream<'a> {
        SplitStream { letters: text.chars().peekable(), token: Token::default() }
    }
}

struct SplitStream<'a> {
    letters: Peekable<Chars<'a>>,
    token: Token,
}

impl SplitStream<'_> {
    /// Moves the next word into the token; the token is empty at the end of the text.
    fn next_word(&mut self) {
        self.token.text.clear();
        while let Some(letter) = self.letters.next() {
            if is_accent(letter) {
                continue;
            }
            if letter.is_alphanumeric() {
                self.token.text.push(letter);
                continue;
            }
            let joins = matches!(letter, '\'' | '’') && self.letters.peek().is_some_and(|next| next.is_alphanumeric());
            if !self.token.text.is_empty() && !joins {
                return;
            }
        }
    }
}

impl TokenStream for SplitStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            self.next_word();
            if self.token.text.is_empty() {
                return false;
            }
            if self.token.text.chars().count() <= MAX_WORD_LENGTH {
                return true;
            }
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// A combining diacritical mark of Unicode: an accent that follows its letter.
fn is_accent(mark: char) -> bool {
    matches!(mark, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        words(text)
    }

    #[test]
    fn words_are_lower_case_letters_and_digits() {
        assert_eq!(split("Solid-Oak Table, 350ml"), ["solid", "oak", "table", "350ml"]);
        assert_eq!(split("men's and women’s 'boots'"), ["mens", "and", "womens", "boots"]);
        assert!(split(" \u{0}\t–…").is_empty());
        assert_eq!(split(&format!("{} mug", "x".repeat(41))), ["mug"], "a run that is too long is ignored");
        assert_eq!(split(&"x".repeat(40)).len(), 1);
        assert_eq!(split(&"茶".repeat(40)).len(), 1, "forty characters in any script");
        assert!(split(&"茶".repeat(41)).is_empty());
    }

    #[test]
    fn accents_are_removed_in_every_notation() {
        assert_eq!(split("Café CRÈME Łódź Straße ÆON"), ["cafe", "creme", "lodz", "strasse", "aeon"]);
        assert_eq!(split("cafe\u{301} nin\u{303}o"), ["cafe", "nino"]);
        assert_eq!(split("Phở Việt"), ["pho", "viet"]);
        assert_eq!(split("日本 茶"), ["日本", "茶"]);
    }

    #[test]
    fn query_words_are_unique_and_without_stop_words() {
        assert_eq!(query_words("a mug for the mug", 16), ["mug"]);
        assert_eq!(query_words("the who", 16), ["who"]);
        assert_eq!(query_words("for the", 16), ["for", "the"], "unless there are only stop words");
        assert_eq!(query_words("a b c d e", 2).len(), 2);
    }

    #[test]
    fn plural_and_singular_have_one_stem() {
        for (singular, more) in [
            ("mug", "mugs"),
            ("candle", "candles"),
            ("dress", "dresses"),
            ("berry", "berries"),
            ("knife", "knives"),
            ("scarf", "scarves"),
            ("shelf", "shelves"),
            ("glove", "gloves"),
            ("olive", "olives"),
            ("roof", "roofs"),
            ("cuff", "cuffs"),
            ("woman", "womens"),
            ("foot", "feet"),
        ] {
            assert_eq!(stem(singular), stem(more));
        }
        assert_ne!(stem("of"), stem("ov"), "two letters are not stemmed");
        let mut stems = tokenizers().get(STEMS).unwrap();
        let mut stream = stems.token_stream("Running Shoes");
        let mut words = Vec::new();
        while stream.advance() {
            words.push(stream.token().text.clone());
        }
        assert_eq!(words, ["run", "shoe"]);
    }
}
