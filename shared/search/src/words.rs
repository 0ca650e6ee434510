//! Splits text into words: lower case, without accents, and English stems. Documents and queries follow the same rules;
//! otherwise they would not match.

use frostem::{Algorithm, Stemmer};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager};

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
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    let mut letters = text.chars().peekable();
    std::iter::from_fn(move || {
        let mut word = String::new();
        while let Some(letter) = letters.next() {
            if letter.is_alphanumeric() {
                letter.to_lowercase().for_each(|small| fold(small, &mut word));
                continue;
            }
            let joins = matches!(letter, '\'' | '’') && letters.peek().is_some_and(|next| next.is_alphanumeric());
            if !word.is_empty() && !joins && !is_accent(letter) {
                return Some(word);
            }
        }
        (!word.is_empty()).then_some(word)
    })
    .filter(|word| word.chars().count() <= MAX_WORD_LENGTH)
}

/// Returns the words of a query: each once, up to `max_words`, without stop words.
pub(crate) fn query_words(text: &str, max_words: usize) -> Vec<String> {
    let all: Vec<String> = words(text).fold(Vec::new(), |mut seen, word| {
        if !seen.contains(&word) {
            seen.push(word);
        }
        seen
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

#[derive(Clone)]
struct WordTokenizer {
    is_stemming: bool,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        WordStream { words: Box::new(words(text)), is_stemming: self.is_stemming, token: Token::default() }
    }
}

struct WordStream<'a> {
    words: Box<dyn Iterator<Item = String> + 'a>,
    is_stemming: bool,
    token: Token,
}

impl TokenStream for WordStream<'_> {
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

/// A combining diacritical mark of Unicode: an accent that follows its letter.
fn is_accent(mark: char) -> bool {
    matches!(mark, '\u{300}'..='\u{36f}')
}

/// A small letter without its accent: those of Latin-1 and of Latin Extended-A. Others stay as they are.
fn fold(letter: char, into: &mut String) {
    let plain = match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        accent if is_accent(accent) => "",
        other => return into.push(other),
    };
    into.push_str(plain);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        words(text).collect()
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
        let mut seen = Vec::new();
        while stream.advance() {
            seen.push(stream.token().text.clone());
        }
        assert_eq!(seen, ["run", "shoe"]);
    }
}
