//! Use case: delete a market.

use aws_kit::{Changes, ConditionFailures, Transaction};
use values::{ExpectedVersion, Result};

use crate::TermsService;
use crate::markets::market_set::MarketSet;
use crate::slug::MarketKey;
use crate::store::Room;

impl TermsService {
    /// Deletes a market that is at the `expected` version. Its carts can no longer be ordered, and its shipping methods are no longer
    /// offered. 404; 412 `version_mismatch`; 409 `market_is_default`. 3 round trips.
    pub async fn delete_market(&self, key: &MarketKey, expected: &ExpectedVersion) -> Result<()> {
        let store = &self.terms.store;
        let decide = |_: Option<ConditionFailures>| async move {
            let (version, rows) = store.read_versioned_markets().await?;
            MarketSet::new(rows, self.terms.currency)?.check_deletion(key, expected)?;
            let mut writes = Transaction::new();
            writes.add(store.delete_market(key));
            writes.add(store.raise_version(Room::Markets, version)?);
            Ok(Changes::new(writes, ()).into())
        };
        let deleted = self.write().run(decide).await;
        self.terms.forget_markets();
        deleted
    }
}
