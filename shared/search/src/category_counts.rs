//! Counts of categories include their subcategories, because the filter does, too.

use std::collections::HashMap;

use catalog::Category;

use crate::facets::{FacetCount, MAX_VALUES};

/// Adds the count of each category to the categories above it, up to the one that the search is limited to. Each count comes
/// with its category and all above it, upwards. Returns the highest counts.
pub(crate) fn roll_up(
    counts: impl IntoIterator<Item = (u32, Vec<Category>)>,
    limit: Option<&Category>,
) -> Vec<FacetCount> {
    let mut sums: HashMap<Category, u32> = HashMap::new();
    for (count, lineage) in counts {
        let shown = match limit {
            Some(limit) => 1 + lineage.iter().position(|category| category == limit).unwrap_or(0),
            None => lineage.len(),
        };
        lineage.into_iter().take(shown).for_each(|category| *sums.entry(category).or_default() += count);
    }
    let counts = sums.into_iter().map(|(category, count)| FacetCount { value: category.as_str().to_owned(), count });
    let mut counts: Vec<FacetCount> = counts.collect();
    counts.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    counts.truncate(MAX_VALUES);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(key: &str) -> Category {
        key.to_owned().try_into().unwrap()
    }

    fn lineage(keys: &[&str]) -> Vec<Category> {
        keys.iter().map(|key| (*key).to_owned().try_into().unwrap()).collect()
    }

    fn rolled_up(limit: Option<&str>) -> Vec<(String, u32)> {
        let counts = [
            (3, lineage(&["mugs", "kitchen", "home"])),
            (2, lineage(&["kitchen", "home"])),
            (1, lineage(&["knives", "kitchen", "home"])),
        ];
        let counts = roll_up(counts, limit.map(category).as_ref());
        counts.into_iter().map(|count| (count.value, count.count)).collect()
    }

    fn counts(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
        expected.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect()
    }

    #[test]
    fn category_counts_its_subcategories() {
        assert_eq!(rolled_up(None), counts(&[("home", 6), ("kitchen", 6), ("mugs", 3), ("knives", 1)]));
    }

    #[test]
    fn categories_above_the_filter_are_left_out() {
        assert_eq!(rolled_up(Some("kitchen")), counts(&[("kitchen", 6), ("mugs", 3), ("knives", 1)]));
        let leaf = roll_up([(3, lineage(&["mugs", "kitchen"]))], Some(&category("mugs")));
        assert_eq!(leaf, [FacetCount { value: "mugs".to_owned(), count: 3 }]);
    }

    #[test]
    fn twenty_categories_are_returned() {
        let counts = roll_up((0..30).map(|number: u32| (number, vec![category(&number.to_string())])), None);
        assert_eq!((counts.len(), counts[0].count), (20, 29));
    }
}
