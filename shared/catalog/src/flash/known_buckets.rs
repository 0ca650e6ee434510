//! What an execution environment remembers of buckets. It only chooses rows, and shows numbers: a row that it praises has conditions of its
//! own, and a row that it blames is read again before anything is refused. It reads no clock: the caller passes the time. Pure.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use values::Sku;

use crate::flash::buckets::BucketCount;

/// The most SKUs in memory. One more replaces the one that was noted the longest time ago.
const MAX_SKUS: usize = 100;
/// Older numbers count as unknown.
const KNOWN_FOR: Duration = Duration::from_secs(5);

/// The pieces of buckets as they were last seen.
#[derive(Debug, Default)]
pub(crate) struct KnownBuckets {
    skus: HashMap<Sku, KnownSku>,
}

#[derive(Debug)]
struct KnownSku {
    noted_at: Instant,
    pieces: HashMap<u16, (u32, Instant)>,
    /// The sum of so many buckets.
    count: Option<(u16, BucketCount, Instant)>,
}

impl KnownBuckets {
    /// Notes what a bucket had at `now`.
    pub(crate) fn note(&mut self, sku: &Sku, bucket: u16, pieces: u32, now: Instant) {
        self.entry(sku, now).pieces.insert(bucket, (pieces, now));
    }

    /// Notes what all `buckets` had together at `now`.
    pub(crate) fn note_count(&mut self, sku: &Sku, buckets: u16, count: BucketCount, now: Instant) {
        self.entry(sku, now).count = Some((buckets, count, now));
    }

    /// The recent numbers of a SKU, by bucket.
    pub(crate) fn pieces(&self, sku: &Sku, now: Instant) -> HashMap<u16, u32> {
        let known = self.skus.get(sku).into_iter().flat_map(|known| &known.pieces);
        known.filter(|(_, (_, at))| is_recent(*at, now)).map(|(bucket, (pieces, _))| (*bucket, *pieces)).collect()
    }

    /// The recent sum of all `buckets`.
    pub(crate) fn count(&self, sku: &Sku, buckets: u16, now: Instant) -> Option<BucketCount> {
        let (of, count, at) = self.skus.get(sku)?.count?;
        (of == buckets && is_recent(at, now)).then_some(count)
    }

    /// Forgets a SKU whose pieces were moved.
    pub(crate) fn forget(&mut self, sku: &Sku) {
        self.skus.remove(sku);
    }

    fn entry(&mut self, sku: &Sku, now: Instant) -> &mut KnownSku {
        if !self.skus.contains_key(sku) && self.skus.len() >= MAX_SKUS {
            let oldest = self.skus.iter().min_by_key(|(_, known)| known.noted_at).map(|(sku, _)| sku.clone());
            if let Some(oldest) = oldest {
                self.skus.remove(&oldest);
            }
        }
        let new = || KnownSku { noted_at: now, pieces: HashMap::new(), count: None };
        let known = self.skus.entry(sku.clone()).or_insert_with(new);
        known.noted_at = now;
        known
    }
}

fn is_recent(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) < KNOWN_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sku(number: usize) -> Sku {
        format!("MUG-{number}").parse().unwrap()
    }

    #[test]
    fn numbers_are_known_for_five_seconds() {
        let (mut known, now) = (KnownBuckets::default(), Instant::now());
        let later = |seconds: u64| now + Duration::from_secs(seconds);
        known.note(&sku(1), 3, 0, now);
        known.note(&sku(1), 4, 7, later(3));
        let count = BucketCount { pieces: 7, sales: 2 };
        known.note_count(&sku(1), 32, count, now);
        assert_eq!(known.pieces(&sku(1), later(4)), HashMap::from([(3, 0), (4, 7)]));
        assert_eq!(known.pieces(&sku(1), later(5)), HashMap::from([(4, 7)]));
        assert_eq!((known.count(&sku(1), 32, later(4)), known.count(&sku(1), 32, later(5))), (Some(count), None));
        assert_eq!(known.count(&sku(1), 16, now), None, "of other buckets");
        known.forget(&sku(1));
        assert!(known.pieces(&sku(1), now).is_empty());
    }

    #[test]
    fn hundred_skus_are_known() {
        let (mut known, now) = (KnownBuckets::default(), Instant::now());
        for number in 0..=MAX_SKUS {
            known.note(&sku(number), 0, 1, now + Duration::from_millis(number as u64));
        }
        assert_eq!(known.skus.len(), MAX_SKUS);
        let is_known = |number: usize| !known.pieces(&sku(number), now).is_empty();
        assert_eq!([0, 1, MAX_SKUS].map(is_known), [false, true, true]);
    }
}
