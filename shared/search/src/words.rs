//! Words as they are found: small letters without accents, and their English stems. Documents and queries are cut by the
//! same rules, or they would not meet.

use frostem::{Algorithm, Stemmer};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager};

/// In characters. Longer runs of letters are nobody's words.
const LONGEST_WORD: usize = 40;

/// The names under which the schema knows the two ways of cutting a text.
pub(crate) const WORDS: &str = "words";
pub(crate) const STEMS: &str = "stems";

/// Words that say nothing of a product. A query drops them, unless it has no others.
const EMPTY: [&str; 30] = [
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "for", "from", "i", "in", "is", "it", "its", "me", "my",
    "of", "on", "or", "our", "some", "that", "the", "this", "to", "under", "with", "your",
];

/// The words of a text, in its order. Letters and digits make a word; an apostrophe within one is dropped (`men's` is `mens`).
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
    .filter(|word| word.chars().count() <= LONGEST_WORD)
}

/// The words that a query asks for: each once, `most` of them, without those that say nothing.
pub(crate) fn asked(text: &str, most: usize) -> Vec<String> {
    let all: Vec<String> = words(text).fold(Vec::new(), |mut seen, word| {
        if !seen.contains(&word) {
            seen.push(word);
        }
        seen
    });
    let telling: Vec<String> = all.iter().filter(|word| !EMPTY.contains(&word.as_str())).cloned().collect();
    let mut chosen = if telling.is_empty() { all } else { telling };
    chosen.truncate(most);
    chosen
}

/// Plurals that no rule makes.
const IRREGULAR: [(&str, &str); 7] = [
    ("men", "man"),
    ("women", "woman"),
    ("children", "child"),
    ("feet", "foot"),
    ("teeth", "tooth"),
    ("geese", "goose"),
    ("mice", "mouse"),
];

/// The English stem of a word, so that `mugs` finds `mug`: Snowball's Porter 2, and what it leaves apart. A last `f` is a `v`
/// there: `knife` and `knives`, `scarf` and `scarves` are one.
pub(crate) fn stem(word: &str) -> String {
    let mut stem = Stemmer::new(Algorithm::English).stem(word).into_owned();
    if let Some((_, one)) = IRREGULAR.iter().find(|(many, _)| *many == stem) {
        return (*one).to_owned();
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

/// The tokenizers that the schema names.
pub(crate) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(WORDS, TextAnalyzer::from(Cutter { stems: false }));
    manager.register(STEMS, TextAnalyzer::from(Cutter { stems: true }));
    manager
}

#[derive(Clone)]
struct Cutter {
    stems: bool,
}

impl Tokenizer for Cutter {
    type TokenStream<'a> = Cut<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Cut<'a> {
        Cut { words: Box::new(words(text)), stems: self.stems, token: Token::default() }
    }
}

struct Cut<'a> {
    words: Box<dyn Iterator<Item = String> + 'a>,
    stems: bool,
    token: Token,
}

impl TokenStream for Cut<'_> {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text = if self.stems { stem(&word) } else { word };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// Unicode's combining diacritical marks: an accent that follows its letter.
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

    fn cut(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_are_small_letters_and_digits() {
        assert_eq!(cut("Solid-Oak Table, 350ml"), ["solid", "oak", "table", "350ml"]);
        assert_eq!(cut("men's and women’s 'boots'"), ["mens", "and", "womens", "boots"]);
        assert!(cut(" \u{0}\t–…").is_empty());
        assert_eq!(cut(&format!("{} mug", "x".repeat(41))), ["mug"], "nobody's word is left out");
        assert_eq!(cut(&"x".repeat(40)).len(), 1);
        assert_eq!(cut(&"茶".repeat(40)).len(), 1, "forty characters in any script");
        assert!(cut(&"茶".repeat(41)).is_empty());
    }

    #[test]
    fn accents_do_not_matter_however_they_are_written() {
        assert_eq!(cut("Café CRÈME Łódź Straße ÆON"), ["cafe", "creme", "lodz", "strasse", "aeon"]);
        assert_eq!(cut("cafe\u{301} nin\u{303}o"), ["cafe", "nino"]);
        assert_eq!(cut("日本 茶"), ["日本", "茶"]);
    }

    #[test]
    fn a_query_asks_each_word_once_and_none_that_says_nothing() {
        assert_eq!(asked("a mug for the mug", 16), ["mug"]);
        assert_eq!(asked("the who", 16), ["who"]);
        assert_eq!(asked("for the", 16), ["for", "the"], "unless there is nothing else");
        assert_eq!(asked("a b c d e", 2).len(), 2);
    }

    #[test]
    fn plurals_and_singulars_have_one_stem() {
        for (one, more) in [
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
            assert_eq!(stem(one), stem(more));
        }
        assert_ne!(stem("of"), stem("ov"), "two letters are no plural");
        let mut stems = tokenizers().get(STEMS).unwrap();
        let mut stream = stems.token_stream("Running Shoes");
        let mut seen = Vec::new();
        while stream.advance() {
            seen.push(stream.token().text.clone());
        }
        assert_eq!(seen, ["run", "shoe"]);
    }
}
