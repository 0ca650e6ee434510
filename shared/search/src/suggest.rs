//! Suggestions while the customer types: completions of the last word, and products with a matching name.

use std::collections::HashSet;

use tantivy::query::{BooleanQuery, EnableScoring, Query as TantivyQuery, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet as _, TERMINATED, Term};
use values::{Error, ProductId, Result};

use crate::collector::Collector;
use crate::fold::fold;
use crate::index::Index;
use crate::lexicon::WeightedStem;
use crate::query::{Query, parse_text};
use crate::query_plan::{
    Alternative, MAX_WORDS, QueryPlan, SKU_SCORE, WHOLE_SKU_SCORE, products_with_whole_sku, scored,
};
use crate::sku_terms::{CodeMatch, code_ranges};
use crate::stems::stem;
use crate::words::{Gap, Run, Writing, is_mark, pairs, runs};

/// The maximum length of the typed text in characters.
pub const MAX_TYPED_LENGTH: usize = 200;
/// The number of completions that are examined: the most frequent ones.
const MAX_COMPLETIONS: usize = 20;
/// The maximum number of suggested texts.
const MAX_TEXTS: usize = 5;
/// The maximum number of names that are read for the spelling of a word.
const MAX_NAMES: usize = 3;

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
        let runs = runs(&fold(typed));
        let Some((last, before)) = runs.split_last() else { return Ok(Suggestions::default()) };
        let completions = self.completions(&last.text)?;
        let rest = self.words_query(&text_of(before))?;
        let texts = self.complete_texts(&typed_words(typed, before), rest.as_deref(), &completions)?;
        let alternatives = self.alternatives(last, &completions)?;
        let mut matching = vec![both(rest, self.lexicon().in_any_text(&alternatives))];
        matching.extend(self.joined_query(before, last)?);
        matching.extend(self.sku_queries(typed, &runs)?);
        let products = self.find_products(&BooleanQuery::union(matching), limit)?;
        Ok(Suggestions { texts, products })
    }

    /// Matches the words before the last one; `None` without a word.
    fn words_query(&self, words: &str) -> tantivy::Result<Option<Box<dyn TantivyQuery>>> {
        let mut plan = QueryPlan::of(words, self.lexicon())?;
        if plan.is_empty() { Ok(None) } else { Ok(plan.next()?.map(|(_, query)| query)) }
    }

    /// The words that may have been meant by the last word.
    fn alternatives(&self, last: &Run, completions: &[String]) -> tantivy::Result<Vec<Alternative>> {
        if last.writing == Writing::Unspaced {
            let pairs = pairs(&last.text).into_iter().take(MAX_WORDS);
            return Ok(vec![Alternative::All(pairs.collect())]);
        }
        let stems = completions
            .iter()
            .map(|word| WeightedStem { stem: stem(word), weight: if *word == last.text { 1.0 } else { 0.75 } });
        let mut stems: Vec<WeightedStem> = stems.collect();
        // A finished word may have another form in the texts: `mice` for `mouse`, `1kg` for `1 kg`.
        let own = stem(&last.text);
        if stems.iter().all(|known| known.stem != own) && self.lexicon().contains(&own)? {
            stems.insert(0, WeightedStem { stem: own, weight: 1.0 });
        }
        if stems.is_empty() {
            stems = self.lexicon().similar_stems(&last.text)?;
        }
        Ok(stems.into_iter().map(Alternative::Stem).collect())
    }

    /// Matches words that begin with the last two words in one: `water pr` may become `waterproof`.
    fn joined_query(&self, before: &[Run], last: &Run) -> tantivy::Result<Option<Box<dyn TantivyQuery>>> {
        let Some((previous, before)) = before.split_last() else { return Ok(None) };
        if last.gap == Gap::Break || [previous, last].iter().any(|run| run.writing == Writing::Unspaced) {
            return Ok(None);
        }
        let completions = self.completions(&format!("{}{}", previous.text, last.text))?;
        if completions.is_empty() {
            return Ok(None);
        }
        let stems = completions.iter().map(|word| Alternative::Stem(WeightedStem { stem: stem(word), weight: 0.75 }));
        let joined = self.lexicon().in_any_text(&stems.collect::<Vec<_>>());
        Ok(Some(both(self.words_query(&text_of(before))?, joined)))
    }

    /// Matches the products whose SKU is the typed text, before all others, and those with a SKU that begins with it.
    fn sku_queries(&self, typed: &str, runs: &[Run]) -> tantivy::Result<Vec<Box<dyn TantivyQuery>>> {
        let lexicon = self.lexicon();
        let words: Vec<&str> = runs.iter().map(|run| run.text.as_str()).collect();
        let whole = products_with_whole_sku(typed, &lexicon)?;
        let whole = whole.iter().map(|products| scored(products, WHOLE_SKU_SCORE));
        let beginning = lexicon.products_with_sku(&code_ranges(&words, CodeMatch::Prefix))?;
        let beginning = (!beginning.is_empty()).then(|| scored(&beginning, SKU_SCORE));
        Ok(whole.chain(beginning).collect())
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
        completions: &[String],
    ) -> tantivy::Result<Vec<String>> {
        let mut counts = Vec::with_capacity(completions.len());
        for word in completions {
            let term = Term::from_field_text(self.fields.labels, word);
            let labelled = Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn TantivyQuery>;
            let count = both(rest.map(|rest| rest.box_clone()), labelled).count(&self.searcher)?;
            if count > 0 {
                counts.push((count, word));
            }
        }
        counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let texts = counts.into_iter().take(MAX_TEXTS);
        let texts = texts.map(|(_, word)| Ok(format!("{before} {}", self.spelling(word)?).trim().to_owned()));
        texts.collect()
    }

    /// Returns a word of the dictionary as a name has it, in lower case. The dictionary has folded words: `чаи` for `Чай`. A word
    /// that is in no name stays folded.
    fn spelling(&self, word: &str) -> tantivy::Result<String> {
        let (names, _) = self.fields.texts[0];
        let (term, mut count) = (Term::from_field_text(names, &stem(word)), 0);
        for (segment, ordinal) in self.searcher.segment_readers().iter().zip(0..) {
            let found = segment.inverted_index(names)?.read_postings(&term, IndexRecordOption::Basic)?;
            let Some(mut documents) = found else { continue };
            while documents.doc() != TERMINATED {
                if count == MAX_NAMES {
                    return Ok(word.to_owned());
                }
                count += 1;
                // A deleted product had this spelling, too.
                let (name, _) = self.stored(DocAddress::new(ordinal, documents.doc()))?;
                if let Some(spelling) = spelling_in(&name, word) {
                    return Ok(spelling);
                }
                documents.advance();
            }
        }
        Ok(word.to_owned())
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

fn text_of(runs: &[Run]) -> String {
    runs.iter().map(|run| run.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// The words before the last one as they were typed, in lower case and without the signs around them. `before` are their runs.
fn typed_words(typed: &str, before: &[Run]) -> String {
    let words = written_words(typed).map(|word| (word, runs(&fold(word)).len())).filter(|(_, count)| *count > 0);
    let words: Vec<(&str, usize)> = words.collect();
    let count: usize = words.iter().map(|(_, count)| count).sum();
    match words.split_last() {
        // The last word may have several runs, as in `well-be`.
        Some(((_, of_last), words)) if count == before.len() + 1 => {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let rest = text_of(&before[before.len() + 1 - of_last..]);
            format!("{} {rest}", words.join(" ").to_lowercase()).trim().to_owned()
        }
        // Some signs become letters only in their folded form.
        _ => text_of(before),
    }
}

/// Returns how a name writes a folded word, in lower case.
fn spelling_in(name: &str, word: &str) -> Option<String> {
    let pieces = name.split(|c: char| !is_written(c));
    let same = |piece: &&str| matches!(runs(&fold(piece)).as_slice(), [run] if run.text == word);
    written_words(name).chain(pieces).find(same).map(str::to_lowercase)
}

/// The words of a text, without the signs around them.
fn written_words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().map(|word| word.trim_matches(|c: char| !is_written(c)))
}

/// Letters, digits, marks, and the joiners of Persian and of Indic scripts.
fn is_written(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

fn both(rest: Option<Box<dyn TantivyQuery>>, last: Box<dyn TantivyQuery>) -> Box<dyn TantivyQuery> {
    match rest {
        Some(rest) => Box::new(BooleanQuery::intersection(vec![rest, last])),
        None => last,
    }
}
