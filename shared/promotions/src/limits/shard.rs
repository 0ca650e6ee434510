//! A row that counts up to a part of the limit of a promotion. Pure.

use serde::{Deserialize, Serialize};
use values::Timestamp;

use crate::promotions::promotion::{Promotion, Status};

/// The row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shard {
    pub(crate) shard: u8,
    pub(crate) used: u32,
    pub(crate) quota: u32,
    /// Goes up with each use and each return. Two equal readings mean that nothing has changed between them.
    pub(crate) changes: u64,
    #[serde(rename = "stopped")]
    pub(crate) is_stopped: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ends_at: Option<Timestamp>,
    /// The version of the promotion that this row knows.
    pub(crate) version: u64,
}

/// Why a use was not counted in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShardFailure {
    /// The promotion has changed since it was read, has ended or was stopped.
    Changed,
    /// The row has counted its part of the limit. Others may have room.
    Full,
}

impl Shard {
    /// A row of the promotion that has counted nothing.
    pub(crate) fn new(promotion: &Promotion, shard: u8) -> Self {
        Self {
            shard,
            used: 0,
            quota: promotion.quota(shard),
            changes: 0,
            is_stopped: promotion.status == Status::Stopped,
            ends_at: promotion.content.ends_at,
            version: promotion.version,
        }
    }

    fn room(&self) -> u32 {
        self.quota.saturating_sub(self.used)
    }
}

/// Why the use of a promotion of that version was not counted in a row.
pub(crate) fn shard_failure(row: Option<&Shard>, version: u64, at: Timestamp) -> ShardFailure {
    let is_current =
        |row: &Shard| !row.is_stopped && row.version <= version && row.ends_at.is_none_or(|ends_at| ends_at > at);
    if row.is_some_and(is_current) { ShardFailure::Full } else { ShardFailure::Changed }
}

/// The row with the most room; none if all are full.
pub(crate) fn emptiest(shards: &[Shard]) -> Option<u8> {
    let with_room = shards.iter().filter(|shard| shard.room() > 0);
    with_room.max_by_key(|shard| (shard.room(), std::cmp::Reverse(shard.shard))).map(|shard| shard.shard)
}

/// Are two readings of all rows of a promotion equal? If so, there was a moment between them at which all rows were as they were read.
pub(crate) fn are_unchanged(before: &[Shard], after: &[Shard]) -> bool {
    let changes = |shards: &[Shard]| {
        let mut changes: Vec<_> = shards.iter().map(|shard| (shard.shard, shard.changes, shard.quota)).collect();
        changes.sort_unstable();
        changes
    };
    changes(before) == changes(after)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::promotions::promotion::tests::{live, now};
    use serde_json::json;

    pub(crate) fn shard(shard: u8, used: u32, quota: u32) -> Shard {
        Shard { shard, used, quota, changes: 0, is_stopped: false, ends_at: None, version: 2 }
    }

    #[test]
    fn rows_have_the_whole_limit() {
        let promotion = live(json!({ "limits": { "total": 1_000 } }));
        let shards: Vec<Shard> = (0..promotion.shards).map(|shard| Shard::new(&promotion, shard)).collect();
        assert_eq!((shards.len(), shards.iter().map(|shard| shard.quota).sum::<u32>()), (16, 1_000));
        assert!(Shard::new(&promotion.stop(now()).unwrap(), 0).is_stopped);
    }

    #[test]
    fn row_is_read_and_written_back_equal() {
        let row = json!({ "shard": 3, "used": 1, "quota": 38, "changes": 5, "stopped": false, "version": 2 });
        let shard: Shard = serde_json::from_value(row.clone()).unwrap();
        assert_eq!(serde_json::to_value(shard).unwrap(), row);
    }

    #[test]
    fn full_row_differs_from_a_changed_promotion() {
        let full = shard(0, 5, 5);
        assert_eq!(shard_failure(Some(&full), 2, now()), ShardFailure::Full);
        assert_eq!(shard_failure(Some(&full), 3, now()), ShardFailure::Full, "the row is behind");
        assert_eq!(shard_failure(Some(&full), 1, now()), ShardFailure::Changed);
        assert_eq!(shard_failure(None, 2, now()), ShardFailure::Changed);
        let stopped = Shard { is_stopped: true, ..full.clone() };
        let ended = Shard { ends_at: Some(now()), ..full.clone() };
        let open = Shard { ends_at: Some(now().plus_seconds(1)), ..full };
        assert_eq!(shard_failure(Some(&stopped), 2, now()), ShardFailure::Changed);
        assert_eq!(shard_failure(Some(&ended), 2, now()), ShardFailure::Changed);
        assert_eq!(shard_failure(Some(&open), 2, now()), ShardFailure::Full);
    }

    #[test]
    fn row_with_the_most_room_is_tried_next() {
        assert_eq!(emptiest(&[shard(0, 5, 5), shard(1, 3, 5), shard(2, 1, 5), shard(3, 1, 5)]), Some(2));
        assert_eq!(emptiest(&[shard(0, 5, 5), shard(1, 6, 5)]), None);
        assert_eq!(emptiest(&[]), None);
    }

    #[test]
    fn return_between_two_readings_is_seen() {
        let before = [shard(0, 5, 5), shard(1, 5, 5)];
        let same = [before[1].clone(), before[0].clone()];
        assert!(are_unchanged(&before, &same), "in any order");
        let replaced = Shard { changes: 2, ..shard(0, 5, 5) };
        assert!(!are_unchanged(&before, &[replaced, before[1].clone()]), "one was returned, and another one counted");
        assert!(!are_unchanged(&before, &[shard(0, 5, 6), before[1].clone()]), "the limit was raised");
    }
}
