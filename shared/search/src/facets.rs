//! Facets: how search results are distributed over categories, brands, tags, attributes, prices and ratings.

use std::collections::HashMap;

use serde::Serialize;
use tantivy::{Searcher, SegmentReader};
use values::Currency;

use crate::document::Rating;
use crate::schema::SEPARATOR;

/// The maximum number of values per facet, and of attributes.
const MAX_VALUES: usize = 20;
/// Prices in major units at which one price band ends and the next begins.
const BAND_BOUNDS: [u64; 7] = [10, 25, 50, 100, 250, 500, 1000];

/// A value, and how many results have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FacetCount {
    /// The value as the product has it, and as the filter accepts it.
    pub value: String,
    /// The number of found products with this value.
    pub count: u32,
}

/// The values of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AttributeFacet {
    /// The name of the attribute.
    pub name: String,
    /// The values, the most frequent first.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VALUES)))]
    pub values: Vec<FacetCount>,
}

/// A price band. The filters `minPrice` and `maxPrice` accept its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PriceBand {
    /// The lower bound in minor units, inclusive.
    pub min_price: u64,
    /// The upper bound in minor units, inclusive. The last band has none.
    pub max_price: Option<u64>,
    pub count: u32,
}

/// The number of products with at least this average rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RatingCount {
    /// 4, 3, 2 or 1 stars.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 4)))]
    pub min_rating: u8,
    pub count: u32,
}

/// Counts over all found products. At most twenty values for each facet, the most frequent first. Values without products
/// are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Facets {
    /// By the category of each product, without its parent categories.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VALUES)))]
    pub category: Vec<FacetCount>,
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VALUES)))]
    pub tag: Vec<FacetCount>,
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VALUES)))]
    pub brand: Vec<FacetCount>,
    /// Price ranges, for `minPrice` and `maxPrice`. The last range may have no upper limit.
    pub price: Vec<PriceBand>,
    /// Products with this average rating or a better one.
    pub rating: Vec<RatingCount>,
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VALUES)))]
    pub attributes: Vec<AttributeFacet>,
}

/// All facet values, numbered across all segments. Counting then works with numbers instead of texts.
#[derive(Debug, Default)]
pub(crate) struct FacetTable {
    texts: Vec<Box<str>>,
    /// The facet of each text: 0 category, 1 tag, 2 brand, 3 and above attributes.
    groups: Vec<usize>,
    attributes: Vec<String>,
    bounds: [u64; 7],
}

const FIXED: usize = 3;

/// The values of a facet with a count above zero.
type Group<'a> = Vec<(u32, &'a str)>;

impl FacetTable {
    /// Builds the table of an index. Also returns for each segment the number of each of its ordinals.
    pub(crate) fn build(searcher: &Searcher, currency: Currency) -> tantivy::Result<(Self, Vec<Vec<u32>>)> {
        let major = 10u64.pow(currency.exponent());
        let mut table = Self { bounds: BAND_BOUNDS.map(|bound| bound * major), ..Self::default() };
        let (mut known, mut names) = (HashMap::new(), HashMap::new());
        let segments = searcher.segment_readers().iter().map(|segment| table.add(segment, &mut known, &mut names));
        let numbers = segments.collect::<tantivy::Result<_>>()?;
        Ok((table, numbers))
    }

    fn add(
        &mut self,
        segment: &SegmentReader,
        known: &mut HashMap<Box<str>, u32>,
        names: &mut HashMap<String, usize>,
    ) -> tantivy::Result<Vec<u32>> {
        let Some(column) = segment.fast_fields().str("facets")? else { return Ok(Vec::new()) };
        let mut numbers = Vec::with_capacity(column.num_terms());
        let mut stream = column.dictionary().stream()?;
        while stream.advance() {
            let text = String::from_utf8_lossy(stream.key());
            let number = match known.get(&*text) {
                Some(number) => *number,
                None => {
                    let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
                    let text: Box<str> = text.into();
                    let group = self.group(&text, names);
                    self.groups.push(group);
                    self.texts.push(text.clone());
                    known.insert(text, number);
                    number
                }
            };
            numbers.push(number);
        }
        Ok(numbers)
    }

    fn group(&mut self, text: &str, names: &mut HashMap<String, usize>) -> usize {
        match text.split_at_checked(1) {
            Some(("c", _)) => 0,
            Some(("t", _)) => 1,
            Some(("b", _)) => 2,
            Some((_, attribute)) => {
                let name = attribute.split(SEPARATOR).next().unwrap_or_default();
                *names.entry(name.to_owned()).or_insert_with(|| {
                    self.attributes.push(name.to_owned());
                    FIXED + self.attributes.len() - 1
                })
            }
            None => 0,
        }
    }

    /// Returns counters that are all zero.
    pub(crate) fn new_counters(&self) -> Counters {
        Counters { texts: vec![0; self.texts.len()], bands: [0; 8], stars: [0; 4] }
    }

    /// Returns the number of the band of a price.
    pub(crate) fn band(&self, price: u64) -> usize {
        self.bounds.iter().take_while(|bound| **bound <= price).count()
    }

    /// Returns the facets with these counts.
    pub(crate) fn facets(&self, counters: &Counters) -> Facets {
        let mut groups: Vec<Group<'_>> = vec![Vec::new(); FIXED + self.attributes.len()];
        for (number, count) in counters.texts.iter().enumerate().filter(|(_, count)| **count > 0) {
            groups[self.groups[number]].push((*count, &self.texts[number]));
        }
        let mut groups = groups.into_iter();
        let mut next = || groups.next().map(|group| most_frequent(group, |text| text.get(1..).unwrap_or_default()));
        let (category, tag, brand) =
            (next().unwrap_or_default(), next().unwrap_or_default(), next().unwrap_or_default());
        let mut attributes: Vec<(u32, &String, Group<'_>)> = groups
            .zip(&self.attributes)
            .map(|(group, name)| (group.iter().map(|(count, _)| count).sum(), name, group))
            .filter(|(count, _, _)| *count > 0)
            .collect();
        attributes.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        attributes.truncate(MAX_VALUES);
        let value = |text: &str| text.split_once(SEPARATOR).map_or_else(String::new, |(_, value)| value.to_owned());
        let attributes = attributes.into_iter().map(|(_, name, group)| AttributeFacet {
            name: name.clone(),
            values: most_frequent(group, |text| text)
                .into_iter()
                .map(|count| FacetCount { value: value(&count.value), ..count })
                .collect(),
        });
        Facets {
            category,
            tag,
            brand,
            price: self.bands(counters),
            rating: rating_counts(counters),
            attributes: attributes.collect(),
        }
    }

    fn bands(&self, counters: &Counters) -> Vec<PriceBand> {
        let from = std::iter::once(0).chain(self.bounds);
        let to = self.bounds.iter().map(|bound| Some(bound - 1)).chain([None]);
        let bands = from.zip(to).zip(counters.bands);
        let bands = bands.map(|((min_price, max_price), count)| PriceBand { min_price, max_price, count });
        bands.filter(|band| band.count > 0).collect()
    }
}

/// The counts of one pass over the documents.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) texts: Vec<u32>,
    pub(crate) bands: [u32; 8],
    /// Average ratings from 1 to below 2, 2 to 3, 3 to 4, and 4 and above.
    pub(crate) stars: [u32; 4],
}

impl Counters {
    /// Counts the rating of a product, if it has one.
    pub(crate) fn count_rating(&mut self, key: u64) {
        let stars = (Rating::hundredths_in(key) / 100).min(4) as usize;
        if stars > 0 {
            self.stars[stars - 1] += 1;
        }
    }
}

fn rating_counts(counters: &Counters) -> Vec<RatingCount> {
    let mut sum = 0;
    let counts = (1..=4u8).rev().zip(counters.stars.iter().rev()).map(|(min_rating, count)| {
        sum += count;
        RatingCount { min_rating, count: sum }
    });
    counts.filter(|stars| stars.count > 0).collect()
}

/// Sorts by count, the highest first, then alphabetically.
fn most_frequent(mut group: Group<'_>, shown: impl Fn(&str) -> &str) -> Vec<FacetCount> {
    let order = |a: &(u32, &str), b: &(u32, &str)| b.0.cmp(&a.0).then(a.1.cmp(b.1));
    if group.len() > MAX_VALUES {
        group.select_nth_unstable_by(MAX_VALUES, order);
        group.truncate(MAX_VALUES);
    }
    group.sort_unstable_by(order);
    group.into_iter().map(|(count, text)| FacetCount { value: shown(text).to_owned(), count }).collect()
}
