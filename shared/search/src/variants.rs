//! Filters look at one variant: a shoe matches `size:40` and `inStock` only if its 40 is in stock. The same holds for facets:
//! a value counts for a product if the product is found with the value as one more filter.

use tantivy::SegmentReader;
use tantivy::columnar::Column;

use crate::document::VariantOffer;
use crate::document_facets::FacetKind;
use crate::facet_table::{BANDS, FacetTable};
use crate::query::Query;

/// The bits of all variants.
pub(crate) const ALL_VARIANTS: u64 = u64::MAX;

/// The filters that look at variants.
pub(crate) struct VariantFilter {
    /// Attribute values, as numbers of the facet table. A document that comes here has each of them in one of its variants.
    attributes: Vec<u32>,
    min_price: u64,
    max_price: u64,
    in_stock: Option<bool>,
}

impl VariantFilter {
    pub(crate) fn of(query: &Query, table: &FacetTable) -> Self {
        let attributes = query.attributes.iter();
        Self {
            attributes: attributes.filter_map(|value| table.number(FacetKind::Attribute, value)).collect(),
            min_price: query.min_price.unwrap_or(0),
            max_price: query.max_price.unwrap_or(u64::MAX),
            in_stock: query.in_stock,
        }
    }

    /// Tells whether a product with one SKU, which has the attributes, matches.
    pub(crate) fn accepts(&self, price: u64, is_in_stock: impl FnOnce() -> bool) -> bool {
        self.accepts_price(price) && self.in_stock.is_none_or(|wanted| is_in_stock() == wanted)
    }

    fn accepts_price(&self, price: u64) -> bool {
        (self.min_price..=self.max_price).contains(&price)
    }
}

/// The columns of a segment with variants. A column without a value is missing.
pub(crate) struct VariantColumns {
    offers: Option<Column<u64>>,
    option_bits: Option<Column<u64>>,
}

impl VariantColumns {
    pub(crate) fn of(segment: &SegmentReader) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        Ok(Self { offers: fast.column_opt("offers")?, option_bits: fast.column_opt("option_bits")? })
    }
}

/// The variants of one document.
#[derive(Debug, Default)]
pub(crate) struct Variants {
    offers: Vec<VariantOffer>,
    /// Of each facet value of the document: the bits of the variants that have it. Further values belong to all variants.
    option_bits: Vec<u64>,
    /// The variants with all attributes of the filter and a price within its bounds.
    matching: u64,
    in_stock: u64,
}

impl Variants {
    /// Reads the variants of a document; returns false if it has one SKU. `facets` returns the numbers of its facet values.
    pub(crate) fn read<I: Iterator<Item = u32>>(
        &mut self,
        document: u32,
        columns: &VariantColumns,
        filter: &VariantFilter,
        facets: impl Fn() -> I,
    ) -> bool {
        let Some(offers) = &columns.offers else { return false };
        self.offers.clear();
        self.offers.extend(offers.values_for_doc(document).map(VariantOffer::unpacked));
        if self.offers.is_empty() {
            return false;
        }
        self.option_bits.clear();
        self.option_bits.extend(columns.option_bits.iter().flat_map(|bits| bits.values_for_doc(document)));
        self.matching = bits(&self.offers, |offer| filter.accepts_price(offer.price));
        self.in_stock = bits(&self.offers, |offer| offer.in_stock);
        for attribute in &filter.attributes {
            let position = facets().position(|number| number == *attribute);
            self.matching &= position.map_or(0, |position| self.of_value(position));
        }
        true
    }

    /// The bits of the variants that have the facet value at a position.
    pub(crate) fn of_value(&self, position: usize) -> u64 {
        self.option_bits.get(position).copied().unwrap_or(ALL_VARIANTS)
    }

    /// Tells whether a search finds the document if only these variants count. Out of stock means that none of the variants
    /// that match otherwise is in stock.
    pub(crate) fn is_found(&self, filter: &VariantFilter, variants: u64) -> bool {
        let matching = self.matching & variants;
        match filter.in_stock {
            None => matching != 0,
            Some(true) => matching & self.in_stock != 0,
            Some(false) => matching != 0 && matching & self.in_stock == 0,
        }
    }

    /// Tells whether a search may find the document if it looks at fewer variants.
    pub(crate) fn may_be_found(&self, filter: &VariantFilter) -> bool {
        match filter.in_stock {
            None => self.matching != 0,
            Some(true) => self.matching & self.in_stock != 0,
            Some(false) => self.matching & !self.in_stock != 0,
        }
    }

    /// The lowest price of the variants that a search finds.
    pub(crate) fn lowest_price(&self, filter: &VariantFilter) -> Option<u64> {
        let found = match filter.in_stock {
            Some(true) => self.matching & self.in_stock,
            _ => self.matching,
        };
        let offers = self.offers.iter().enumerate().filter(|(number, _)| found >> number & 1 == 1);
        offers.map(|(_, offer)| offer.price).min()
    }

    /// The bits of the variants in each price band of the table.
    pub(crate) fn bands(&self, table: &FacetTable) -> [u64; BANDS] {
        let mut bands = [0; BANDS];
        for (number, offer) in self.offers.iter().enumerate() {
            bands[table.band(offer.price)] |= 1 << number;
        }
        bands
    }
}

fn bits(offers: &[VariantOffer], is_set: impl Fn(&VariantOffer) -> bool) -> u64 {
    let set = offers.iter().enumerate().filter(|(_, offer)| is_set(offer));
    set.fold(0, |bits, (number, _)| bits | 1 << number)
}
