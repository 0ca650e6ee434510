//! The tokenizers of the index: what becomes a term of which field.

use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager};

use crate::fold::fold;
use crate::schema::{SPACED_WORDS, STEMS, WORDS};
use crate::stems::stem;
use crate::words::{Run, Writing, characters, pairs, runs};

/// In characters. A suggestion completes a longer phrase only up to this length.
const MAX_PHRASE_LENGTH: usize = 40;

/// Returns the tokenizers that the schema names.
pub(crate) fn tokenizers() -> TokenizerManager {
    // With `raw`, for exact terms.
    let manager = TokenizerManager::default();
    manager.register(STEMS, TextAnalyzer::from(TermTokenizer(search_terms)));
    manager.register(WORDS, TextAnalyzer::from(TermTokenizer(words)));
    manager.register(SPACED_WORDS, TextAnalyzer::from(TermTokenizer(spaced_words)));
    manager
}

/// The terms by which a run is found: the stem of a word. A run without spaces has its characters and each two neighbours.
/// The characters are for queries of one character.
fn search_terms(run: &Run) -> Vec<String> {
    match run.writing {
        Writing::Spaced => vec![stem(&run.text)],
        Writing::Unspaced => {
            let mut terms: Vec<String> = characters(&run.text).into_iter().map(str::to_owned).collect();
            if terms.len() > 1 {
                terms.extend(pairs(&run.text));
            }
            terms
        }
    }
}

/// The words that suggestions complete. A phrase without spaces is completed as a whole.
fn words(run: &Run) -> Vec<String> {
    match run.writing {
        Writing::Spaced => vec![run.text.clone()],
        Writing::Unspaced => vec![run.text.chars().take(MAX_PHRASE_LENGTH).collect()],
    }
}

fn spaced_words(run: &Run) -> Vec<String> {
    match run.writing {
        Writing::Spaced => vec![run.text.clone()],
        Writing::Unspaced => Vec::new(),
    }
}

/// Turns each run of a text into terms.
#[derive(Clone)]
struct TermTokenizer(fn(&Run) -> Vec<String>);

impl Tokenizer for TermTokenizer {
    type TokenStream<'a> = TermStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> TermStream {
        let terms: Vec<String> = runs(&fold(text)).iter().flat_map(self.0).collect();
        TermStream { terms: terms.into_iter(), token: Token::default() }
    }
}

struct TermStream {
    terms: std::vec::IntoIter<String>,
    token: Token,
}

impl TokenStream for TermStream {
    fn advance(&mut self) -> bool {
        let Some(term) = self.terms.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text = term;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(tokenizer: &str, text: &str) -> Vec<String> {
        let mut tokenizer = tokenizers().get(tokenizer).unwrap();
        let (mut stream, mut terms) = (tokenizer.token_stream(text), Vec::new());
        while stream.advance() {
            terms.push(stream.token().text.clone());
        }
        terms
    }

    #[test]
    fn text_is_found_by_stems_characters_and_pairs() {
        assert_eq!(terms(STEMS, "Running Shoes"), ["run", "shoe"]);
        assert_eq!(terms(STEMS, "抹茶 茶"), ["抹", "茶", "抹茶", "茶"]);
        assert_eq!(terms(WORDS, "Running 抹茶ラテ"), ["running", "抹茶ラテ"]);
        assert_eq!(terms(SPACED_WORDS, "Running 抹茶ラテ"), ["running"]);
        assert_eq!(terms("raw", "As It Is"), ["As It Is"]);
        assert_eq!(terms(WORDS, &"茶".repeat(41)), ["茶".repeat(40)]);
    }
}
