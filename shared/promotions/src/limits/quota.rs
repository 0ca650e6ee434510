//! How a limit is divided among the rows that count up to it. Pure.

use values::OrderId;

/// The rows that count a limit of more than [`MAX_OF_ONE`] uses.
pub(crate) const SHARDS: u8 = 16;
/// The largest limit that one row counts.
const MAX_OF_ONE: u32 = 500;

/// The number of rows that count up to a limit.
pub(crate) fn shard_count(total: u32) -> u8 {
    if total > MAX_OF_ONE { SHARDS } else { 1 }
}

/// The part of a limit that one of so many rows has. All parts add up to the limit. None of them falls when the limit rises.
pub(crate) fn quota(total: u32, shards: u8, shard: u8) -> u32 {
    let shards = u32::from(shards.max(1));
    total / shards + u32::from(u32::from(shard) < total % shards)
}

/// The row that an order tries first: by the last byte of its id, which is random.
pub(crate) fn first_shard(order: OrderId, shards: u8) -> u8 {
    order.uuid().as_bytes()[15] % shards.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use values::{Clock, Timestamp};

    fn quotas(total: u32, shards: u8) -> Vec<u32> {
        (0..shards).map(|shard| quota(total, shards, shard)).collect()
    }

    #[test]
    fn small_limit_is_counted_in_one_row() {
        assert_eq!([1, 500, 501, 100_000].map(shard_count), [1, 1, 16, 16]);
        assert_eq!(quotas(500, 1), [500]);
        assert_eq!(quotas(501, 16)[..6], [32, 32, 32, 32, 32, 31]);
    }

    #[test]
    fn order_tries_a_row_that_exists() {
        let order: OrderId = Clock::fixed(Timestamp::from_millis(1_764_000_000_000)).mint();
        assert!(first_shard(order, 16) < 16);
        assert_eq!((first_shard(order, 1), first_shard(order, 0)), (0, 0));
        let rows: std::collections::BTreeSet<u8> =
            (0..2_000).map(|_| first_shard(Clock::System.mint(), SHARDS)).collect();
        assert_eq!(rows.len(), usize::from(SHARDS), "every row is tried by some orders");
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_limit_and_never_fall(
            total in 0u32..2_000_000, more in 0u32..1_000_000, shards in prop::sample::select(vec![1u8, 16]),
        ) {
            let before = quotas(total, shards);
            prop_assert_eq!(before.iter().sum::<u32>(), total);
            prop_assert!(before.iter().max().unwrap() - before.iter().min().unwrap() <= 1);
            let after = quotas(total + more, shards);
            prop_assert!(before.iter().zip(&after).all(|(before, after)| before <= after));
        }
    }
}
