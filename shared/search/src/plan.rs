//! From words and filters to what the index is asked, step by step: as it was typed, then forgiving mistakes, then with fewer
//! of the words. The first step that finds anything ends it.

use std::collections::HashMap;

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query as Asks, TermQuery, TermSetQuery,
};
use tantivy::schema::IndexRecordOption;

use crate::document::Kind;
use crate::lexicon::{Lexicon, Sought, forgiven};
use crate::query::Query;
use crate::schema::Fields;
use crate::words::{asked, stem};

/// Words of a query that are looked at.
const MOST_WORDS: usize = 16;
/// Words of a query for which near ones are looked up: it is by far the dearest thing to do for a word, and who mistypes has
/// mistyped few. The words after them are what they are, and the query still finds what has the others.
const MOST_CORRECTED: usize = 6;

/// How far a search had to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Every word, as it was typed; only unknown words were taken for others.
    Typed,
    /// Every word, or one near to it.
    Forgiving,
    /// Some of the words.
    Fewer,
}

/// What stands for each word of a query.
pub(crate) struct Plan<'a> {
    lexicon: Lexicon<'a>,
    words: Vec<String>,
    sought: Vec<Vec<Sought>>,
    /// What is near to a word, looked up once for all steps.
    near: HashMap<String, Vec<Sought>>,
    /// How many of the words have to match, in the order of trying.
    fewer: Vec<usize>,
    step: Option<Step>,
}

impl<'a> Plan<'a> {
    pub(crate) fn of(words: &str, lexicon: Lexicon<'a>) -> Self {
        let words = asked(words, MOST_WORDS);
        let n = words.len();
        // Tried from the back.
        let mut fewer = vec![1, n.div_ceil(2), n.saturating_sub(1)];
        fewer.retain(|some| (1..n).contains(some));
        fewer.dedup();
        Self { lexicon, words, sought: Vec::new(), near: HashMap::new(), fewer, step: None }
    }

    /// Is nothing asked for in words?
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The next thing to ask for, if there is one.
    pub(crate) fn next(&mut self) -> tantivy::Result<Option<(Step, Box<dyn Asks>)>> {
        let step = match self.step {
            None => Step::Typed,
            Some(Step::Typed) => Step::Forgiving,
            Some(Step::Forgiving | Step::Fewer) => Step::Fewer,
        };
        self.step = Some(step);
        let required = match step {
            Step::Typed => {
                self.sought = self.each(Self::typed)?;
                self.words.len()
            }
            Step::Forgiving => {
                self.sought = self.each(Self::forgiving)?;
                self.words.len()
            }
            Step::Fewer => match self.fewer.pop() {
                Some(some) => some,
                None => return Ok(None),
            },
        };
        let clauses = self.sought.iter().map(|sought| (Occur::Should, self.anywhere(sought)));
        let asks = BooleanQuery::with_minimum_required_clauses(clauses.collect(), required);
        Ok(Some((step, Box::new(asks))))
    }

    fn each(
        &mut self,
        stands_for: impl Fn(&mut Self, bool, &str) -> tantivy::Result<Vec<Sought>>,
    ) -> tantivy::Result<Vec<Vec<Sought>>> {
        let words = self.words.clone();
        let last = words.len().saturating_sub(1);
        words.iter().enumerate().map(|(index, word)| stands_for(self, index == last, word)).collect()
    }

    /// The word itself, if it is known. If not: the last word may not be finished, others are mistyped.
    fn typed(&mut self, is_last: bool, word: &str) -> tantivy::Result<Vec<Sought>> {
        let stem = stem(word);
        if self.lexicon.knows(&stem)? {
            return Ok(vec![Sought { stem, worth: 1.0 }]);
        }
        let begun = if is_last { self.lexicon.goes_on(word)? } else { Vec::new() };
        if begun.is_empty() { self.near(word) } else { Ok(begun) }
    }

    /// The word itself, and whatever it may have been meant for.
    fn forgiving(&mut self, is_last: bool, word: &str) -> tantivy::Result<Vec<Sought>> {
        let begun = if is_last { self.lexicon.goes_on(word)? } else { Vec::new() };
        let others = begun.into_iter().chain(self.near(word)?);
        let own = Sought { stem: stem(word), worth: 1.0 };
        Ok(others.fold(vec![own], |mut sought, other| {
            if sought.iter().all(|known| known.stem != other.stem) {
                sought.push(other);
            }
            sought
        }))
    }

    fn near(&mut self, word: &str) -> tantivy::Result<Vec<Sought>> {
        if let Some(near) = self.near.get(word) {
            return Ok(near.clone());
        }
        if forgiven(word) == 0 || self.near.len() == MOST_CORRECTED {
            return Ok(Vec::new());
        }
        let near = self.lexicon.near(word)?;
        self.near.insert(word.to_owned(), near.clone());
        Ok(near)
    }

    /// Any of these stems in any text, each weighed by where it stands.
    pub(crate) fn anywhere(&self, sought: &[Sought]) -> Box<dyn Asks> {
        let places = sought.iter().flat_map(|sought| {
            self.lexicon.fields.texts.iter().map(move |(field, weight)| {
                let term = Term::from_field_text(*field, &sought.stem);
                let found = TermQuery::new(term, IndexRecordOption::WithFreqs);
                Box::new(BoostQuery::new(Box::new(found), weight * sought.worth)) as Box<dyn Asks>
            })
        });
        Box::new(BooleanQuery::union(places.collect()))
    }
}

/// What matches of `words`, or everything, among what has the category, the tag, the brand and the attributes asked for.
pub(crate) fn within(query: &Query, fields: &Fields, words: Option<Box<dyn Asks>>) -> Box<dyn Asks> {
    let has = |text: String| Term::from_field_text(fields.facets, &text);
    let one = |text| Box::new(TermQuery::new(has(text), IndexRecordOption::Basic)) as Box<dyn Asks>;
    let mut filters: Vec<Box<dyn Asks>> = Vec::new();
    match query.categories.as_slice() {
        [] => {}
        [category] => filters.push(one(Kind::Category.text(category))),
        several => {
            let terms = several.iter().map(|category| has(Kind::Category.text(category)));
            filters.push(Box::new(TermSetQuery::new(terms)));
        }
    }
    filters.extend(query.tag.iter().map(|tag| one(Kind::Tag.text(tag))));
    filters.extend(query.brand.iter().map(|brand| one(Kind::Brand.text(brand))));
    filters.extend(query.attributes.iter().map(|(name, value)| one(Kind::attribute(name, value))));
    if filters.is_empty() {
        return words.unwrap_or_else(|| Box::new(AllQuery));
    }
    // A filter says nothing of how well a document matches.
    let silent = filters.into_iter().map(|filter| Box::new(ConstScoreQuery::new(filter, 0.0)) as Box<dyn Asks>);
    Box::new(BooleanQuery::intersection(words.into_iter().chain(silent).collect()))
}
