//! Translates the words of a query into queries of tantivy, in steps: first the exact words, then similar words, then only
//! some of the words. The first step with a result ends the search.

use std::collections::HashMap;

use tantivy::Term;
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query as TantivyQuery, TermQuery};
use tantivy::schema::IndexRecordOption;

use crate::document_set::DocumentSet;
use crate::fold::fold;
use crate::lexicon::{Lexicon, WeightedStem, max_edits};
use crate::query_words::{QueryClause, QueryWord, query_clauses};
use crate::sku_terms::{CodeMatch, TermRange, code_ranges, whole_range, whole_term};
use crate::stems::stem as stem_of;
use crate::words::{Run, Writing, has_digit, runs};

/// The maximum number of words of a query; further words are ignored.
pub(crate) const MAX_WORDS: usize = 16;
/// The maximum number of words for which similar words are looked up. The look-up is by far the most expensive step,
/// and few words of a query are misspelt. Later words stay as they are, and the query still finds products with the
/// other words.
const MAX_CORRECTED_WORDS: usize = 6;
/// The score of a product whose SKU is the text. No other score comes near it.
pub(crate) const WHOLE_SKU_SCORE: f32 = 1e6;
/// The score of a match with a part of a SKU: below a match with the description.
pub(crate) const SKU_SCORE: f32 = 0.5;
/// The weight of words that were one word in the query.
const PART_WEIGHT: f32 = 0.5;

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

/// A way to match a word.
#[derive(Debug, Clone)]
pub(crate) enum Alternative {
    Stem(WeightedStem),
    /// All of these stems: the halves of the word, or the characters of a phrase.
    All(Vec<String>),
}

/// What to search for each clause of a query.
pub(crate) struct QueryPlan<'a> {
    lexicon: Lexicon<'a>,
    clauses: Vec<PlannedClause>,
    /// Products whose SKU is the text, or begins with it: each with the score of the match.
    skus: Vec<(DocumentSet, f32)>,
    /// Similar words by word, looked up once for all steps.
    similar: HashMap<String, Vec<WeightedStem>>,
    /// The numbers of clauses that have to match in further steps. The last one is tried first.
    partial_counts: Vec<usize>,
    level: Option<MatchLevel>,
}

struct PlannedClause {
    is_number: bool,
    /// The words to look for among SKUs.
    code: Vec<String>,
    /// Products with the code in a SKU.
    skus: DocumentSet,
    words: Vec<PlannedWord>,
}

struct PlannedWord {
    text: String,
    writing: Writing,
    stem: String,
    /// Whether the index has the stem.
    is_known: bool,
    /// The words of the index that the word is a part of.
    joined: Vec<Alternative>,
    /// What to search for in the current step.
    alternatives: Vec<Alternative>,
}

impl PlannedClause {
    fn of(clause: QueryClause, lexicon: &Lexicon<'_>) -> tantivy::Result<Self> {
        let is_number = clause.is_number();
        let QueryClause { words, code } = clause;
        let skus = lexicon.products_with_sku(&sku_ranges(&code, CodeMatch::Part))?;
        let words = words.into_iter().map(|word| PlannedWord::of(word, lexicon)).collect::<tantivy::Result<_>>()?;
        Ok(Self { is_number, code, skus, words })
    }
}

impl PlannedWord {
    fn of(word: QueryWord, lexicon: &Lexicon<'_>) -> tantivy::Result<Self> {
        let QueryWord { text, writing, joined } = word;
        let stem = stem_of(&text);
        let is_known = lexicon.contains(&stem)?;
        let mut known = Vec::new();
        for joined in joined.iter().map(|joined| stem_of(joined)) {
            if lexicon.contains(&joined)? {
                known.push(exact(joined));
            }
        }
        Ok(Self { text, writing, stem, is_known, joined: known, alternatives: Vec::new() })
    }
}

impl<'a> QueryPlan<'a> {
    pub(crate) fn of(text: &str, lexicon: Lexicon<'a>) -> tantivy::Result<Self> {
        let clauses = query_clauses(text, MAX_WORDS);
        // Without a word other than numbers, products with some of the words are other products.
        let n = if clauses.iter().all(QueryClause::is_number) { 0 } else { clauses.len() };
        // The last one is tried first.
        let mut partial_counts = vec![1, n.div_ceil(2), n.saturating_sub(1)];
        partial_counts.retain(|some| (1..n).contains(some));
        partial_counts.dedup();
        let skus = if clauses.is_empty() { Vec::new() } else { products_by_sku(text, &lexicon)? };
        let clauses = clauses.into_iter().map(|clause| PlannedClause::of(clause, &lexicon));
        let clauses = clauses.collect::<tantivy::Result<_>>()?;
        Ok(Self { lexicon, clauses, skus, similar: HashMap::new(), partial_counts, level: None })
    }

    /// Tells whether the query has no words.
    pub(crate) fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// Returns the query of the next step, or `None` after the last one.
    pub(crate) fn next(&mut self) -> tantivy::Result<Option<(MatchLevel, Box<dyn TantivyQuery>)>> {
        let level = match self.level {
            None => MatchLevel::Exact,
            Some(MatchLevel::Exact) => MatchLevel::Fuzzy,
            Some(MatchLevel::Fuzzy | MatchLevel::Partial) => MatchLevel::Partial,
        };
        self.level = Some(level);
        let words = match level {
            MatchLevel::Exact | MatchLevel::Fuzzy => {
                self.find_alternatives(level)?;
                BooleanQuery::intersection(self.clauses.iter().map(|clause| self.clause_query(clause)).collect())
            }
            MatchLevel::Partial => match self.partial_counts.pop() {
                Some(some) => self.some_clauses(some),
                None => return Ok(None),
            },
        };
        Ok(Some((level, self.with_skus(Box::new(words)))))
    }

    /// Adds the products whose SKU is the text, before all others, and those with a SKU that begins with it.
    fn with_skus(&self, words: Box<dyn TantivyQuery>) -> Box<dyn TantivyQuery> {
        if self.skus.is_empty() {
            return words;
        }
        let skus = self.skus.iter().map(|(products, score)| scored(products, *score));
        Box::new(BooleanQuery::union(std::iter::once(words).chain(skus).collect()))
    }

    /// Matches so many clauses, one of which is not a single number.
    fn some_clauses(&self, required: usize) -> BooleanQuery {
        let of = |clauses: &mut dyn Iterator<Item = &PlannedClause>| {
            clauses.map(|clause| (Occur::Should, self.clause_query(clause))).collect::<Vec<_>>()
        };
        let some = BooleanQuery::with_minimum_required_clauses(of(&mut self.clauses.iter()), required);
        if !self.clauses.iter().any(|planned| planned.is_number) {
            return some;
        }
        let words = of(&mut self.clauses.iter().filter(|planned| !planned.is_number));
        let words = ConstScoreQuery::new(Box::new(BooleanQuery::new(words)), 0.0);
        BooleanQuery::intersection(vec![Box::new(some), Box::new(words)])
    }

    fn find_alternatives(&mut self, level: MatchLevel) -> tantivy::Result<()> {
        let last = self.clauses.len().saturating_sub(1);
        for clause in 0..self.clauses.len() {
            let words = self.clauses[clause].words.len();
            for word in 0..words {
                let is_last = clause == last && word + 1 == words;
                self.clauses[clause].words[word].alternatives = match level {
                    MatchLevel::Exact => self.exact_alternatives(clause, word, is_last)?,
                    MatchLevel::Fuzzy | MatchLevel::Partial => self.fuzzy_alternatives(clause, word, is_last)?,
                };
            }
        }
        Ok(())
    }

    /// The word itself, and the words that it is a part of, if the index has them. Otherwise the last word may be
    /// unfinished, and other words may be misspelt or be two words.
    fn exact_alternatives(&mut self, clause: usize, word: usize, is_last: bool) -> tantivy::Result<Vec<Alternative>> {
        let planned = &mut self.clauses[clause];
        let PlannedWord { text, writing, stem, is_known, joined, .. } = &planned.words[word];
        let own = is_known.then(|| exact(stem.clone()));
        let found: Vec<Alternative> = own.into_iter().chain(joined.clone()).collect();
        // A code with digits that is in a SKU is no word.
        let is_code = !planned.skus.is_empty() && planned.code.iter().any(|word| has_digit(word));
        if !found.is_empty() || is_code || *writing == Writing::Unspaced {
            return Ok(found);
        }
        let text = text.clone();
        let is_part = !planned.skus.is_empty();
        if !is_part {
            planned.skus = self.lexicon.products_with_sku(&sku_ranges(&planned.code, CodeMatch::Prefix))?;
        }
        let is_sku = !planned.skus.is_empty();
        let completions = if is_last { self.lexicon.completion_stems(&text)? } else { Vec::new() };
        // The beginning of a SKU may also be a misspelt word.
        if is_part || !completions.is_empty() || (is_sku && max_edits(&text) == 0) {
            return Ok(completions.into_iter().map(Alternative::Stem).collect());
        }
        let similar = self.similar(&text)?;
        if similar.is_empty() {
            return Ok(self.lexicon.halves(&text)?.map(Alternative::All).into_iter().collect());
        }
        Ok(similar.into_iter().map(Alternative::Stem).collect())
    }

    /// The word itself, and every word that may have been meant.
    fn fuzzy_alternatives(&mut self, clause: usize, word: usize, is_last: bool) -> tantivy::Result<Vec<Alternative>> {
        let PlannedWord { text, writing, stem, is_known, joined, .. } = &self.clauses[clause].words[word];
        let mut alternatives: Vec<Alternative> = [exact(stem.clone())].into_iter().chain(joined.clone()).collect();
        if *writing == Writing::Unspaced {
            return Ok(alternatives);
        }
        let (text, is_known) = (text.clone(), *is_known);
        let completions = if is_last { self.lexicon.completion_stems(&text)? } else { Vec::new() };
        for other in completions.into_iter().chain(self.similar(&text)?) {
            let is_same = |known: &Alternative| matches!(known, Alternative::Stem(known) if known.stem == other.stem);
            if !alternatives.iter().any(is_same) {
                alternatives.push(Alternative::Stem(other));
            }
        }
        if !is_known {
            alternatives.extend(self.lexicon.halves(&text)?.map(Alternative::All));
        }
        Ok(alternatives)
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

    /// Matches all words of the clause in the texts, or the clause in a SKU.
    fn clause_query(&self, planned: &PlannedClause) -> Box<dyn TantivyQuery> {
        let texts: Box<dyn TantivyQuery> = match planned.words.as_slice() {
            [word] => self.lexicon.in_any_text(&word.alternatives),
            words => {
                let words = words.iter().map(|word| self.lexicon.in_any_text(&word.alternatives));
                Box::new(BooleanQuery::intersection(words.collect()))
            }
        };
        match planned.skus.is_empty() {
            true => texts,
            false => Box::new(BooleanQuery::union(vec![texts, scored(&planned.skus, SKU_SCORE)])),
        }
    }
}

impl Lexicon<'_> {
    /// Matches any of the alternatives in any text. The weight depends on the text.
    pub(crate) fn in_any_text(&self, alternatives: &[Alternative]) -> Box<dyn TantivyQuery> {
        let mut places: Vec<Box<dyn TantivyQuery>> = Vec::new();
        for alternative in alternatives {
            match alternative {
                Alternative::Stem(WeightedStem { stem, weight }) => places.extend(self.places(stem, *weight)),
                Alternative::All(stems) => {
                    let parts = stems.iter().map(|stem| BooleanQuery::union(self.places(stem, PART_WEIGHT).collect()));
                    let parts = parts.map(|part| Box::new(part) as Box<dyn TantivyQuery>);
                    places.push(Box::new(BooleanQuery::intersection(parts.collect())));
                }
            }
        }
        Box::new(BooleanQuery::union(places))
    }

    fn places(&self, stem: &str, weight: f32) -> impl Iterator<Item = Box<dyn TantivyQuery>> {
        self.fields.texts.iter().map(move |(field, field_weight)| {
            let found = TermQuery::new(Term::from_field_text(*field, stem), IndexRecordOption::WithFreqs);
            Box::new(BoostQuery::new(Box::new(found), field_weight * weight)) as Box<dyn TantivyQuery>
        })
    }
}

fn exact(stem: String) -> Alternative {
    Alternative::Stem(WeightedStem { stem, weight: 1.0 })
}

/// Matches these products with this score.
pub(crate) fn scored(products: &DocumentSet, score: f32) -> Box<dyn TantivyQuery> {
    Box::new(ConstScoreQuery::new(Box::new(products.clone()), score))
}

fn sku_ranges(code: &[String], code_match: CodeMatch) -> Vec<TermRange> {
    let code: Vec<&str> = code.iter().map(String::as_str).collect();
    if code.is_empty() { Vec::new() } else { code_ranges(&code, code_match).into() }
}

/// Returns the products whose SKU is the text, and those with a SKU that begins with it or has a part that does. The beginning
/// needs a separator: a single word is looked for as a clause.
fn products_by_sku(text: &str, lexicon: &Lexicon<'_>) -> tantivy::Result<Vec<(DocumentSet, f32)>> {
    let whole = products_with_whole_sku(text, lexicon)?;
    let mut skus: Vec<_> = whole.into_iter().map(|products| (products, WHOLE_SKU_SCORE)).collect();
    let runs = runs(&fold(text));
    let is_code =
        runs.len() > 1 && runs[1..].iter().all(Run::is_attached) && runs.iter().all(|run| run.text.is_ascii());
    if is_code {
        let words: Vec<String> = runs.into_iter().map(|run| run.text).collect();
        let beginning = lexicon.products_with_sku(&sku_ranges(&words, CodeMatch::Prefix))?;
        skus.extend((!beginning.is_empty()).then_some((beginning, SKU_SCORE)));
    }
    Ok(skus)
}

/// Returns the products whose SKU is the text, and once more those that have the same separators in it.
pub(crate) fn products_with_whole_sku(text: &str, lexicon: &Lexicon<'_>) -> tantivy::Result<Vec<DocumentSet>> {
    let folded = fold(text);
    let runs = runs(&folded);
    let words: Vec<&str> = runs.iter().map(|run| run.text.as_str()).collect();
    let similar = lexicon.products_with_sku(&[whole_range(&words)])?;
    if similar.is_empty() {
        return Ok(Vec::new());
    }
    let term = whole_term(folded.trim());
    let same = term.map(|term| lexicon.products_with_sku(&[TermRange { to: format!("{term}\0"), from: term }]));
    let same = same.transpose()?.filter(|same| !same.is_empty());
    Ok(std::iter::once(similar).chain(same).collect())
}
