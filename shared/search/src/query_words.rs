//! The words of a query: what the index is asked for, and in which other ways each word may be written.

use crate::fold::fold;
use crate::joined_words::joined_with_neighbours;
use crate::stop_words::is_stop_word;
use crate::words::{Run, Writing, pairs, runs};

/// A part of a query that a product matches or not: a word, or a code of several words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryClause {
    /// One word, or the words of a code. A text must have all of them.
    pub(crate) words: Vec<QueryWord>,
    /// The words to look for among SKUs, in this order. Empty if no SKU can have them.
    pub(crate) code: Vec<String>,
}

/// A word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryWord {
    /// Folded. For text without spaces between words, two neighbouring characters.
    pub(crate) text: String,
    pub(crate) writing: Writing,
    /// The words that it is a part of if a text has them as one word.
    pub(crate) joined: Vec<String>,
}

impl QueryClause {
    fn unspaced(text: String) -> Self {
        let word = QueryWord { text, writing: Writing::Unspaced, joined: Vec::new() };
        Self { words: vec![word], code: Vec::new() }
    }

    /// Is it a single number? That says little about a product: it is no reason to show a product that lacks the other words.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self.words.as_slice(), [word] if word.text.bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn is_stop_word(&self) -> bool {
        matches!(self.words.as_slice(), [word] if is_stop_word(&word.text))
    }
}

/// Returns the clauses of a query: each once, with up to `max_words` words, without stop words unless it has no other words.
pub(crate) fn query_clauses(text: &str, max_words: usize) -> Vec<QueryClause> {
    let all = all_clauses(&runs(&fold(text)));
    let has_content = all.iter().any(|clause| !clause.is_stop_word());
    let (mut clauses, mut count) = (Vec::<QueryClause>::new(), 0);
    for mut clause in all {
        let is_known = clauses.iter().any(|known| known.texts().eq(clause.texts()));
        if is_known || (has_content && clause.is_stop_word()) {
            continue;
        }
        count += clause.words.len();
        if count > max_words {
            // A long code alone may be a SKU, so its words are not needed.
            clause.words.truncate(max_words);
            clauses.extend(clauses.is_empty().then_some(clause));
            break;
        }
        clauses.push(clause);
    }
    clauses
}

impl QueryClause {
    fn texts(&self) -> impl Iterator<Item = &String> {
        self.words.iter().map(|word| &word.text)
    }
}

fn all_clauses(runs: &[Run]) -> Vec<QueryClause> {
    let (mut clauses, mut start) = (Vec::new(), 0);
    for piece in runs.chunk_by(|_, next| next.is_attached()) {
        let texts: Vec<String> = piece.iter().map(|run| run.text.clone()).collect();
        let word = |at: usize| QueryWord {
            text: piece[at].text.clone(),
            writing: Writing::Spaced,
            joined: joined_with_neighbours(runs, start + at),
        };
        if is_code(piece) {
            clauses.push(QueryClause { words: (0..piece.len()).map(word).collect(), code: code(texts) });
        } else {
            for (at, run) in piece.iter().enumerate() {
                match run.writing {
                    Writing::Spaced => {
                        clauses.push(QueryClause { words: vec![word(at)], code: code(vec![run.text.clone()]) });
                    }
                    Writing::Unspaced => clauses.extend(pairs(&run.text).into_iter().map(QueryClause::unspaced)),
                }
            }
        }
        start += piece.len();
    }
    clauses
}

/// Is the piece of text a code of several words, such as `NOR-0707-60` or `WD-40`? It has a digit. One of its words alone
/// finds other things.
fn is_code(piece: &[Run]) -> bool {
    piece.len() > 1 && piece.iter().any(Run::has_digit) && piece.iter().all(|run| run.writing == Writing::Spaced)
}

/// SKUs are ASCII, so no SKU has other words.
fn code(words: Vec<String>) -> Vec<String> {
    if words.iter().all(|word| word.is_ascii()) { words } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, max_words: usize) -> Vec<String> {
        let clauses = query_clauses(text, max_words);
        clauses.iter().map(|clause| clause.texts().cloned().collect::<Vec<_>>().join("+")).collect()
    }

    #[test]
    fn words_are_unique_and_without_stop_words() {
        assert_eq!(texts("a mug for the mug", 16), ["mug"]);
        assert_eq!(texts("the who", 16), ["who"]);
        assert_eq!(texts("for the", 16), ["for", "the"], "unless there are only stop words");
        assert_eq!(texts("b c d e f", 2).len(), 2);
        assert_eq!(texts("抹茶ラテ mug", 16), ["抹茶", "茶ラ", "ラテ", "mug"]);
    }

    #[test]
    fn words_of_a_code_belong_together() {
        assert_eq!(texts("boot NOR.0707-60", 16), ["boot", "nor+0707+60"]);
        assert_eq!(texts("NOR….0707-60", 16), ["nor+0707+60"]);
        assert_eq!(texts("A-1 a", 16), ["a+1"], "a stop word is kept within a code");
        assert_eq!(texts("well-being 2 chairs", 16), ["well", "being", "2", "chairs"]);
        assert_eq!(query_clauses("NOR.0707", 16)[0].code, ["nor", "0707"]);
        assert!(query_clauses("шар", 16)[0].code.is_empty());
    }

    #[test]
    fn long_code_keeps_its_first_words() {
        let clauses = query_clauses("1-2-3-4-5 mug", 3);
        assert_eq!((clauses.len(), clauses[0].words.len(), clauses[0].code.len()), (1, 3, 5));
    }

    #[test]
    fn single_number_is_no_content() {
        let are_numbers = |text: &str| query_clauses(text, 16).iter().map(QueryClause::is_number).collect::<Vec<_>>();
        assert_eq!(are_numbers("nor 60 wd40 07-60"), [false, true, false, false]);
    }

    #[test]
    fn neighbours_are_joined_even_across_stop_words() {
        let joined = |text: &str| query_clauses(text, 16).into_iter().map(|mut clause| clause.words.remove(0).joined);
        assert_eq!(joined("water proof").collect::<Vec<_>>(), [["waterproof"], ["waterproof"]]);
        assert!(joined("all in one").next().unwrap().contains(&"allinone".to_owned()));
    }
}
