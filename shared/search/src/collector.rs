//! Collects a search result in one pass over the matching documents: numeric filters, counts, facets, and the first
//! hits of a page in any order.

use std::sync::Arc;

use tantivy::columnar::{Column, ColumnIndex, ColumnValues};
use tantivy::query::Weight;
use tantivy::{DocAddress, SegmentReader};

use crate::document::Rating;
use crate::facet_table::{Counters, FacetTable};
use crate::query::{Query, Sort, SortKey};
use crate::variants::{ALL_VARIANTS, VariantColumns, VariantFilter, Variants};

/// The columns of a segment.
pub(crate) struct Columns {
    price: Arc<dyn ColumnValues<u64>>,
    stock: Arc<dyn ColumnValues<u64>>,
    variants: VariantColumns,
    rating: Arc<dyn ColumnValues<u64>>,
    high: Arc<dyn ColumnValues<u64>>,
    low: Arc<dyn ColumnValues<u64>>,
    facets: Option<Column<u64>>,
    /// The number in the facet table for each ordinal of the segment.
    facet_numbers: Vec<u32>,
}

impl Columns {
    pub(crate) fn of(segment: &SegmentReader, facet_numbers: Vec<u32>) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        let column = |name: &str| {
            let column = fast.u64(name)?;
            // Every document has a value in each column, so values can be read without an index from documents to
            // values.
            Ok::<_, tantivy::TantivyError>(match column.index {
                ColumnIndex::Full => column.values,
                _ => column.first_or_default_col(0),
            })
        };
        Ok(Self {
            price: column("price")?,
            stock: column("stock")?,
            variants: VariantColumns::of(segment)?,
            rating: column("rating")?,
            high: column("id_high")?,
            low: column("id_low")?,
            facets: fast.str("facets")?.map(|column| column.ords().clone()),
            facet_numbers,
        })
    }

    /// The numbers of the facet values of a document, in the order in which it was written.
    fn facets(&self, document: u32) -> impl Iterator<Item = u32> {
        let ordinals = self.facets.iter().flat_map(move |facets| facets.values_for_doc(document));
        ordinals.filter_map(|ordinal| self.facet_numbers.get(ordinal as usize).copied())
    }
}

/// The outcome of a pass.
#[derive(Debug)]
pub(crate) struct Collection {
    /// The number of documents that matched.
    pub(crate) total: u64,
    /// The first hits after the page before, in order. There is one more than a page holds if a next page exists.
    pub(crate) hits: Vec<(SortKey, DocAddress)>,
    /// The counts of the facets, if they were requested.
    pub(crate) counters: Option<Counters>,
}

/// Collects the documents that a query matches.
pub(crate) struct Collector<'a> {
    pub(crate) query: &'a Query,
    pub(crate) table: &'a FacetTable,
    /// Hits are sorted by relevance and not by age.
    pub(crate) by_score: bool,
    pub(crate) with_facets: bool,
}

impl Collector<'_> {
    pub(crate) fn collect<'s>(
        &self,
        segments: impl Iterator<Item = (&'s SegmentReader, &'s Columns)>,
        weight: &dyn Weight,
    ) -> tantivy::Result<Collection> {
        let mut state = CollectorState {
            collector: self,
            filter: VariantFilter::of(self.query, self.table),
            variants: Variants::default(),
            total: 0,
            hits: TopHits::new(self.query.limit + 1),
            counters: self.with_facets.then(|| self.table.new_counters()),
        };
        for (ordinal, (segment, columns)) in segments.enumerate() {
            let ordinal = ordinal as u32;
            let live = segment.alive_bitset();
            if self.by_score {
                weight.for_each(segment, &mut |document, score| {
                    if live.is_none_or(|live| live.is_alive(document)) {
                        state.add(columns, ordinal, document, score);
                    }
                })?;
            } else {
                weight.for_each_no_score(segment, &mut |documents| {
                    for document in documents {
                        if live.is_none_or(|live| live.is_alive(*document)) {
                            state.add(columns, ordinal, *document, 0.0);
                        }
                    }
                })?;
            }
        }
        Ok(Collection { total: state.total, hits: state.hits.into_sorted(), counters: state.counters })
    }

    fn has_rating(&self, columns: &Columns, document: u32) -> bool {
        let hundredths = || Rating::hundredths_in(columns.rating.get_val(document));
        self.query.min_rating.is_none_or(|stars| hundredths() >= u64::from(stars) * 100)
    }

    fn rank(&self, columns: &Columns, document: u32, price: u64, score: f32) -> u64 {
        match self.query.sort {
            // The bits of positive floats sort like the floats themselves.
            Sort::Relevance => u64::from(score.max(0.0).to_bits()),
            Sort::Price => u64::MAX - price,
            Sort::PriceDown => price,
            Sort::Newest => 0,
            Sort::Rating => columns.rating.get_val(document),
        }
    }
}

struct CollectorState<'a> {
    collector: &'a Collector<'a>,
    filter: VariantFilter,
    /// The variants of the current document.
    variants: Variants,
    total: u64,
    hits: TopHits,
    counters: Option<Counters>,
}

impl CollectorState<'_> {
    fn add(&mut self, columns: &Columns, ordinal: u32, document: u32, score: f32) {
        if !self.collector.has_rating(columns, document) {
            return;
        }
        let price = columns.price.get_val(document);
        let has_variants = self.variants.read(document, &columns.variants, &self.filter, || columns.facets(document));
        let is_found = match has_variants {
            true => self.count_variants(columns, document),
            false => self.count_single(columns, document, price),
        };
        if is_found {
            self.total += 1;
            // A customer who wants size 41 compares the prices of size 41.
            let by_price = matches!(self.collector.query.sort, Sort::Price | Sort::PriceDown);
            let of_variants = if has_variants && by_price { self.variants.lowest_price(&self.filter) } else { None };
            self.add_hit(columns, ordinal, document, of_variants.unwrap_or(price), score);
        }
    }

    /// Counts a product with one SKU; returns whether it is found.
    fn count_single(&mut self, columns: &Columns, document: u32, price: u64) -> bool {
        if !self.filter.accepts(price, || columns.stock.get_val(document) == 1) {
            return false;
        }
        if let Some(counters) = &mut self.counters {
            counters.bands[self.collector.table.band(price)] += 1;
            counters.count_rating(columns.rating.get_val(document));
            for number in columns.facets(document) {
                counters.count_value(number);
            }
        }
        true
    }

    /// Counts a product with variants for each value with which a search would find it; returns whether it is found. It may be
    /// counted without being found: a shoe that is in stock is not out of stock, but its 40 may be.
    fn count_variants(&mut self, columns: &Columns, document: u32) -> bool {
        let (variants, filter) = (&self.variants, &self.filter);
        let is_found = variants.is_found(filter, ALL_VARIANTS);
        let Some(counters) = self.counters.as_mut().filter(|_| variants.may_be_found(filter)) else { return is_found };
        if is_found {
            counters.count_rating(columns.rating.get_val(document));
        }
        for (position, number) in columns.facets(document).enumerate() {
            if variants.is_found(filter, variants.of_value(position)) {
                counters.count_value(number);
            }
        }
        for (count, variants_of_band) in counters.bands.iter_mut().zip(variants.bands(self.collector.table)) {
            *count += u32::from(variants.is_found(filter, variants_of_band));
        }
        is_found
    }

    fn add_hit(&mut self, columns: &Columns, ordinal: u32, document: u32, price: u64, score: f32) {
        let rank = self.collector.rank(columns, document, price, score);
        let last = self.hits.last;
        // Most documents are excluded by their rank, so their id is not read.
        if last.is_some_and(|last| rank < last.rank)
            || self.collector.query.after.is_some_and(|after| rank > after.rank)
        {
            return;
        }
        let high = columns.high.get_val(document);
        if last.is_some_and(|last| (rank, high) < (last.rank, last.high)) {
            return;
        }
        let key = SortKey { rank, high, low: columns.low.get_val(document) };
        if self.collector.query.after.is_none_or(|after| key < after) {
            self.hits.add(key, DocAddress::new(ordinal, document));
        }
    }
}

/// The first hits so far, and as many further candidates again. Candidates are sorted out only now and then: documents
/// lie in the index in the order of their creation, and most searches ask for the newest first.
struct TopHits {
    capacity: usize,
    hits: Vec<(SortKey, DocAddress)>,
    /// A hit after this key is not among the first hits.
    last: Option<SortKey>,
}

impl TopHits {
    fn new(capacity: usize) -> Self {
        Self { capacity, hits: Vec::with_capacity(2 * capacity), last: None }
    }

    fn add(&mut self, key: SortKey, address: DocAddress) {
        self.hits.push((key, address));
        if self.hits.len() == 2 * self.capacity {
            let (_, last, _) = self.hits.select_nth_unstable_by(self.capacity - 1, |a, b| b.cmp(a));
            self.last = Some(last.0);
            self.hits.truncate(self.capacity);
        }
    }

    fn into_sorted(mut self) -> Vec<(SortKey, DocAddress)> {
        self.hits.sort_unstable_by(|a, b| b.cmp(a));
        self.hits.truncate(self.capacity);
        self.hits
    }
}
