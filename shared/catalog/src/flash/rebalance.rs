//! Moves pieces between the tail of an offer and its buckets, one transaction after another. Each leaves the stock right, so a crash between
//! two only leaves a slower sale. All of them read again after a concurrent update or a conflict, and give up at a time that the caller
//! sets: an order needs one row and a rebalance up to 97, so a busy sale wins.

use std::time::Instant;

use aws_kit::{Changes, ConditionFailures, Decision, OptimisticWrite, fault};
use values::{Clock, Error, Result, Sku};

use crate::flash::buckets::FlashSale;
use crate::flash::choose_rows::{MAX_GROUPS, groups_to_empty, spread};
use crate::flash::store::{Buckets, GroupChange};
use crate::{Catalog, Offer};

/// What one rebalance has done.
enum Outcome {
    Moved,
    /// Nothing was to be moved. The offer as it was read; it may be archived, or in no buckets any more.
    Idle(Box<Offer>),
}

impl Catalog {
    /// Empties groups until the tail has `wanted` pieces, or all bounds are 0. Returns the offer as it was read then. 3 round trips for each
    /// rebalance; 409 `too_many_concurrent_updates` at `until`.
    pub(crate) async fn gather(&self, sku: &Sku, wanted: u32, until: Instant) -> Result<Offer> {
        let read = |offer: &Offer, flash: &FlashSale| match offer.available >= wanted {
            true => Vec::new(),
            false => flash.groups_with_bound().collect::<Vec<_>>(),
        };
        let empty = |_: &Offer, flash: &FlashSale, buckets: &Buckets| {
            let groups = groups_to_empty(flash, &pieces_of_groups(flash, buckets));
            let change = |group| group_change(flash, group, buckets, |before| vec![0; before.len()]);
            groups.into_iter().map(change).collect::<Vec<_>>()
        };
        loop {
            let outcome = Box::pin(self.rebalance_once(sku, until, read, empty)).await?;
            if let Outcome::Idle(offer) = outcome {
                return Ok(*offer);
            }
        }
    }

    /// Spreads the tail over all buckets in equal parts. What does not divide stays in the tail. 3 round trips for three groups; 409
    /// `too_many_concurrent_updates` at `until`.
    pub(crate) async fn spread(&self, sku: &Sku, until: Instant) -> Result<()> {
        let mut next = 0;
        loop {
            let left = |flash: &FlashSale| u32::from(flash.buckets - flash.buckets_of(next).start);
            let groups = |flash: &FlashSale| flash.groups().skip(next).take(MAX_GROUPS);
            let read = |offer: &Offer, flash: &FlashSale| match offer.available >= left(flash) {
                true => groups(flash).collect::<Vec<_>>(),
                false => Vec::new(),
            };
            let fill = |offer: &Offer, flash: &FlashSale, buckets: &Buckets| {
                let more = |before: &[u32]| spread(offer.available, left(flash), before);
                groups(flash).map(|group| group_change(flash, group, buckets, more)).collect::<Vec<_>>()
            };
            let outcome = Box::pin(self.rebalance_once(sku, until, read, fill)).await?;
            match outcome {
                Outcome::Moved => next += MAX_GROUPS,
                Outcome::Idle(_) => return Ok(()),
            }
        }
    }

    /// Sets the bound of a group to the pieces that it has. 3 round trips; 409 `too_many_concurrent_updates` at `until`.
    pub(crate) async fn measure(&self, sku: &Sku, group: usize, until: Instant) -> Result<()> {
        let read = |_: &Offer, flash: &FlashSale| {
            flash.groups_with_bound().filter(|other| *other == group).collect::<Vec<_>>()
        };
        let keep = |_: &Offer, flash: &FlashSale, buckets: &Buckets| {
            vec![group_change(flash, group, buckets, |before| before.to_vec())]
        };
        Box::pin(self.rebalance_once(sku, until, read, keep)).await.map(drop)
    }

    /// Reads the offer and the buckets of the groups of `read`, and commits `change`. Nothing is to be moved without groups. Its callers box
    /// it, because it is large and rare.
    async fn rebalance_once(
        &self,
        sku: &Sku,
        until: Instant,
        read: impl Fn(&Offer, &FlashSale) -> Vec<usize>,
        change: impl Fn(&Offer, &FlashSale, &Buckets) -> Vec<GroupChange>,
    ) -> Result<Outcome> {
        let (read, change) = (&read, &change);
        let decide = |_: Option<ConditionFailures>| async move {
            if Instant::now() >= until {
                return Err(too_busy());
            }
            let offer = self.read_offer(sku).await?.ok_or_else(|| Error::not_found("product"))?;
            let flash = offer.flash.clone().filter(|_| offer.is_active());
            let groups = flash.as_ref().map(|flash| read(&offer, flash)).unwrap_or_default();
            let (Some(flash), false) = (flash, groups.is_empty()) else {
                return Ok(Decision::Unchanged(Outcome::Idle(Box::new(offer))));
            };
            let buckets: Vec<u16> = groups.into_iter().flat_map(|group| flash.buckets_of(group)).collect();
            let buckets = self.read_buckets(sku, &buckets).await?;
            let writes = self.rebalance(&offer, flash.terms, &change(&offer, &flash, &buckets))?;
            Ok(Changes::new(writes, Outcome::Moved).elsewhere_on_conflict().into())
        };
        let clock = Clock::System;
        let write = OptimisticWrite::new(&self.table, &clock).fault_points("", fault::label("flash.rebalanced"));
        let outcome = write.run(decide).await;
        self.memory(|memory| memory.buckets.forget(sku));
        outcome
    }
}

/// The pieces of each group.
pub(crate) fn pieces_of_groups(flash: &FlashSale, buckets: &Buckets) -> Vec<u32> {
    flash.groups().map(|group| flash.buckets_of(group).map(|bucket| pieces(buckets, bucket)).sum()).collect()
}

/// The error of a rebalance that others were always faster than.
pub(crate) fn too_busy() -> Error {
    Error::conflict("too_many_concurrent_updates", "There are too many concurrent updates. Try again.")
}

fn group_change(
    flash: &FlashSale,
    group: usize,
    buckets: &Buckets,
    after: impl FnOnce(&[u32]) -> Vec<u32>,
) -> GroupChange {
    let range = flash.buckets_of(group);
    let first = range.start;
    let before: Vec<u32> = range.map(|bucket| pieces(buckets, bucket)).collect();
    GroupChange { group, first, after: after(&before), before }
}

fn pieces(buckets: &Buckets, bucket: u16) -> u32 {
    buckets.get(&bucket).map_or(0, |bucket| bucket.available)
}
