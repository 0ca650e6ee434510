//! An index in a folder, opened for searching. It never changes: a newer version is another folder and another `Index`.

use std::path::Path;
use std::sync::OnceLock;

use tantivy::directory::MmapDirectory;
use tantivy::query::EnableScoring;
use tantivy::schema::Value as _;
use tantivy::{DocAddress, IndexBuilder, ReloadPolicy, Searcher, SegmentReader, TantivyDocument};
use values::{Currency, Error, Result};

use crate::collector::{Collection, Collector, Columns};
use crate::facet_table::FacetTable;
use crate::facets::Facets;
use crate::filter::filter_by;
use crate::lexicon::Lexicon;
use crate::query::{Query, Sort, SortKey};
use crate::query_plan::{MatchLevel, QueryPlan};
use crate::schema::{Fields, schema};
use crate::tokenizers::tokenizers;

/// An index that can be searched. Share it by `Arc`.
pub struct Index {
    pub(crate) searcher: Searcher,
    pub(crate) fields: Fields,
    table: FacetTable,
    columns: Vec<Columns>,
    /// The facets of a search without words and filters, computed once.
    unfiltered_facets: OnceLock<Facets>,
}

/// One product of a search result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub sort_key: SortKey,
    /// The JSON of the product, as of its indexing.
    pub product_json: String,
}

/// The result of a search.
#[derive(Debug)]
pub struct SearchResult {
    /// The number of products on all pages.
    pub total: u64,
    /// The hits of this page.
    pub hits: Vec<Hit>,
    /// The sort key after which the next page begins; `None` on the last page.
    pub next: Option<SortKey>,
    /// Facets over all pages, with all categories.
    pub facets: Facets,
    /// How closely the hits match the words; `None` without words.
    pub match_level: Option<MatchLevel>,
}

impl Index {
    /// Opens the index in a folder. The currency decides the price bands.
    pub fn open(folder: &Path, currency: Currency) -> Result<Self> {
        Self::try_open(folder, currency).map_err(Error::internal)
    }

    /// Creates an empty index in memory.
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
        let (table, numbers) = FacetTable::build(&searcher, currency)?;
        let columns = searcher.segment_readers().iter().zip(numbers);
        let columns =
            columns.map(|(segment, numbers)| Columns::of(segment, numbers)).collect::<tantivy::Result<_>>()?;
        Ok(Self { searcher, fields, table, columns, unfiltered_facets: OnceLock::new() })
    }

    /// The number of products in the index.
    pub fn documents(&self) -> u64 {
        self.searcher.num_docs()
    }

    /// Returns a page of search results.
    pub fn find(&self, query: &Query) -> Result<SearchResult> {
        self.try_find(query).map_err(Error::internal)
    }

    fn try_find(&self, query: &Query) -> tantivy::Result<SearchResult> {
        if query.words.is_empty() {
            let collection = self.collect(query, filter_by(query, &self.fields, &self.table, None), false)?;
            return self.result(query, collection, None);
        }
        // A text without a word finds nothing. Returning all products would answer another question.
        let nothing = || Collection { total: 0, hits: Vec::new(), counters: Some(self.table.new_counters()) };
        let mut plan = QueryPlan::of(&query.words, self.lexicon())?;
        if plan.is_empty() {
            return self.result(query, nothing(), None);
        }
        let (mut last, is_filtered) = (None, !is_unfiltered(&Query { words: String::new(), ..query.clone() }));
        while let Some((match_level, words)) = plan.next()? {
            let filtered = filter_by(query, &self.fields, &self.table, Some(words.box_clone()));
            let collection = self.collect(query, filtered, true)?;
            let is_hit = collection.total > 0;
            last = Some((collection, match_level));
            // If products match these words but not the filters, other words are not tried.
            if is_hit || (is_filtered && words.count(&self.searcher)? > 0) {
                break;
            }
        }
        let (collection, match_level) = last.unzip();
        self.result(query, collection.unwrap_or_else(nothing), match_level)
    }

    pub(crate) fn table(&self) -> &FacetTable {
        &self.table
    }

    pub(crate) fn lexicon(&self) -> Lexicon<'_> {
        Lexicon { searcher: &self.searcher, fields: &self.fields }
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = (&SegmentReader, &Columns)> {
        self.searcher.segment_readers().iter().zip(&self.columns)
    }

    fn collect(
        &self,
        query: &Query,
        tantivy_query: Box<dyn tantivy::query::Query>,
        by_words: bool,
    ) -> tantivy::Result<Collection> {
        let by_score = by_words && query.sort == Sort::Relevance;
        let scoring = match by_score {
            true => EnableScoring::enabled_from_searcher(&self.searcher),
            false => EnableScoring::disabled_from_searcher(&self.searcher),
        };
        let with_facets = !(self.unfiltered_facets.get().is_some() && is_unfiltered(query));
        let collector = Collector { query, table: &self.table, by_score, with_facets };
        collector.collect(self.segments(), tantivy_query.weight(scoring)?.as_ref())
    }

    fn result(
        &self,
        query: &Query,
        collection: Collection,
        match_level: Option<MatchLevel>,
    ) -> tantivy::Result<SearchResult> {
        let Collection { total, mut hits, counters } = collection;
        let facets = match counters {
            Some(counters) if is_unfiltered(query) => {
                self.unfiltered_facets.get_or_init(|| self.table.facets(&counters, query)).clone()
            }
            Some(counters) => self.table.facets(&counters, query),
            None => self.unfiltered_facets.get().cloned().unwrap_or_default(),
        };
        let more = hits.len() > query.limit;
        hits.truncate(query.limit);
        let next = hits.last().filter(|_| more).map(|(key, _)| *key);
        let hits =
            hits.into_iter().map(|(sort_key, address)| Ok(Hit { sort_key, product_json: self.stored(address)?.1 }));
        Ok(SearchResult { total, hits: hits.collect::<tantivy::Result<_>>()?, next, facets, match_level })
    }

    /// Reads the name and the JSON of a document.
    pub(crate) fn stored(&self, address: DocAddress) -> tantivy::Result<(String, String)> {
        let document: TantivyDocument = self.searcher.doc(address)?;
        let text = |field| document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        Ok((text(self.fields.name), text(self.fields.product_json)))
    }
}

/// Tells whether the query matches every document. Its order and its page do not matter.
fn is_unfiltered(query: &Query) -> bool {
    let Query { words, categories, tags, brand, attributes, min_price, max_price, in_stock, min_rating, .. } = query;
    words.is_empty()
        && categories.is_empty()
        && tags.is_empty()
        && brand.is_none()
        && attributes.is_empty()
        && min_price.is_none()
        && max_price.is_none()
        && in_stock.is_none()
        && min_rating.is_none()
}
