//! Suggestions while the customer types: completions of the last word, and products with a matching name.

use std::collections::HashSet;

use tantivy::Term;
use tantivy::query::{BooleanQuery, EnableScoring, Query as TantivyQuery, TermQuery};
use tantivy::schema::IndexRecordOption;
use values::{Error, ProductId, Result};

use crate::collector::Collector;
use crate::index::Index;
use crate::lexicon::WeightedStem;
use crate::query::{Query, parse_text};
use crate::query_plan::QueryPlan;
use crate::words::{stem, words};

/// The maximum length of the typed text in characters.
pub const MAX_TYPED_LENGTH: usize = 200;
/// The number of completions that are examined: the most frequent ones.
const MAX_COMPLETIONS: usize = 20;
/// The maximum number of suggested texts.
const MAX_TEXTS: usize = 5;

/// Suggestions for a typed text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestions {
    /// The typed text with its last word completed. The one with the most products comes first.
    pub texts: Vec<String>,
    /// Products, the best match first.
    pub products: Vec<SuggestedProduct>,
}

/// A suggested product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestedProduct {
    pub id: ProductId,
    pub name: String,
}

impl Index {
    /// Suggests texts and up to `limit` products for the typed text. 422 for a text out of bounds.
    pub fn suggest(&self, typed: &str, limit: usize) -> Result<Suggestions> {
        let typed = parse_text("q", typed.to_owned(), MAX_TYPED_LENGTH)?;
        self.try_suggest(&typed, limit).map_err(Error::internal)
    }

    fn try_suggest(&self, typed: &str, limit: usize) -> tantivy::Result<Suggestions> {
        let mut before: Vec<String> = words(typed);
        let Some(prefix) = before.pop() else { return Ok(Suggestions::default()) };
        let before = before.join(" ");
        let completions = self.completions(&prefix)?;
        let mut stems: Vec<WeightedStem> = completions
            .iter()
            .map(|word| WeightedStem { stem: stem(word), weight: if *word == prefix { 1.0 } else { 0.75 } })
            .collect();
        if stems.is_empty() {
            stems = self.lexicon().similar_stems(&prefix)?;
        }
        let mut plan = QueryPlan::of(&before, self.lexicon());
        let rest = |plan: &mut QueryPlan<'_>| Ok::<_, tantivy::TantivyError>(plan.next()?.map(|(_, query)| query));
        let rest = if plan.is_empty() { None } else { rest(&mut plan)? };
        let texts = self.complete_texts(&before, rest.as_deref(), completions)?;
        let both = rest.into_iter().chain([plan.in_any_text(&stems)]).collect();
        let products = self.find_products(&BooleanQuery::intersection(both), limit)?;
        Ok(Suggestions { texts, products })
    }

    /// Returns the most frequent words with this prefix, one of each stem.
    fn completions(&self, prefix: &str) -> tantivy::Result<Vec<String>> {
        let mut stems = HashSet::new();
        let completions =
            self.lexicon().words_with_prefix(self.fields.labels, prefix)?.into_iter().map(|(word, _)| word);
        Ok(completions.filter(|word| stems.insert(stem(word))).take(MAX_COMPLETIONS).collect())
    }

    /// Returns the completions for which products exist, each after the words before it.
    fn complete_texts(
        &self,
        before: &str,
        rest: Option<&dyn TantivyQuery>,
        completions: Vec<String>,
    ) -> tantivy::Result<Vec<String>> {
        let mut counts = Vec::with_capacity(completions.len());
        for word in completions {
            let term = Term::from_field_text(self.fields.labels, &word);
            let labelled = Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn TantivyQuery>;
            let both = rest.map(|rest| rest.box_clone()).into_iter().chain([labelled]).collect();
            let count = BooleanQuery::intersection(both).count(&self.searcher)?;
            if count > 0 {
                counts.push((count, word));
            }
        }
        counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let texts = counts.into_iter().take(MAX_TEXTS).map(|(_, word)| format!("{before} {word}").trim().to_owned());
        Ok(texts.collect())
    }

    fn find_products(&self, matching: &dyn TantivyQuery, limit: usize) -> tantivy::Result<Vec<SuggestedProduct>> {
        let query = Query { limit, ..Query::default() };
        let collector = Collector { query: &query, table: self.table(), by_score: true, with_facets: false };
        let weight = matching.weight(EnableScoring::enabled_from_searcher(&self.searcher))?;
        let hits = collector.collect(self.segments(), weight.as_ref())?.hits;
        let products = hits.into_iter().take(limit).map(|(key, address)| {
            let (name, _) = self.stored(address)?;
            Ok(SuggestedProduct { id: key.product_id(), name })
        });
        products.collect()
    }
}
