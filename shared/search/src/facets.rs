//! How what was found spreads over categories, brands, tags, attributes, prices and ratings.

use std::collections::HashMap;

use serde::Serialize;
use tantivy::{Searcher, SegmentReader};
use values::Currency;

use crate::document::Rated;
use crate::schema::BETWEEN;

/// Values that are listed of each facet, and attributes that are.
const MOST: usize = 20;
/// Major units at which a price band ends and the next one begins.
const BOUNDS: [u64; 7] = [10, 25, 50, 100, 250, 500, 1000];

/// A value and how many of what was found have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// As the product has it, and as the filter takes it.
    pub value: String,
    /// Products.
    pub count: u32,
}

/// The values of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributeFacet {
    /// The attribute.
    pub name: String,
    /// Its values, the most frequent first.
    pub values: Vec<Count>,
}

/// A price band: `minPrice` and `maxPrice` as the filters take them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Band {
    /// Minor units, from here.
    pub min_price: u64,
    /// Up to here; no bound in the last band.
    pub max_price: Option<u64>,
    /// Products.
    pub count: u32,
}

/// How many are rated so on the average, or better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stars {
    /// 4, 3, 2, 1.
    pub min_rating: u8,
    /// Products.
    pub count: u32,
}

/// All of them. Twenty values each at most, the most frequent first, and none that nothing has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facets {
    /// By the categories that products lie in themselves.
    pub category: Vec<Count>,
    /// By tag.
    pub tag: Vec<Count>,
    /// By brand.
    pub brand: Vec<Count>,
    /// By price.
    pub price: Vec<Band>,
    /// By rating.
    pub rating: Vec<Stars>,
    /// By attribute.
    pub attributes: Vec<AttributeFacet>,
}

/// The texts of all facets, numbered through all segments, so that counting needs no texts.
#[derive(Debug, Default)]
pub(crate) struct Table {
    texts: Vec<Box<str>>,
    /// To which facet a text belongs: 0 category, 1 tag, 2 brand, and attributes from 3 on.
    groups: Vec<usize>,
    attributes: Vec<String>,
    bounds: [u64; 7],
}

const FIXED: usize = 3;

/// The texts of a facet that were counted at all.
type Group<'a> = Vec<(u32, &'a str)>;

impl Table {
    /// The table of an index, and for each segment the number that each of its ordinals has in the table.
    pub(crate) fn of(searcher: &Searcher, currency: Currency) -> tantivy::Result<(Self, Vec<Vec<u32>>)> {
        let major = 10u64.pow(currency.exponent());
        let mut table = Self { bounds: BOUNDS.map(|bound| bound * major), ..Self::default() };
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
                let name = attribute.split(BETWEEN).next().unwrap_or_default();
                *names.entry(name.to_owned()).or_insert_with(|| {
                    self.attributes.push(name.to_owned());
                    FIXED + self.attributes.len() - 1
                })
            }
            None => 0,
        }
    }

    /// Counters at nought.
    pub(crate) fn counters(&self) -> Counters {
        Counters { texts: vec![0; self.texts.len()], bands: [0; 8], stars: [0; 4] }
    }

    /// In which band a price lies.
    pub(crate) fn band(&self, price: u64) -> usize {
        self.bounds.iter().take_while(|bound| **bound <= price).count()
    }

    /// What the counters say.
    pub(crate) fn told(&self, counters: &Counters) -> Facets {
        let mut groups: Vec<Group<'_>> = vec![Vec::new(); FIXED + self.attributes.len()];
        for (number, count) in counters.texts.iter().enumerate().filter(|(_, count)| **count > 0) {
            groups[self.groups[number]].push((*count, &self.texts[number]));
        }
        let mut groups = groups.into_iter();
        let mut next = || groups.next().map(|group| ranked(group, |text| text.get(1..).unwrap_or_default()));
        let (category, tag, brand) =
            (next().unwrap_or_default(), next().unwrap_or_default(), next().unwrap_or_default());
        let mut attributes: Vec<(u32, &String, Group<'_>)> = groups
            .zip(&self.attributes)
            .map(|(group, name)| (group.iter().map(|(count, _)| count).sum(), name, group))
            .filter(|(count, _, _)| *count > 0)
            .collect();
        attributes.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        attributes.truncate(MOST);
        let value = |text: &str| text.split_once(BETWEEN).map_or_else(String::new, |(_, value)| value.to_owned());
        let attributes = attributes.into_iter().map(|(_, name, group)| AttributeFacet {
            name: name.clone(),
            values: ranked(group, |text| text)
                .into_iter()
                .map(|count| Count { value: value(&count.value), ..count })
                .collect(),
        });
        Facets {
            category,
            tag,
            brand,
            price: self.bands(counters),
            rating: stars(counters),
            attributes: attributes.collect(),
        }
    }

    fn bands(&self, counters: &Counters) -> Vec<Band> {
        let from = std::iter::once(0).chain(self.bounds);
        let to = self.bounds.iter().map(|bound| Some(bound - 1)).chain([None]);
        let bands = from.zip(to).zip(counters.bands);
        let bands = bands.map(|((min_price, max_price), count)| Band { min_price, max_price, count });
        bands.filter(|band| band.count > 0).collect()
    }
}

/// What is counted while documents pass by.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) texts: Vec<u32>,
    pub(crate) bands: [u32; 8],
    /// Rated 1 to 2, 2 to 3, 3 to 4, and 4 and better.
    pub(crate) stars: [u32; 4],
}

impl Counters {
    /// Counts a rating, if there is one.
    pub(crate) fn rated(&mut self, key: u64) {
        let stars = (Rated::hundredths_of(key) / 100).min(4) as usize;
        if stars > 0 {
            self.stars[stars - 1] += 1;
        }
    }
}

fn stars(counters: &Counters) -> Vec<Stars> {
    let mut sum = 0;
    let better = (1..=4u8).rev().zip(counters.stars.iter().rev()).map(|(min_rating, count)| {
        sum += count;
        Stars { min_rating, count: sum }
    });
    better.filter(|stars| stars.count > 0).collect()
}

/// The most frequent first, of equals in alphabetical order.
fn ranked(mut group: Group<'_>, shown: impl Fn(&str) -> &str) -> Vec<Count> {
    let order = |a: &(u32, &str), b: &(u32, &str)| b.0.cmp(&a.0).then(a.1.cmp(b.1));
    if group.len() > MOST {
        group.select_nth_unstable_by(MOST, order);
        group.truncate(MOST);
    }
    group.sort_unstable_by(order);
    group.into_iter().map(|(count, text)| Count { value: shown(text).to_owned(), count }).collect()
}
