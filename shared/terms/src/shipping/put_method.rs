//! Use case: create or change a shipping method.

use aws_kit::{Changes, ConditionFailures, Idempotency, Idempotent, Transaction};
use values::{ExpectedVersion, Result};

use crate::TermsService;
use crate::markets::market_set::market_unknown;
use crate::shipping::method::Method;
use crate::shipping::zone::Zone;
use crate::shipping::zone_set::ZoneSet;
use crate::slug::ZoneKey;
use crate::store::Room;

impl TermsService {
    /// Creates a method in a zone that is at the `expected` version, or replaces the one with its id. The answer is the zone, with its next
    /// version. Buyers see a change within 30 seconds.
    ///
    /// The market is read and not a condition: a method that later does not fit its market is not offered.
    ///
    /// 404; 412 `version_mismatch`; 409 `too_many_methods`; 422 `market_unknown`, `currency_mismatch`, `amount_out_of_range`,
    /// `step_mismatch`, `weight_out_of_range`, `bands_out_of_range`, `band_empty`, `bands_overlap`, `country_unknown`, `invalid_value` or
    /// `delivery_days_out_of_range`. 4 round trips.
    pub async fn put_method(
        &self,
        zone: &ZoneKey,
        method: &Method,
        expected: &ExpectedVersion,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Zone>> {
        let store = &self.terms.store;
        let decide = |_: Option<ConditionFailures>| async move {
            let markets = self.market_set().await?;
            method.content.check(markets.get(&method.content.market).ok_or_else(market_unknown)?)?;
            let (version, rows) = store.read_versioned_zones().await?;
            let zone = ZoneSet::new(rows).put_method(zone, method, expected, version + 1)?;
            let mut writes = Transaction::new();
            writes.add(store.put_zone(&zone)?);
            writes.add(store.raise_version(Room::Shipping, version)?);
            Ok(Changes::new(writes, zone).into())
        };
        let put = self.write().run_idempotent(idempotency, decide).await;
        self.terms.forget_zones();
        put
    }
}
