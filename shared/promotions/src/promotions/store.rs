//! Rows of promotions: what an admin wrote, their histories, and the list of the live automatic ones of a market.

use aws_kit::{Key, MAX_TRANSACTION_WRITES, Query, Write};
use serde::{Deserialize, Serialize};
use values::{Page, PageRequest, PromotionId, Result};

use crate::limits::quota::SHARDS;
use crate::promotions::check::MAX_LISTED;
use crate::promotions::promotion::{Promotion, PromotionChange};
use crate::store::{Promotions, partition};

/// The promotion, its history entry, the version of the market, and the old and the new row of its list; a stored response.
const OTHER_WRITES: usize = 6;
const _: () = assert!(
    SHARDS as usize + OTHER_WRITES <= MAX_TRANSACTION_WRITES,
    "a promotion must be published in one transaction"
);

/// The partition of gsi1 with all promotions.
const ALL: &str = "PROMOTIONS";
/// How the sort keys of a history begin.
const CHANGE: &str = "CHANGE#";

/// The row on which all changes of the list of a market are conditioned.
#[derive(Debug, Default, Serialize, Deserialize)]
struct MarketVersion {
    version: u64,
}

impl Promotions {
    /// 1 round trip.
    pub(crate) async fn read(&self, id: PromotionId) -> Result<Option<Promotion>> {
        self.table.get(promotion_key(id)).await
    }

    /// Those of at most 100 promotions that exist, in no order. 1 round trip.
    pub(crate) async fn read_all(&self, ids: &[PromotionId]) -> Result<Vec<Promotion>> {
        let keys: Vec<Key> = ids.iter().copied().map(promotion_key).collect();
        self.table.batch_get(&keys).await
    }

    /// Promotions of a market, or all, newest first. Some moments behind the table. 1 round trip.
    pub(crate) async fn list(&self, market: Option<&str>, request: &PageRequest) -> Result<Page<Promotion>> {
        let query = match market {
            None => Query::index(&self.table, "gsi1", ALL),
            Some(market) => Query::index(&self.table, "gsi2", market_partition(market)),
        };
        query.descending().page(request).await
    }

    /// The changes of a promotion since it was published, newest first. 1 round trip.
    pub(crate) async fn changes(&self, id: PromotionId, request: &PageRequest) -> Result<Page<PromotionChange>> {
        Query::of(&self.table, partition(id)).begins_with(CHANGE).descending().page(request).await
    }

    /// The write of a promotion. Its condition is the version before; none for a new one.
    pub(crate) fn put(&self, promotion: &Promotion, before: Option<u64>) -> Result<Write> {
        let write = Write::put(&self.table, promotion_key(promotion.id), promotion)?
            .attribute("gsi1pk", ALL)?
            .attribute("gsi1sk", promotion.id)?
            .attribute("gsi2pk", market_partition(&promotion.content.market))?
            .attribute("gsi2sk", promotion.id)?;
        match before {
            None => Ok(write.when("attribute_not_exists(pk)")),
            Some(version) => write.when("version = :v").value(":v", version),
        }
    }

    /// The write that deletes a promotion that is at `version`.
    pub(crate) fn delete(&self, id: PromotionId, version: u64) -> Result<Write> {
        Write::delete(&self.table, promotion_key(id)).when("version = :v").value(":v", version)
    }

    /// The write of a history entry.
    pub(crate) fn put_change(&self, id: PromotionId, change: &PromotionChange) -> Result<Write> {
        Write::create(&self.table, Key::new(partition(id), format!("{CHANGE}{:010}", change.version)), change)
    }

    /// The version of the list of a market. 1 round trip.
    pub(crate) async fn market_version(&self, market: &str) -> Result<u64> {
        let row: Option<MarketVersion> = self.table.get(market_key(market)).await?;
        Ok(row.unwrap_or_default().version)
    }

    /// The write of the next version of the list of a market. Its condition fails if the list has changed since `before` was read.
    pub(crate) fn put_market_version(&self, market: &str, before: u64) -> Result<Write> {
        let write = Write::put(&self.table, market_key(market), &MarketVersion { version: before + 1 })?;
        match before {
            0 => Ok(write.when("attribute_not_exists(pk)")),
            version => write.when("version = :v").value(":v", version),
        }
    }

    /// The automatic promotions that are listed for a market, by priority and id. Some may have ended. 1 round trip.
    pub(crate) async fn listed(&self, market: &str) -> Result<Vec<Promotion>> {
        Query::of(&self.table, list_partition(market)).first(MAX_LISTED).await
    }

    /// The write that lists a live automatic promotion.
    pub(crate) fn put_listed(&self, promotion: &Promotion) -> Result<Write> {
        let write = Write::put(&self.table, list_key(promotion), promotion)?;
        match promotion.content.ends_at {
            None => Ok(write),
            Some(ends_at) => write.attribute("expiresAt", ends_at.seconds()),
        }
    }

    /// The write that removes a promotion from the list of its market.
    pub(crate) fn delete_listed(&self, promotion: &Promotion) -> Write {
        Write::delete(&self.table, list_key(promotion))
    }
}

fn promotion_key(id: PromotionId) -> Key {
    Key::new(partition(id), "PROMO")
}

/// The partition of gsi2 with the promotions of a market.
fn market_partition(market: &str) -> String {
    format!("MARKET#{market}")
}

fn market_key(market: &str) -> Key {
    Key::new(market_partition(market), "MARKET")
}

fn list_partition(market: &str) -> String {
    format!("PROMOTIONS#{market}")
}

fn list_key(promotion: &Promotion) -> Key {
    let sort_key = format!("{:010}#{}", promotion.content.priority, promotion.id);
    Key::new(list_partition(&promotion.content.market), sort_key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotions::promotion::tests::{live, now};
    use crate::store::tests::promotions;
    use serde_json::json;

    #[test]
    fn list_of_a_market_is_by_priority() {
        let key = |priority: u32| list_key(&live(json!({ "priority": priority })));
        assert!(key(9).sk < key(10).sk && key(10).sk < key(u32::MAX).sk);
        assert_eq!(key(9).pk, "PROMOTIONS#eu");
    }

    #[test]
    fn listed_promotion_expires_with_its_end() {
        let text = |fields| format!("{:?}", promotions().put_listed(&live(fields)).unwrap());
        let ended = text(json!({ "endsAt": now() }));
        assert!(ended.contains("expiresAt") && ended.contains("N(\"1764000000\")"), "{ended}");
        assert!(!text(json!({})).contains("expiresAt"));
    }

    #[test]
    fn list_changes_under_the_version_of_its_market() {
        let text = |before: u64| format!("{:?}", promotions().put_market_version("eu", before).unwrap());
        assert!(text(0).contains("attribute_not_exists(pk)") && text(0).contains("N(\"1\")"));
        assert!(text(7).contains("version = :v") && text(7).contains("N(\"8\")") && text(7).contains("N(\"7\")"));
    }
}
