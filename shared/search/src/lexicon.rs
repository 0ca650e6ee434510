//! The vocabulary of the index: whether a word is in it, which words are similar, which words begin with a prefix, and which
//! products have a SKU.

use std::collections::HashMap;

use tantivy::query::{DfaWrapper, FuzzyTermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet as _, Searcher, TERMINATED, Term};

use crate::document_set::DocumentSet;
use crate::schema::Fields;
use crate::sku_terms::TermRange;
use crate::stems::stem;
use crate::words::has_digit;

/// The maximum number of alternatives for a word.
const MAX_ALTERNATIVES: usize = 8;
/// The allowed edit distance by length: from (letters) on, (edits). A swap of two neighbouring letters is one edit
/// (Damerau-Levenshtein).
const EDITS_BY_LENGTH: [(usize, u8); 2] = [(8, 2), (4, 1)];
/// In characters. Longer words are not corrected: the look-up would take milliseconds.
const MAX_CORRECTED_LENGTH: usize = 40;
/// In characters. Both halves of a word that is split have at least so many.
const MIN_HALF_LENGTH: usize = 3;
/// The maximum number of SKU terms that a code may stand for. Each of them costs about a microsecond, and what more SKUs have in
/// common, such as `MADE` in `MADE-000001`, says nothing about a product.
const MAX_SKU_TERMS: usize = 5_000;

/// A stem to search, and the weight of a match: 1 for the word itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WeightedStem {
    pub(crate) stem: String,
    pub(crate) weight: f32,
}

pub(crate) struct Lexicon<'a> {
    pub(crate) searcher: &'a Searcher,
    pub(crate) fields: &'a Fields,
}

impl Lexicon<'_> {
    /// Tells whether a document has this stem in any text.
    pub(crate) fn contains(&self, stem: &str) -> tantivy::Result<bool> {
        for segment in self.searcher.segment_readers() {
            for (field, _) in &self.fields.texts {
                if segment.inverted_index(*field)?.terms().get(stem)?.is_some() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Returns the stems of the most similar words: the smallest edit distance, then the most frequent. Words with digits have
    /// no similar words: 350 is not a misspelt 250.
    pub(crate) fn similar_stems(&self, word: &str) -> tantivy::Result<Vec<WeightedStem>> {
        let own = stem(word);
        for edits in 1..=max_edits(word) {
            // The automaton depends on the word alone, so one serves all fields and segments. Building it costs about
            // as much as searching one of them.
            let term = Term::from_field_text(self.fields.labels, word);
            let automaton = FuzzyTermQuery::new(term, edits, true).automaton()?;
            let found = self.words_accepted_by(&automaton)?;
            // A plural of the same word is no alternative.
            let is_other = |found: &str| !has_digit(found) && stem(found) != own;
            let found: Vec<_> = most_frequent(found).into_iter().filter(|(found, _)| is_other(found)).collect();
            if !found.is_empty() {
                return Ok(weighted_stems(found.into_iter(), 1.0 / f32::from(1 + edits)));
            }
        }
        Ok(Vec::new())
    }

    /// Returns the words that an automaton accepts, with the number of documents that have them.
    fn words_accepted_by(&self, automaton: &DfaWrapper) -> tantivy::Result<HashMap<Vec<u8>, u32>> {
        let mut found = HashMap::new();
        for field in [self.fields.labels, self.fields.prose] {
            for segment in self.searcher.segment_readers() {
                let index = segment.inverted_index(field)?;
                let mut stream = index.terms().search(automaton).into_stream()?;
                while stream.advance() {
                    *found.entry(stream.key().to_vec()).or_insert(0) += stream.value().doc_freq;
                }
            }
        }
        Ok(found)
    }

    /// Returns the stems of the words that begin with a prefix.
    pub(crate) fn completion_stems(&self, prefix: &str) -> tantivy::Result<Vec<WeightedStem>> {
        let mut words = self.words_with_prefix(self.fields.labels, prefix)?;
        if words.is_empty() {
            words = self.words_with_prefix(self.fields.prose, prefix)?;
        }
        Ok(weighted_stems(words.into_iter(), 0.75))
    }

    /// Returns the words of a field that begin with a prefix, the most frequent first, with the number of documents
    /// that have them.
    pub(crate) fn words_with_prefix(&self, field: Field, prefix: &str) -> tantivy::Result<Vec<(String, u32)>> {
        let mut found = HashMap::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut stream = index.terms().range().ge(prefix).into_stream()?;
            while stream.advance() && stream.key().starts_with(prefix.as_bytes()) {
                *found.entry(stream.key().to_vec()).or_insert(0) += stream.value().doc_freq;
            }
        }
        Ok(most_frequent(found))
    }

    /// Splits a word into two that the index has, such as `waterproof` into `water` and `proof`, or `5litre` into `5` and
    /// `litre`. Returns their stems; of several ways the one whose shorter half is longest.
    pub(crate) fn halves(&self, word: &str) -> tantivy::Result<Option<Vec<String>>> {
        let mut best = None;
        for (half, at) in split_points(word) {
            let (one, two) = word.split_at(at);
            let stems = vec![stem(one), stem(two)];
            let is_better = best.as_ref().is_none_or(|(best, _)| half > *best);
            if is_better && self.contains(&stems[0])? && self.contains(&stems[1])? {
                best = Some((half, stems));
            }
        }
        Ok(best.map(|(_, stems)| stems))
    }

    /// Returns the products with a SKU term in one of the ranges. Returns none if there are more than [`MAX_SKU_TERMS`] such
    /// terms in all segments together.
    pub(crate) fn products_with_sku(&self, ranges: &[TermRange]) -> tantivy::Result<DocumentSet> {
        let Some(skus) = self.fields.skus else { return Ok(DocumentSet::default()) };
        // Finding terms costs much less than reading their products, so that begins after the last term is known.
        let (mut found, mut count) = (Vec::new(), 0);
        for segment in self.searcher.segment_readers() {
            let (index, mut infos) = (segment.inverted_index(skus)?, Vec::new());
            for TermRange { from, to } in ranges {
                let mut terms = index.terms().range().ge(from).lt(to).into_stream()?;
                while terms.advance() {
                    count += 1;
                    if count > MAX_SKU_TERMS {
                        return Ok(DocumentSet::default());
                    }
                    infos.push(terms.value().clone());
                }
            }
            found.push((segment.segment_id(), index, infos));
        }
        let mut segments = Vec::new();
        for (id, index, infos) in found {
            let mut documents = Vec::new();
            for info in &infos {
                let mut postings = index.read_postings_from_terminfo(info, IndexRecordOption::Basic)?;
                while postings.doc() != TERMINATED {
                    documents.push(postings.doc());
                    postings.advance();
                }
            }
            segments.push((id, documents));
        }
        Ok(DocumentSet::new(segments))
    }
}

/// The allowed edit distance of a word.
pub(crate) fn max_edits(word: &str) -> u8 {
    let letters = word.chars().count();
    if letters > MAX_CORRECTED_LENGTH || has_digit(word) {
        return 0;
    }
    EDITS_BY_LENGTH.iter().find(|(from, _)| letters >= *from).map_or(0, |(_, edits)| *edits)
}

/// Returns where a word may be split, in bytes, each with the length of the shorter half in characters. A word with digits is
/// split only between a digit and a letter.
fn split_points(word: &str) -> Vec<(usize, usize)> {
    let letters: Vec<(usize, char)> = word.char_indices().collect();
    let has_digits = has_digit(word);
    let points = letters.windows(2).enumerate().filter_map(|(before, two)| {
        let shorter = (before + 1).min(letters.len() - before - 1);
        let is_point = match has_digits {
            true => two[0].1.is_ascii_digit() != two[1].1.is_ascii_digit(),
            false => shorter >= MIN_HALF_LENGTH,
        };
        is_point.then_some((shorter, two[1].0))
    });
    points.collect()
}

fn most_frequent(found: HashMap<Vec<u8>, u32>) -> Vec<(String, u32)> {
    let words = found.into_iter().filter_map(|(word, count)| Some((String::from_utf8(word).ok()?, count)));
    let mut words: Vec<_> = words.collect();
    words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    words
}

fn weighted_stems(words: impl Iterator<Item = (String, u32)>, weight: f32) -> Vec<WeightedStem> {
    let mut stems: Vec<WeightedStem> = Vec::new();
    for (word, _) in words {
        let stem = stem(&word);
        if stems.iter().all(|known| known.stem != stem) {
            stems.push(WeightedStem { stem, weight });
        }
        if stems.len() == MAX_ALTERNATIVES {
            break;
        }
    }
    stems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_digits_and_very_long_words_are_not_corrected() {
        assert_eq!([max_edits("mug"), max_edits("mugs"), max_edits("backpack")], [0, 1, 2]);
        assert_eq!([max_edits("wd40"), max_edits(&"x".repeat(40)), max_edits(&"x".repeat(41))], [0, 2, 0]);
    }

    #[test]
    fn word_is_split_into_halves_of_three_letters_or_at_digits() {
        let halves =
            |word: &'static str| split_points(word).into_iter().map(|(_, at)| word.split_at(at)).collect::<Vec<_>>();
        assert_eq!(halves("teapot"), [("tea", "pot")]);
        assert_eq!(halves("5litre"), [("5", "litre")]);
        assert!(halves("tepot").is_empty() && halves("x").is_empty());
    }
}
