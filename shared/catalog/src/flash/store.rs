//! Rows of buckets, and the writes that fill, empty and change them. Orders reserve in them by [`crate::Catalog::reserve_stock`].
//!
//! Each bucket has a partition of its own, because a partition has 1,000 write units per second. Buckets are never deleted: their
//! `stockVersion` must not begin again, and 512 empty rows cost nothing to speak of.

use std::collections::BTreeMap;

use aws_kit::fault::mutant;
use aws_kit::{ConditionFailure, Key, Query, Write};
use futures::future::try_join_all;
use serde::Deserialize;
use values::{Clock, Error, Page, PageRequest, ProductId, Result, Sku};

use crate::flash::buckets::Bucket;
use crate::{Catalog, Offer, Status};

const SORT_KEY: &str = "BUCKET";
/// The partition of the third index that lists the bucketed offers.
pub(crate) const LIST: &str = "FLASH";
/// The limit of a DynamoDB batch read.
const MAX_KEYS: usize = 100;

/// How long an order has to make its next rebalance, in milliseconds, before another one tries.
const GATHER_MS: i64 = 300;

/// The buckets of an offer that were read, by number. Those without a row were never filled.
pub(crate) type Buckets = BTreeMap<u16, Bucket>;

/// The pieces that a rebalance finds and leaves in one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupChange {
    pub(crate) group: usize,
    /// The first of its buckets.
    pub(crate) first: u16,
    /// What each bucket was read with; 0 without a row.
    pub(crate) before: Vec<u32>,
    /// What each bucket gets.
    pub(crate) after: Vec<u32>,
}

#[derive(Debug, Deserialize)]
struct BucketRow {
    pk: String,
    #[serde(flatten)]
    bucket: Bucket,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedOffer {
    sku: Sku,
    product_id: ProductId,
}

impl GroupChange {
    fn pieces_before(&self) -> i64 {
        self.before.iter().copied().map(i64::from).sum()
    }

    fn pieces_after(&self) -> i64 {
        self.after.iter().copied().map(i64::from).sum()
    }
}

impl Catalog {
    /// The offer of a SKU, strongly consistent. 1 round trip.
    pub(crate) async fn read_offer(&self, sku: &Sku) -> Result<Option<Offer>> {
        Ok(self.offers(std::slice::from_ref(sku)).await?.pop())
    }

    /// Buckets of SKUs, strongly consistent, by SKU. Batches of 100, side by side: 1 round trip.
    pub(crate) async fn read_buckets_of(&self, wanted: &[(&Sku, u16)]) -> Result<BTreeMap<Sku, Buckets>> {
        let keys: Vec<Key> = wanted.iter().map(|(sku, bucket)| bucket_key(sku, *bucket)).collect();
        let reads = keys.chunks(MAX_KEYS).map(|keys| self.table.batch_get::<BucketRow>(keys));
        let mut found: BTreeMap<Sku, Buckets> = BTreeMap::new();
        for BucketRow { pk, bucket } in try_join_all(reads).await?.into_iter().flatten() {
            let (sku, number) = parse_bucket_key(&pk)?;
            found.entry(sku).or_default().insert(number, bucket);
        }
        Ok(found)
    }

    /// Buckets of one SKU. 1 round trip.
    pub(crate) async fn read_buckets(&self, sku: &Sku, buckets: &[u16]) -> Result<Buckets> {
        let wanted: Vec<(&Sku, u16)> = buckets.iter().map(|bucket| (sku, *bucket)).collect();
        let mut found = self.read_buckets_of(&wanted).await?;
        Ok(found.remove(sku).unwrap_or_default())
    }

    /// The writes that move pieces between the tail of `offer` and whole groups, as both were read. They set the bounds of these groups to
    /// what the buckets get. The conditions fail if a bucket or the terms of the offer changed, if the tail has fewer pieces than are
    /// moved, or if the offer is not active.
    pub(crate) fn rebalance(&self, offer: &Offer, terms: u64, changes: &[GroupChange]) -> Result<Vec<Write>> {
        let mut writes = vec![self.rebalance_offer(offer, terms, changes)?];
        for change in changes {
            for ((before, after), bucket) in change.before.iter().zip(&change.after).zip(change.first..) {
                writes.push(self.rebalance_bucket(offer, terms, bucket, (*before, *after))?);
            }
        }
        Ok(writes)
    }

    fn rebalance_offer(&self, offer: &Offer, terms: u64, changes: &[GroupChange]) -> Result<Write> {
        let to_buckets: i64 = changes.iter().map(|change| change.pieces_after() - change.pieces_before()).sum();
        let mut to_tail = -to_buckets;
        if mutant("rebalance_loses_a_piece") && to_buckets != 0 {
            to_tail -= 1;
        }
        let mut set = "SET available = available + :moved, stockVersion = stockVersion + :one, \
                       rebalances = if_not_exists(rebalances, :zero) + :one"
            .to_owned();
        let is_raised =
            |change: &&GroupChange| !(mutant("bound_not_raised") && change.pieces_after() > change.pieces_before());
        let bounded: Vec<&GroupChange> = changes.iter().filter(is_raised).collect();
        for change in &bounded {
            set += &format!(", flash.bounds[{0}] = :bound{0}", change.group);
        }
        set += " REMOVE flash.gatheredUntil";
        let mut write = Write::update(&self.table, self.offer_key(&offer.sku), set)
            .when("available >= :needed AND flash.terms = :terms AND #status = :active")
            .name("#status", "status")
            .value(":moved", to_tail)?
            .value(":needed", to_buckets.max(0))?
            .value(":one", 1)?
            .value(":zero", 0)?
            .value(":terms", terms)?
            .value(":active", Status::Active)?;
        for change in bounded {
            write = write.value(&format!(":bound{}", change.group), change.pieces_after())?;
        }
        Ok(write)
    }

    /// Lets one order gather pieces, until its first rebalance. Rebalances of many orders at once would cancel each other: each meets one of
    /// the 97 rows in another one. False if another order was faster. 1 round trip.
    pub(crate) async fn claim_gathering(&self, sku: &Sku) -> Result<bool> {
        let now = Clock::System.now().millis();
        let is_free = "attribute_not_exists(flash.gatheredUntil) OR flash.gatheredUntil <= :now";
        let write = Write::update(&self.table, self.offer_key(sku), "SET flash.gatheredUntil = :until")
            .when(format!("attribute_exists(flash) AND ({is_free})"))
            .value(":now", now)?
            .value(":until", now + GATHER_MS)?;
        Ok(write.run().await?.is_ok())
    }

    fn rebalance_bucket(&self, offer: &Offer, terms: u64, bucket: u16, (before, after): (u32, u32)) -> Result<Write> {
        let or_new = if before == 0 { "attribute_not_exists(pk) OR " } else { "" };
        let set = "available = :after, stockVersion = if_not_exists(stockVersion, :zero)";
        self.update_terms(offer, terms, bucket, set)?
            .when(format!("{or_new}available = :before"))
            .value(":after", after)?
            .value(":before", before)?
            .value(":zero", 0)
    }

    /// The write of the terms of one bucket. Its condition fails if the bucket has no row, or these terms or newer ones.
    pub(crate) fn put_terms(&self, offer: &Offer, terms: u64, bucket: u16) -> Result<Write> {
        Ok(self.update_terms(offer, terms, bucket, "")?.when("terms < :terms"))
    }

    /// An update of a bucket that sets `more` and the terms of the offer.
    fn update_terms(&self, offer: &Offer, terms: u64, bucket: u16, more: &str) -> Result<Write> {
        let separator = if more.is_empty() { "" } else { ", " };
        let most = if offer.max_per_order.is_some() { ", maxPerOrder = :most" } else { " REMOVE maxPerOrder" };
        let set =
            format!("SET {more}{separator}price = :price, priceVersion = :pv, #status = :status, terms = :terms{most}");
        let write = Write::update(&self.table, bucket_key(&offer.sku, bucket), set)
            .name("#status", "status")
            .value(":price", offer.price)?
            .value(":pv", offer.price_version)?
            .value(":status", offer.status)?
            .value(":terms", terms)?;
        match offer.max_per_order {
            Some(most) => write.value(":most", most),
            None => Ok(write),
        }
    }

    /// The SKUs of bucketed offers, and their products, some moments behind the table. 1 round trip for each page.
    pub(crate) async fn list_bucketed(&self, request: &PageRequest) -> Result<Page<(Sku, ProductId)>> {
        let page: Page<ListedOffer> = Query::index(&self.table, "gsi3", LIST).page(request).await?;
        Ok(page.map(|offer| (offer.sku, offer.product_id)))
    }

    /// Removes an archived offer from the list of bucketed offers. `Ok(Err(_))` if it is not archived.
    pub(crate) async fn leave_list(&self, sku: &Sku) -> Result<Result<(), ConditionFailure>> {
        let write =
            Write::update(&self.table, self.offer_key(sku), "REMOVE gsi3pk, gsi3sk").when("#status = :archived");
        write.name("#status", "status").value(":archived", Status::Archived)?.run().await
    }
}

/// The key of a bucket. No SKU has a `#`.
pub(crate) fn bucket_key(sku: &Sku, bucket: u16) -> Key {
    Key::new(format!("SKU#{sku}#{bucket:03}"), SORT_KEY)
}

/// Is this the sort key of a bucket? For readers of the table's stream.
pub fn is_bucket_key(sort_key: &str) -> bool {
    sort_key == SORT_KEY
}

/// The SKU and the number of a bucket with this partition key.
pub fn parse_bucket_key(partition: &str) -> Result<(Sku, u16)> {
    let parts = partition.strip_prefix("SKU#").and_then(|rest| rest.rsplit_once('#'));
    let found: Option<(Sku, u16)> = parts.and_then(|(sku, bucket)| Some((sku.parse().ok()?, bucket.parse().ok()?)));
    found.ok_or_else(|| Error::internal(format!("{partition:?} is not the key of a bucket")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_names_sku_and_bucket() {
        let sku: Sku = "MUG-1".parse().unwrap();
        let key = bucket_key(&sku, 7);
        assert_eq!((key.pk.as_str(), key.sk.as_str()), ("SKU#MUG-1#007", "BUCKET"));
        assert_eq!(parse_bucket_key(&key.pk).unwrap(), (sku.clone(), 7));
        assert_eq!(parse_bucket_key(&bucket_key(&sku, 511).pk).unwrap(), (sku, 511));
        assert!(parse_bucket_key("SKU#MUG-1").is_err() && is_bucket_key("BUCKET") && !is_bucket_key("OFFER"));
    }
}
