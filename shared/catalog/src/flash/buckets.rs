//! The buckets of an offer, in groups with a bound each. Pure.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use values::{Money, Timestamp};

use crate::Status;

/// The most buckets of an offer.
pub const MAX_BUCKETS: u16 = 512;
/// The most buckets of all offers of a product, which are counted whenever the product is read.
pub(crate) const MAX_BUCKETS_OF_PRODUCT: usize = 1_024;
/// The buckets of a group. A rebalance writes three groups and the offer, which are 97 of the 100 writes of a transaction.
pub(crate) const GROUP: u16 = 32;

/// What an offer knows of its buckets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlashSale {
    /// The number of buckets, 2 to [`MAX_BUCKETS`].
    pub buckets: u16,
    /// The product's version at the last change of price, status or most pieces of an order. A bucket with a lower number is behind.
    pub terms: u64,
    /// For each group a number of pieces that it never has more of. Only a rebalance of the group changes it.
    pub bounds: Vec<u32>,
    /// Until when an order gathers pieces in the tail, in milliseconds since 1970. A rebalance removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gathered_until: Option<i64>,
    /// What the buckets had when they were last counted. It is shown, also to a repetition by its stored response. No row has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) counted: Option<BucketCount>,
}

/// What buckets have together. They were read one after another, so pieces that moved meanwhile may be missing or there twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BucketCount {
    pub(crate) pieces: u32,
    /// The sales in these buckets since they exist.
    pub(crate) sales: u64,
}

/// The row of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// The pieces that can be sold now.
    pub available: u32,
    pub price: Money,
    pub price_version: u64,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_order: Option<u32>,
    /// The version of its price, status and most pieces: the `terms` of its offer when they were written.
    pub terms: u64,
    /// Goes up with each sale.
    pub stock_version: u64,
}

impl Bucket {
    /// Can it sell?
    pub(crate) fn is_active(&self) -> bool {
        self.status == Status::Active
    }
}

impl FlashSale {
    /// Empty buckets.
    pub fn new(buckets: u16, terms: u64) -> Self {
        let groups = usize::from(buckets.div_ceil(GROUP));
        Self { buckets, terms, bounds: vec![0; groups], gathered_until: None, counted: None }
    }

    /// The buckets together never have more pieces.
    pub(crate) fn bound(&self) -> u32 {
        self.bounds.iter().sum()
    }

    /// Do all bounds say that the buckets are empty?
    pub(crate) fn is_empty(&self) -> bool {
        self.bounds.iter().all(|bound| *bound == 0)
    }

    /// Does an order gather pieces in the tail? Only others that would do the same wait for it, so clocks may differ.
    pub(crate) fn is_gathered(&self, now: Timestamp) -> bool {
        self.gathered_until.is_some_and(|until| until > now.millis())
    }

    /// The groups, by their number.
    pub(crate) fn groups(&self) -> Range<usize> {
        0..self.bounds.len()
    }

    /// The buckets of a group.
    pub(crate) fn buckets_of(&self, group: usize) -> Range<u16> {
        let first = u16::try_from(group).unwrap_or(u16::MAX).saturating_mul(GROUP).min(self.buckets);
        first..first.saturating_add(GROUP).min(self.buckets)
    }

    /// The groups that may have pieces.
    pub(crate) fn groups_with_bound(&self) -> impl Iterator<Item = usize> {
        self.groups().filter(|group| self.bounds.get(*group).is_some_and(|bound| *bound > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn groups_have_32_buckets_and_the_last_one_the_rest() {
        for (buckets, groups) in [(2, vec![(0, 2)]), (32, vec![(0, 32)]), (48, vec![(0, 32), (32, 48)])] {
            let flash = FlashSale::new(buckets, 1);
            let of_group: Vec<Range<u16>> = flash.groups().map(|group| flash.buckets_of(group)).collect();
            assert_eq!(of_group.iter().map(|range| (range.start, range.end)).collect::<Vec<_>>(), groups);
        }
        assert_eq!(FlashSale::new(MAX_BUCKETS, 1).bounds.len(), 16);
        assert!(FlashSale::new(2, 1).buckets_of(1).is_empty());
    }

    #[test]
    fn new_flash_sale_has_no_count_and_a_stored_response_has_one() {
        let flash = FlashSale { bounds: vec![5, 0], ..FlashSale::new(40, 7) };
        let row = serde_json::to_value(&flash).unwrap();
        assert_eq!(row, json!({ "buckets": 40, "terms": 7, "bounds": [5, 0] }));
        assert_eq!(serde_json::from_value::<FlashSale>(row).unwrap(), flash);
        let counted = FlashSale { counted: Some(BucketCount { pieces: 9, sales: 4 }), ..flash.clone() };
        let stored = serde_json::to_value(&counted).unwrap();
        assert_eq!(serde_json::from_value::<FlashSale>(stored).unwrap(), counted);
        assert_eq!((flash.bound(), flash.is_empty(), FlashSale::new(40, 7).is_empty()), (5, false, true));
        assert_eq!(flash.groups_with_bound().collect::<Vec<_>>(), [0]);
        let gathered = FlashSale { gathered_until: Some(70), ..flash.clone() };
        assert!(gathered.is_gathered(Timestamp::from_millis(69)) && !gathered.is_gathered(Timestamp::from_millis(70)));
        assert!(!flash.is_gathered(Timestamp::from_millis(0)));
    }
}
