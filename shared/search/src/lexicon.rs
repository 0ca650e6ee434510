//! The vocabulary of the index: whether a word is in it, which words are similar, and which words begin with a prefix.

use std::collections::HashMap;

use tantivy::query::{DfaWrapper, FuzzyTermQuery};
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

use crate::schema::Fields;
use crate::words::stem;

/// The maximum number of alternatives for a word.
const MAX_ALTERNATIVES: usize = 8;
/// The allowed edit distance by length: from (letters) on, (edits). A swap of two neighbouring letters is one edit
/// (Damerau-Levenshtein).
const EDITS_BY_LENGTH: [(usize, u8); 2] = [(8, 2), (4, 1)];

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
            for (field, _) in self.fields.texts {
                if segment.inverted_index(field)?.terms().get(stem)?.is_some() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Returns the stems of the most similar words: the smallest edit distance, then the most frequent.
    pub(crate) fn similar_stems(&self, word: &str) -> tantivy::Result<Vec<WeightedStem>> {
        let own = stem(word);
        for edits in 1..=max_edits(word) {
            // The automaton depends on the word alone, so one serves all fields and segments. Building it costs about
            // as much as searching one of them.
            let term = Term::from_field_text(self.fields.labels, word);
            let automaton = FuzzyTermQuery::new(term, edits, true).automaton()?;
            let found = self.words_accepted_by(&automaton)?;
            // Numbers are not corrected: 350 is not a misspelt 250. A plural of the same word is no alternative.
            let is_other = |found: &str| !found.bytes().any(|byte| byte.is_ascii_digit()) && stem(found) != own;
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
}

/// The allowed edit distance of a word.
pub(crate) fn max_edits(word: &str) -> u8 {
    let letters = word.chars().count();
    EDITS_BY_LENGTH.iter().find(|(from, _)| letters >= *from).map_or(0, |(_, edits)| *edits)
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
