//! An index in a folder, opened to be searched. It does not change: a newer version is another folder and another `Index`.

use std::path::Path;
use std::sync::OnceLock;

use tantivy::directory::MmapDirectory;
use tantivy::query::EnableScoring;
use tantivy::schema::Value as _;
use tantivy::{DocAddress, IndexBuilder, ReloadPolicy, Searcher, SegmentReader, TantivyDocument};
use values::{Currency, Error, Result};

use crate::facets::{Facets, Table};
use crate::gather::{Columns, Gathered, Pass};
use crate::lexicon::Lexicon;
use crate::plan::{Plan, Step, within};
use crate::query::{Place, Query, Sort};
use crate::schema::{Fields, schema};
use crate::words::tokenizers;

/// An index that can be searched. Share it by `Arc`.
pub struct Index {
    pub(crate) searcher: Searcher,
    pub(crate) fields: Fields,
    table: Table,
    columns: Vec<Columns>,
    /// Of all there is, for whoever asks for nothing in particular.
    everything: OnceLock<Facets>,
}

/// One product that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the order.
    pub place: Place,
    /// What is shown of it, as it was indexed: JSON.
    pub shown: String,
}

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// All that matched, on all pages.
    pub total: u64,
    /// Those of this page.
    pub hits: Vec<Hit>,
    /// After which place the next page begins; none after the last.
    pub next: Option<Place>,
    /// Counts over all that matched.
    pub facets: Facets,
    /// How far it had to go; none when nothing was asked for in words.
    pub step: Option<Step>,
}

impl Index {
    /// Opens the index in a folder, in a shop of that currency.
    pub fn open(folder: &Path, currency: Currency) -> Result<Self> {
        Self::try_open(folder, currency).map_err(Error::internal)
    }

    /// An index with nothing in it.
    pub fn empty(currency: Currency) -> Result<Self> {
        let index = IndexBuilder::new().schema(schema()).tokenizers(tokenizers()).create_in_ram();
        index.and_then(|index| Self::of(index, currency)).map_err(Error::internal)
    }

    fn try_open(folder: &Path, currency: Currency) -> tantivy::Result<Self> {
        let mut index = tantivy::Index::open(MmapDirectory::open(folder)?)?;
        index.set_tokenizers(tokenizers());
        Self::of(index, currency)
    }

    fn of(index: tantivy::Index, currency: Currency) -> tantivy::Result<Self> {
        let fields = Fields::of(&index.schema())?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let searcher = reader.searcher();
        let (table, numbers) = Table::of(&searcher, currency)?;
        let columns = searcher.segment_readers().iter().zip(numbers);
        let columns =
            columns.map(|(segment, numbers)| Columns::of(segment, numbers)).collect::<tantivy::Result<_>>()?;
        Ok(Self { searcher, fields, table, columns, everything: OnceLock::new() })
    }

    /// Products in it.
    pub fn documents(&self) -> u64 {
        self.searcher.num_docs()
    }

    /// What a query finds, a page of it.
    pub fn find(&self, query: &Query) -> Result<Found> {
        self.try_find(query).map_err(Error::internal)
    }

    fn try_find(&self, query: &Query) -> tantivy::Result<Found> {
        if query.words.is_empty() {
            let gathered = self.gather(query, within(query, &self.fields, None), false)?;
            return self.found(query, gathered, None);
        }
        // With nothing in it that is a word, nothing is what was asked for: everything would be the answer to another question.
        let nothing = || Gathered { total: 0, best: Vec::new(), counters: Some(self.table.counters()) };
        let mut plan = Plan::of(&query.words, self.lexicon());
        if plan.is_empty() {
            return self.found(query, nothing(), None);
        }
        let (mut last, is_filtered) = (None, !is_everything(&Query { words: String::new(), ..query.clone() }));
        while let Some((step, words)) = plan.next()? {
            let gathered = self.gather(query, within(query, &self.fields, Some(words.box_clone())), true)?;
            let is_hit = gathered.total > 0;
            last = Some((gathered, step));
            // Words that have their products, none of which the filters let through, are not mistaken for others.
            if is_hit || (is_filtered && words.count(&self.searcher)? > 0) {
                break;
            }
        }
        let (gathered, step) = last.unzip();
        self.found(query, gathered.unwrap_or_else(nothing), step)
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    pub(crate) fn lexicon(&self) -> Lexicon<'_> {
        Lexicon { searcher: &self.searcher, fields: &self.fields }
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = (&SegmentReader, &Columns)> {
        self.searcher.segment_readers().iter().zip(&self.columns)
    }

    fn gather(&self, query: &Query, asks: Box<dyn tantivy::query::Query>, by_words: bool) -> tantivy::Result<Gathered> {
        let scored = by_words && query.sort == Sort::Relevance;
        let scoring = match scored {
            true => EnableScoring::enabled_from_searcher(&self.searcher),
            false => EnableScoring::disabled_from_searcher(&self.searcher),
        };
        let counted = !(self.everything.get().is_some() && is_everything(query));
        let pass = Pass { query, table: &self.table, scored, counted };
        pass.over(self.segments(), asks.weight(scoring)?.as_ref())
    }

    fn found(&self, query: &Query, gathered: Gathered, step: Option<Step>) -> tantivy::Result<Found> {
        let Gathered { total, mut best, counters } = gathered;
        let facets = match counters {
            Some(counters) if is_everything(query) => {
                self.everything.get_or_init(|| self.table.told(&counters)).clone()
            }
            Some(counters) => self.table.told(&counters),
            None => self.everything.get().cloned().unwrap_or_default(),
        };
        let more = best.len() > query.limit;
        best.truncate(query.limit);
        let next = best.last().filter(|_| more).map(|(place, _)| *place);
        let hits = best.into_iter().map(|(place, address)| Ok(Hit { place, shown: self.stored(address)?.1 }));
        Ok(Found { total, hits: hits.collect::<tantivy::Result<_>>()?, next, facets, step })
    }

    /// Name and shown JSON of a document.
    pub(crate) fn stored(&self, address: DocAddress) -> tantivy::Result<(String, String)> {
        let document: TantivyDocument = self.searcher.doc(address)?;
        let text = |field| document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        Ok((text(self.fields.name), text(self.fields.shown)))
    }
}

/// Does the query let every document through? Its order and its page do not matter.
fn is_everything(query: &Query) -> bool {
    let Query { words, categories, tag, brand, attributes, min_price, max_price, in_stock, min_rating, .. } = query;
    words.is_empty()
        && categories.is_empty()
        && tag.is_none()
        && brand.is_none()
        && attributes.is_empty()
        && min_price.is_none()
        && max_price.is_none()
        && in_stock.is_none()
        && min_rating.is_none()
}
