//! All facet values of an index, numbered across its segments. Counting and filtering then work with numbers instead of texts.
//! Spellings of one value, such as `Tea` and `tea`, have one number.

use std::collections::HashMap;

use tantivy::{Searcher, SegmentReader};
use values::{Currency, comparison_key};

use crate::document::Rating;
use crate::document_facets::{FacetKind, facet_key};
use crate::facets::{AttributeFacet, FacetCount, Facets, MAX_VALUES, PriceBand, RatingCount};
use crate::query::Query;
use crate::schema::SEPARATOR;

/// Prices in major units at which one price band ends and the next begins.
const BAND_BOUNDS: [u64; 7] = [10, 25, 50, 100, 250, 500, 1000];
pub(crate) const BANDS: usize = BAND_BOUNDS.len() + 1;
/// Groups before those of attributes: category, tag, brand.
const FIXED: usize = 3;

/// All facet values.
#[derive(Debug, Default)]
pub(crate) struct FacetTable {
    values: Vec<FacetValue>,
    /// The number of each value, by its key.
    numbers: HashMap<Box<str>, u32>,
    /// The names of attributes as they are shown.
    attributes: Vec<String>,
    bounds: [u64; BAND_BOUNDS.len()],
}

#[derive(Debug)]
struct FacetValue {
    /// The texts in the index. The first one is shown.
    spellings: Vec<Box<str>>,
    /// The facet: 0 category, 1 tag, 2 brand, 3 and above attributes.
    group: usize,
}

impl FacetValue {
    fn shown(&self) -> &str {
        self.spellings.first().and_then(|text| text.get(1..)).unwrap_or_default()
    }
}

/// The values of a facet with a count above zero.
type Group<'a> = Vec<(u32, &'a str)>;

impl FacetTable {
    /// Builds the table of an index. Also returns for each segment the number of each of its ordinals.
    pub(crate) fn build(searcher: &Searcher, currency: Currency) -> tantivy::Result<(Self, Vec<Vec<u32>>)> {
        let major = 10u64.pow(currency.exponent());
        let mut table = Self { bounds: BAND_BOUNDS.map(|bound| bound * major), ..Self::default() };
        let mut builder = TableBuilder { table: &mut table, texts: HashMap::new(), names: HashMap::new() };
        let segments = searcher.segment_readers().iter().map(|segment| builder.add(segment));
        let numbers = segments.collect::<tantivy::Result<_>>()?;
        Ok((table, numbers))
    }

    /// The number of a value, as a filter writes it; `None` if no product ever had it.
    pub(crate) fn number(&self, kind: FacetKind, value: &str) -> Option<u32> {
        self.numbers.get(kind.key(value).as_str()).copied()
    }

    /// The texts in the index of a value, as a filter writes it.
    pub(crate) fn spellings(&self, kind: FacetKind, value: &str) -> &[Box<str>] {
        self.number(kind, value).map_or(&[], |number| &self.values[number as usize].spellings)
    }

    /// Returns counters that are all zero.
    pub(crate) fn new_counters(&self) -> Counters {
        Counters { values: vec![0; self.values.len()], bands: [0; BANDS], stars: [0; 4] }
    }

    /// Returns the number of the band of a price.
    pub(crate) fn band(&self, price: u64) -> usize {
        self.bounds.iter().take_while(|bound| **bound <= price).count()
    }

    /// Returns the facets with these counts, with all categories. What is offered narrows the results of the query: a value
    /// that would widen them again is left out.
    pub(crate) fn facets(&self, counters: &Counters, query: &Query) -> Facets {
        let mut groups: Vec<Group<'_>> = vec![Vec::new(); FIXED + self.attributes.len()];
        for (value, count) in self.values.iter().zip(&counters.values).filter(|(_, count)| **count > 0) {
            groups[value.group].push((*count, value.shown()));
        }
        let mut groups = groups.into_iter();
        let mut next = |max| groups.next().map(|group| most_frequent(group, max)).unwrap_or_default();
        let (category, tag, brand) = (next(usize::MAX), next(MAX_VALUES), next(MAX_VALUES));
        let mut attributes: Vec<(u32, &String, Group<'_>)> = groups
            .zip(&self.attributes)
            .map(|(group, name)| (group.iter().map(|(count, _)| count).sum(), name, group))
            .filter(|(count, _, _)| *count > 0)
            .collect();
        attributes.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        attributes.truncate(MAX_VALUES);
        let attributes = attributes.into_iter().map(|(_, name, group)| {
            let values = group.into_iter().filter_map(|(count, text)| Some((count, text.split_once(SEPARATOR)?.1)));
            AttributeFacet { name: name.clone(), values: most_frequent(values.collect(), MAX_VALUES) }
        });
        Facets {
            category,
            tag,
            brand,
            price: self.price_bands(counters, query),
            rating: rating_counts(counters, query),
            attributes: attributes.collect(),
        }
    }

    /// The bands within the price filter of the query.
    fn price_bands(&self, counters: &Counters, query: &Query) -> Vec<PriceBand> {
        let from = std::iter::once(0).chain(self.bounds);
        let to = self.bounds.iter().map(|bound| Some(bound - 1)).chain([None]);
        let bands = from.zip(to).zip(counters.bands).filter(|(_, count)| *count > 0);
        let bands = bands.map(|((from, to), count)| PriceBand {
            min_price: query.min_price.map_or(from, |min| min.max(from)),
            max_price: to.into_iter().chain(query.max_price).min(),
            count,
        });
        bands.collect()
    }
}

struct TableBuilder<'a> {
    table: &'a mut FacetTable,
    /// The numbers of texts.
    texts: HashMap<Box<str>, u32>,
    /// The groups of attributes, by the key of their name.
    names: HashMap<String, usize>,
}

impl TableBuilder<'_> {
    fn add(&mut self, segment: &SegmentReader) -> tantivy::Result<Vec<u32>> {
        let Some(column) = segment.fast_fields().str("facets")? else { return Ok(Vec::new()) };
        let mut numbers = Vec::with_capacity(column.num_terms());
        let mut stream = column.dictionary().stream()?;
        while stream.advance() {
            let text = String::from_utf8_lossy(stream.key());
            numbers.push(match self.texts.get(&*text) {
                Some(number) => *number,
                None => self.add_text(&text),
            });
        }
        Ok(numbers)
    }

    fn add_text(&mut self, text: &str) -> u32 {
        let key = facet_key(text);
        let number = match self.table.numbers.get(key.as_str()) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.table.values.len()).unwrap_or(u32::MAX);
                let group = self.group(text);
                self.table.values.push(FacetValue { spellings: Vec::new(), group });
                self.table.numbers.insert(key.into(), number);
                number
            }
        };
        self.table.values[number as usize].spellings.push(text.into());
        self.texts.insert(text.into(), number);
        number
    }

    fn group(&mut self, text: &str) -> usize {
        match text.split_at_checked(1) {
            Some(("t", _)) => 1,
            Some(("b", _)) => 2,
            Some(("a", attribute)) => {
                let name = attribute.split(SEPARATOR).next().unwrap_or_default();
                let attributes = &mut self.table.attributes;
                *self.names.entry(comparison_key(name)).or_insert_with(|| {
                    attributes.push(name.to_owned());
                    FIXED + attributes.len() - 1
                })
            }
            _ => 0,
        }
    }
}

/// The counts of one pass over the documents.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) values: Vec<u32>,
    pub(crate) bands: [u32; BANDS],
    /// Average ratings from 1 to below 2, 2 to 3, 3 to 4, and 4 and above.
    pub(crate) stars: [u32; 4],
}

impl Counters {
    /// Counts a product for the value with this number.
    pub(crate) fn count_value(&mut self, number: u32) {
        if let Some(count) = self.values.get_mut(number as usize) {
            *count += 1;
        }
    }

    /// Counts the rating of a product, if it has one.
    pub(crate) fn count_rating(&mut self, key: u64) {
        let stars = (Rating::hundredths_in(key) / 100).min(4) as usize;
        if stars > 0 {
            self.stars[stars - 1] += 1;
        }
    }
}

fn rating_counts(counters: &Counters, query: &Query) -> Vec<RatingCount> {
    let mut sum = 0;
    let counts = (1..=4u8).rev().zip(counters.stars.iter().rev()).map(|(min_rating, count)| {
        sum += count;
        RatingCount { min_rating, count: sum }
    });
    counts.filter(|stars| stars.count > 0 && query.min_rating.is_none_or(|min| stars.min_rating >= min)).collect()
}

/// Sorts by count, the highest first, then alphabetically, and keeps the first `max` values.
fn most_frequent(mut group: Group<'_>, max: usize) -> Vec<FacetCount> {
    let order = |a: &(u32, &str), b: &(u32, &str)| b.0.cmp(&a.0).then(a.1.cmp(b.1));
    if group.len() > max {
        group.select_nth_unstable_by(max, order);
        group.truncate(max);
    }
    group.sort_unstable_by(order);
    group.into_iter().map(|(count, text)| FacetCount { value: text.to_owned(), count }).collect()
}
