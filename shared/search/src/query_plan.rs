//! Translates words and filters into queries of tantivy, in steps: first the exact words, then similar words, then only
//! some of the words. The first step with a result ends the search.

use std::collections::HashMap;

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query as TantivyQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::IndexRecordOption;

use crate::document::FacetKind;
use crate::lexicon::{Lexicon, WeightedStem, max_edits};
use crate::query::Query;
use crate::schema::Fields;
use crate::words::{query_words, stem};

/// The maximum number of words of a query; further words are ignored.
const MAX_WORDS: usize = 16;
/// The maximum number of words for which similar words are looked up. The look-up is by far the most expensive step,
/// and few words of a query are misspelt. Later words stay as they are, and the query still finds products with the
/// other words.
const MAX_CORRECTED_WORDS: usize = 6;

/// How closely the results match the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchLevel {
    /// Every word as it was typed. Only words that are not in the index were replaced.
    Exact,
    /// Every word, or a similar one.
    Fuzzy,
    /// Some of the words, or similar ones.
    Partial,
}

/// The stems to search for each word of a query.
pub(crate) struct QueryPlan<'a> {
    lexicon: Lexicon<'a>,
    words: Vec<String>,
    stems: Vec<Vec<WeightedStem>>,
    /// Similar words by word, looked up once for all steps.
    similar: HashMap<String, Vec<WeightedStem>>,
    /// The numbers of words that have to match in further steps. The last one is tried first.
    partial_counts: Vec<usize>,
    level: Option<MatchLevel>,
}

impl<'a> QueryPlan<'a> {
    pub(crate) fn of(words: &str, lexicon: Lexicon<'a>) -> Self {
        let words = query_words(words, MAX_WORDS);
        let n = words.len();
        // The last one is tried first.
        let mut partial_counts = vec![1, n.div_ceil(2), n.saturating_sub(1)];
        partial_counts.retain(|some| (1..n).contains(some));
        partial_counts.dedup();
        Self { lexicon, words, stems: Vec::new(), similar: HashMap::new(), partial_counts, level: None }
    }

    /// Tells whether the query has no words.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns the query of the next step, or `None` after the last one.
    pub(crate) fn next(&mut self) -> tantivy::Result<Option<(MatchLevel, Box<dyn TantivyQuery>)>> {
        let level = match self.level {
            None => MatchLevel::Exact,
            Some(MatchLevel::Exact) => MatchLevel::Fuzzy,
            Some(MatchLevel::Fuzzy | MatchLevel::Partial) => MatchLevel::Partial,
        };
        self.level = Some(level);
        let required = match level {
            MatchLevel::Exact => {
                self.stems = self.stems_of_each_word(Self::exact_stems)?;
                self.words.len()
            }
            MatchLevel::Fuzzy => {
                self.stems = self.stems_of_each_word(Self::fuzzy_stems)?;
                self.words.len()
            }
            MatchLevel::Partial => match self.partial_counts.pop() {
                Some(some) => some,
                None => return Ok(None),
            },
        };
        let clauses = self.stems.iter().map(|stems| (Occur::Should, self.in_any_text(stems)));
        let query = BooleanQuery::with_minimum_required_clauses(clauses.collect(), required);
        Ok(Some((level, Box::new(query))))
    }

    fn stems_of_each_word(
        &mut self,
        stems_of: impl Fn(&mut Self, bool, &str) -> tantivy::Result<Vec<WeightedStem>>,
    ) -> tantivy::Result<Vec<Vec<WeightedStem>>> {
        let words = self.words.clone();
        let last = words.len().saturating_sub(1);
        words.iter().enumerate().map(|(index, word)| stems_of(self, index == last, word)).collect()
    }

    /// The word itself, if the index has it. Otherwise the last word may be unfinished, and other words may be
    /// misspelt.
    fn exact_stems(&mut self, is_last: bool, word: &str) -> tantivy::Result<Vec<WeightedStem>> {
        let stem = stem(word);
        if self.lexicon.contains(&stem)? {
            return Ok(vec![WeightedStem { stem, weight: 1.0 }]);
        }
        let completions = if is_last { self.lexicon.completion_stems(word)? } else { Vec::new() };
        if completions.is_empty() { self.similar(word) } else { Ok(completions) }
    }

    /// The word itself, and every word that may have been meant.
    fn fuzzy_stems(&mut self, is_last: bool, word: &str) -> tantivy::Result<Vec<WeightedStem>> {
        let completions = if is_last { self.lexicon.completion_stems(word)? } else { Vec::new() };
        let others = completions.into_iter().chain(self.similar(word)?);
        let own = WeightedStem { stem: stem(word), weight: 1.0 };
        Ok(others.fold(vec![own], |mut stems, other| {
            if stems.iter().all(|known| known.stem != other.stem) {
                stems.push(other);
            }
            stems
        }))
    }

    fn similar(&mut self, word: &str) -> tantivy::Result<Vec<WeightedStem>> {
        if let Some(similar) = self.similar.get(word) {
            return Ok(similar.clone());
        }
        if max_edits(word) == 0 || self.similar.len() == MAX_CORRECTED_WORDS {
            return Ok(Vec::new());
        }
        let similar = self.lexicon.similar_stems(word)?;
        self.similar.insert(word.to_owned(), similar.clone());
        Ok(similar)
    }

    /// Matches any of these stems in any text. The weight depends on the text.
    pub(crate) fn in_any_text(&self, stems: &[WeightedStem]) -> Box<dyn TantivyQuery> {
        let places = stems.iter().flat_map(|stem| {
            self.lexicon.fields.texts.iter().map(move |(field, field_weight)| {
                let term = Term::from_field_text(*field, &stem.stem);
                let found = TermQuery::new(term, IndexRecordOption::WithFreqs);
                Box::new(BoostQuery::new(Box::new(found), field_weight * stem.weight)) as Box<dyn TantivyQuery>
            })
        });
        Box::new(BooleanQuery::union(places.collect()))
    }
}

/// Restricts `words`, or all products, to the category, tag, brand and attributes of the query.
pub(crate) fn filter_by(query: &Query, fields: &Fields, words: Option<Box<dyn TantivyQuery>>) -> Box<dyn TantivyQuery> {
    let has = |text: String| Term::from_field_text(fields.facets, &text);
    let one = |text| Box::new(TermQuery::new(has(text), IndexRecordOption::Basic)) as Box<dyn TantivyQuery>;
    let mut filters: Vec<Box<dyn TantivyQuery>> = Vec::new();
    match query.categories.as_slice() {
        [] => {}
        [category] => filters.push(one(FacetKind::Category.text(category))),
        several => {
            let terms = several.iter().map(|category| has(FacetKind::Category.text(category)));
            filters.push(Box::new(TermSetQuery::new(terms)));
        }
    }
    filters.extend(query.tag.iter().map(|tag| one(FacetKind::Tag.text(tag))));
    filters.extend(query.brand.iter().map(|brand| one(FacetKind::Brand.text(brand))));
    filters.extend(query.attributes.iter().map(|(name, value)| one(FacetKind::attribute(name, value))));
    if filters.is_empty() {
        return words.unwrap_or_else(|| Box::new(AllQuery));
    }
    // A filter does not change the score of a document.
    let silent = filters.into_iter().map(|filter| Box::new(ConstScoreQuery::new(filter, 0.0)) as Box<dyn TantivyQuery>);
    Box::new(BooleanQuery::intersection(words.into_iter().chain(silent).collect()))
}
