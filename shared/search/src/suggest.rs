//! Suggestions while somebody types: how the last word may go on, and products that are called so.

use std::collections::HashSet;

use tantivy::Term;
use tantivy::query::{BooleanQuery, EnableScoring, Query as Asks, TermQuery};
use tantivy::schema::IndexRecordOption;
use values::{Error, ProductId, Result};

use crate::gather::Pass;
use crate::index::Index;
use crate::lexicon::Sought;
use crate::plan::Plan;
use crate::query::{Query, text};
use crate::words::{stem, words};

/// Characters of what is typed.
const LONGEST: usize = 200;
/// Ways to go on that are looked at: the most frequent ones.
const MOST_WAYS: usize = 20;
/// Ways that are suggested.
const MOST_WORDS: usize = 5;

/// What may be meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestions {
    /// What was typed with its last word completed, that with the most products first.
    pub texts: Vec<String>,
    /// Products, the best match first.
    pub products: Vec<Named>,
}

/// A product by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Which.
    pub id: ProductId,
    /// As it is called.
    pub name: String,
}

impl Index {
    /// What may be meant by what was typed so far; `limit` products at most. 422 for a text out of bounds.
    pub fn suggest(&self, typed: &str, limit: usize) -> Result<Suggestions> {
        let typed = text("q", typed.to_owned(), LONGEST)?;
        self.try_suggest(&typed, limit).map_err(Error::internal)
    }

    fn try_suggest(&self, typed: &str, limit: usize) -> tantivy::Result<Suggestions> {
        let mut before: Vec<String> = words(typed).collect();
        let Some(begun) = before.pop() else { return Ok(Suggestions::default()) };
        let before = before.join(" ");
        let ways = self.ways(&begun)?;
        let mut sought: Vec<Sought> = ways
            .iter()
            .map(|word| Sought { stem: stem(word), worth: if *word == begun { 1.0 } else { 0.75 } })
            .collect();
        if sought.is_empty() {
            sought = self.lexicon().near(&begun)?;
        }
        let mut plan = Plan::of(&before, self.lexicon());
        let rest = |plan: &mut Plan<'_>| Ok::<_, tantivy::TantivyError>(plan.next()?.map(|(_, asks)| asks));
        let rest = if plan.is_empty() { None } else { rest(&mut plan)? };
        let texts = self.completed(&before, rest.as_deref(), ways)?;
        let both = rest.into_iter().chain([plan.anywhere(&sought)]).collect();
        let products = self.called(&BooleanQuery::intersection(both), limit)?;
        Ok(Suggestions { texts, products })
    }

    /// The most frequent words that begin so, one of each stem.
    fn ways(&self, begun: &str) -> tantivy::Result<Vec<String>> {
        let mut stems = HashSet::new();
        let ways = self.lexicon().begun(self.fields.labels, begun)?.into_iter().map(|(word, _)| word);
        Ok(ways.filter(|word| stems.insert(stem(word))).take(MOST_WAYS).collect())
    }

    /// Those ways to go on for which there are products, with the words before.
    fn completed(&self, before: &str, rest: Option<&dyn Asks>, ways: Vec<String>) -> tantivy::Result<Vec<String>> {
        let mut counted = Vec::with_capacity(ways.len());
        for word in ways {
            let term = Term::from_field_text(self.fields.labels, &word);
            let labelled = Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn Asks>;
            let both = rest.map(|rest| rest.box_clone()).into_iter().chain([labelled]).collect();
            let count = BooleanQuery::intersection(both).count(&self.searcher)?;
            if count > 0 {
                counted.push((count, word));
            }
        }
        counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let texts = counted.into_iter().take(MOST_WORDS).map(|(_, word)| format!("{before} {word}").trim().to_owned());
        Ok(texts.collect())
    }

    fn called(&self, asks: &dyn Asks, limit: usize) -> tantivy::Result<Vec<Named>> {
        let query = Query { limit, ..Query::default() };
        let pass = Pass { query: &query, table: self.table(), scored: true, counted: false };
        let weight = asks.weight(EnableScoring::enabled_from_searcher(&self.searcher))?;
        let best = pass.over(self.segments(), weight.as_ref())?.best;
        let named = best.into_iter().take(limit).map(|(place, address)| {
            let (name, _) = self.stored(address)?;
            Ok(Named { id: place.id(), name })
        });
        named.collect()
    }
}
