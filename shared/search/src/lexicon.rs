//! The words that the index knows: whether it knows one, which are near to one it does not, and how one may go on.

use std::collections::HashMap;

use tantivy::query::{DfaWrapper, FuzzyTermQuery};
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

use crate::schema::Fields;
use crate::words::stem;

/// Words that stand in for one that is not known.
const MOST_NEAR: usize = 8;
/// From so many letters on, so many of them may be wrong (two that changed places are one mistake).
const FORGIVEN: [(usize, u8); 2] = [(8, 2), (4, 1)];

/// A stem that is looked for, and what finding it is worth: 1 for the word itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sought {
    pub(crate) stem: String,
    pub(crate) worth: f32,
}

pub(crate) struct Lexicon<'a> {
    pub(crate) searcher: &'a Searcher,
    pub(crate) fields: &'a Fields,
}

impl Lexicon<'_> {
    /// Is there a document with this stem, in whatever text?
    pub(crate) fn knows(&self, stem: &str) -> tantivy::Result<bool> {
        for segment in self.searcher.segment_readers() {
            for (field, _) in self.fields.texts {
                if segment.inverted_index(field)?.terms().get(stem)?.is_some() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The known words that are nearest to a word, by stem: of all with the fewest mistakes, the most frequent.
    pub(crate) fn near(&self, word: &str) -> tantivy::Result<Vec<Sought>> {
        let own = stem(word);
        for mistakes in 1..=forgiven(word) {
            // Of the word alone, so one serves all fields and segments: to make it costs about as much as a look into one of them.
            let term = Term::from_field_text(self.fields.labels, word);
            let automaton = FuzzyTermQuery::new(term, mistakes, true).automaton()?;
            let found = self.accepted(&automaton)?;
            // A number is not mistyped: 350 is not near to 250. And a plural is not another word.
            let is_other = |found: &str| !found.bytes().any(|byte| byte.is_ascii_digit()) && stem(found) != own;
            let found: Vec<_> = most_frequent(found).into_iter().filter(|(found, _)| is_other(found)).collect();
            if !found.is_empty() {
                return Ok(sought(found.into_iter(), 1.0 / f32::from(1 + mistakes)));
            }
        }
        Ok(Vec::new())
    }

    /// The known words that an automaton accepts, with the number of documents they stand in.
    fn accepted(&self, automaton: &DfaWrapper) -> tantivy::Result<HashMap<Vec<u8>, u32>> {
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

    /// How a word that is begun may go on, by stem.
    pub(crate) fn goes_on(&self, begun: &str) -> tantivy::Result<Vec<Sought>> {
        let mut words = self.begun(self.fields.labels, begun)?;
        if words.is_empty() {
            words = self.begun(self.fields.prose, begun)?;
        }
        Ok(sought(words.into_iter(), 0.75))
    }

    /// The known words of a field that begin so, the most frequent first, with the number of documents they stand in.
    pub(crate) fn begun(&self, field: Field, begun: &str) -> tantivy::Result<Vec<(String, u32)>> {
        let mut found = HashMap::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut stream = index.terms().range().ge(begun).into_stream()?;
            while stream.advance() && stream.key().starts_with(begun.as_bytes()) {
                *found.entry(stream.key().to_vec()).or_insert(0) += stream.value().doc_freq;
            }
        }
        Ok(most_frequent(found))
    }
}

/// How many letters of a word may be wrong.
pub(crate) fn forgiven(word: &str) -> u8 {
    let letters = word.chars().count();
    FORGIVEN.iter().find(|(from, _)| letters >= *from).map_or(0, |(_, mistakes)| *mistakes)
}

fn most_frequent(found: HashMap<Vec<u8>, u32>) -> Vec<(String, u32)> {
    let words = found.into_iter().filter_map(|(word, count)| Some((String::from_utf8(word).ok()?, count)));
    let mut words: Vec<_> = words.collect();
    words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    words
}

fn sought(words: impl Iterator<Item = (String, u32)>, worth: f32) -> Vec<Sought> {
    let mut stems: Vec<Sought> = Vec::new();
    for (word, _) in words {
        let stem = stem(&word);
        if stems.iter().all(|known| known.stem != stem) {
            stems.push(Sought { stem, worth });
        }
        if stems.len() == MOST_NEAR {
            break;
        }
    }
    stems
}
