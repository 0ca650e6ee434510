//! One pass over what matches: filters by number, counts, facets, and the best of a page, whatever the order.

use std::sync::Arc;

use tantivy::columnar::{Column, ColumnIndex, ColumnValues};
use tantivy::query::Weight;
use tantivy::{DocAddress, SegmentReader};

use crate::document::Rated;
use crate::facets::{Counters, Table};
use crate::query::{Place, Query, Sort};

/// The numbers of a segment's documents.
pub(crate) struct Columns {
    price: Arc<dyn ColumnValues<u64>>,
    rating: Arc<dyn ColumnValues<u64>>,
    stock: Arc<dyn ColumnValues<u64>>,
    high: Arc<dyn ColumnValues<u64>>,
    low: Arc<dyn ColumnValues<u64>>,
    facets: Option<Column<u64>>,
    /// Of each ordinal of the segment, its number in the table.
    numbers: Vec<u32>,
}

impl Columns {
    pub(crate) fn of(segment: &SegmentReader, numbers: Vec<u32>) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        let column = |name: &str| {
            let column = fast.u64(name)?;
            // Every document has each number, and then there is nothing between a document and its value.
            Ok::<_, tantivy::TantivyError>(match column.index {
                ColumnIndex::Full => column.values,
                _ => column.first_or_default_col(0),
            })
        };
        Ok(Self {
            price: column("price")?,
            rating: column("rating")?,
            stock: column("stock")?,
            high: column("id_high")?,
            low: column("id_low")?,
            facets: fast.str("facets")?.map(|column| column.ords().clone()),
            numbers,
        })
    }
}

/// What a pass brings.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// All that matched.
    pub(crate) total: u64,
    /// The best after the page before, one more than a page holds if there are so many.
    pub(crate) best: Vec<(Place, DocAddress)>,
    /// What was counted, if it was.
    pub(crate) counters: Option<Counters>,
}

/// Goes once over the documents that `weight` lets through.
pub(crate) struct Pass<'a> {
    pub(crate) query: &'a Query,
    pub(crate) table: &'a Table,
    /// By relevance and not by age.
    pub(crate) scored: bool,
    pub(crate) counted: bool,
}

impl Pass<'_> {
    pub(crate) fn over<'s>(
        &self,
        segments: impl Iterator<Item = (&'s SegmentReader, &'s Columns)>,
        weight: &dyn Weight,
    ) -> tantivy::Result<Gathered> {
        let mut state = Running {
            pass: self,
            total: 0,
            best: Best::of(self.query.limit + 1),
            counters: self.counted.then(|| self.table.counters()),
        };
        for (ordinal, (segment, columns)) in segments.enumerate() {
            let ordinal = ordinal as u32;
            let alive = segment.alive_bitset();
            if self.scored {
                weight.for_each(segment, &mut |document, score| {
                    if alive.is_none_or(|alive| alive.is_alive(document)) {
                        state.see(columns, ordinal, document, score);
                    }
                })?;
            } else {
                weight.for_each_no_score(segment, &mut |documents| {
                    for document in documents {
                        if alive.is_none_or(|alive| alive.is_alive(*document)) {
                            state.see(columns, ordinal, *document, 0.0);
                        }
                    }
                })?;
            }
        }
        Ok(Gathered { total: state.total, best: state.best.sorted(), counters: state.counters })
    }

    fn admits(&self, columns: &Columns, document: u32, price: u64) -> bool {
        let Query { min_price, max_price, in_stock, min_rating, .. } = self.query;
        min_price.is_none_or(|min| price >= min)
            && max_price.is_none_or(|max| price <= max)
            && in_stock.is_none_or(|wanted| (columns.stock.get_val(document) == 1) == wanted)
            && min_rating
                .is_none_or(|stars| Rated::hundredths_of(columns.rating.get_val(document)) >= u64::from(stars) * 100)
    }

    fn rank(&self, columns: &Columns, document: u32, price: u64, score: f32) -> u64 {
        match self.query.sort {
            // Positive floats sort as their bits do.
            Sort::Relevance => u64::from(score.max(0.0).to_bits()),
            Sort::Price => u64::MAX - price,
            Sort::PriceDown => price,
            Sort::Newest => 0,
            Sort::Rating => columns.rating.get_val(document),
        }
    }
}

struct Running<'a> {
    pass: &'a Pass<'a>,
    total: u64,
    best: Best,
    counters: Option<Counters>,
}

impl Running<'_> {
    fn see(&mut self, columns: &Columns, ordinal: u32, document: u32, score: f32) {
        let price = columns.price.get_val(document);
        if !self.pass.admits(columns, document, price) {
            return;
        }
        self.total += 1;
        if let Some(counters) = &mut self.counters {
            counters.bands[self.pass.table.band(price)] += 1;
            counters.rated(columns.rating.get_val(document));
            for value in columns.facets.iter().flat_map(|facets| facets.values_for_doc(document)) {
                if let Some(count) =
                    columns.numbers.get(value as usize).and_then(|number| counters.texts.get_mut(*number as usize))
                {
                    *count += 1;
                }
            }
        }
        self.rank(columns, ordinal, document, price, score);
    }

    fn rank(&mut self, columns: &Columns, ordinal: u32, document: u32, price: u64, score: f32) {
        let rank = self.pass.rank(columns, document, price, score);
        let worst = self.best.worst;
        // Most are out of question by their rank, without a look at the id.
        if worst.is_some_and(|worst| rank < worst.rank) || self.pass.query.after.is_some_and(|after| rank > after.rank)
        {
            return;
        }
        let high = columns.high.get_val(document);
        if worst.is_some_and(|worst| (rank, high) < (worst.rank, worst.high)) {
            return;
        }
        let place = Place { rank, high, low: columns.low.get_val(document) };
        if self.pass.query.after.is_none_or(|after| place < after) {
            self.best.add(place, DocAddress::new(ordinal, document));
        }
    }
}

/// The best so far, and up to as many that may still be among them: sorted out only now and then, because products lie in the
/// index as they were made, and the newest are asked for first.
struct Best {
    kept: usize,
    hits: Vec<(Place, DocAddress)>,
    /// What is behind this is not among the best.
    worst: Option<Place>,
}

impl Best {
    fn of(kept: usize) -> Self {
        Self { kept, hits: Vec::with_capacity(2 * kept), worst: None }
    }

    fn add(&mut self, place: Place, address: DocAddress) {
        self.hits.push((place, address));
        if self.hits.len() == 2 * self.kept {
            let (_, worst, _) = self.hits.select_nth_unstable_by(self.kept - 1, |a, b| b.cmp(a));
            self.worst = Some(worst.0);
            self.hits.truncate(self.kept);
        }
    }

    fn sorted(mut self) -> Vec<(Place, DocAddress)> {
        self.hits.sort_unstable_by(|a, b| b.cmp(a));
        self.hits.truncate(self.kept);
        self.hits
    }
}
