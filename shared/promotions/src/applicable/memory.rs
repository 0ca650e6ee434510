//! What an execution environment remembers for 30 seconds. It reads no clock: the caller passes the time.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use values::{PromotionId, Timestamp};

use crate::applicable::live_promotion::LivePromotion;
use crate::codes::code::CodeTerms;
use crate::codes::coupon_code::CouponCode;

const MAX_AGE_SECONDS: i64 = 30;
/// The entries of one kind.
const MAX_ENTRIES: usize = 1_000;

/// Values by key, with the time at which each was read.
#[derive(Debug)]
pub(crate) struct Recent<K, V>(HashMap<K, (Timestamp, V)>);

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// The value, unless it is too old at `at`.
    pub(crate) fn find<Q: Eq + Hash + ?Sized>(&self, key: &Q, at: Timestamp) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let is_recent = |read_at: &Timestamp| at < read_at.plus_seconds(MAX_AGE_SECONDS);
        self.0.get(key).filter(|(read_at, _)| is_recent(read_at)).map(|(_, value)| value)
    }

    /// Remembers a value that was read at `at`. If there are too many, all others are dropped, which costs a read each.
    pub(crate) fn insert(&mut self, key: K, value: V, at: Timestamp) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.clear();
        }
        self.0.insert(key, (at, value));
    }
}

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The live automatic promotions of each market.
    pub(crate) automatic: Recent<String, Arc<Vec<Arc<LivePromotion>>>>,
    /// Promotions with codes.
    pub(crate) promotions: Recent<PromotionId, Arc<LivePromotion>>,
    /// Codes that exist. How often they were used is not remembered.
    pub(crate) codes: Recent<CouponCode, CodeTerms>,
}

impl Memory {
    /// Forgets all promotions, because one of them has changed or is used up.
    pub(crate) fn forget_promotions(&mut self) {
        (self.automatic, self.promotions) = (Recent::default(), Recent::default());
    }

    /// Forgets the codes, too, because an order could not count a use: a generated code may have been added to another promotion since.
    pub(crate) fn forget_all(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000).plus_seconds(seconds)
    }

    #[test]
    fn value_is_remembered_for_30_seconds() {
        let mut recent = Recent::default();
        recent.insert("eu".to_owned(), 7, at(0));
        assert_eq!(
            (recent.find("eu", at(29)), recent.find("eu", at(30)), recent.find("uk", at(0))),
            (Some(&7), None, None)
        );
        recent.insert("eu".to_owned(), 8, at(40));
        assert_eq!(recent.find("eu", at(41)), Some(&8));
    }

    #[test]
    fn codes_are_forgotten_with_the_promotions_only_after_a_use_failed() {
        let code: CouponCode = "TEN".parse().unwrap();
        let promotion: PromotionId = values::Clock::System.mint();
        let mut memory = Memory::default();
        memory.codes.insert(code.clone(), CodeTerms { code: code.clone(), promotion, max_uses: Some(1) }, at(0));
        memory.automatic.insert("eu".to_owned(), Arc::default(), at(0));
        memory.forget_promotions();
        assert!(memory.automatic.find("eu", at(0)).is_none() && memory.codes.find(&code, at(0)).is_some());
        memory.forget_all();
        assert!(memory.codes.find(&code, at(0)).is_none());
    }

    #[test]
    fn memory_stays_small() {
        let mut recent = Recent::default();
        for number in 0..=MAX_ENTRIES {
            recent.insert(number, (), at(0));
        }
        assert!(recent.0.len() <= MAX_ENTRIES && recent.find(&MAX_ENTRIES, at(0)).is_some());
    }
}
