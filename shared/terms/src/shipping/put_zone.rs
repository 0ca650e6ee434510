//! Use case: create or change a shipping zone.

use aws_kit::{Changes, ConditionFailures, Idempotency, Idempotent, Transaction};
use values::{ExpectedVersion, Result};

use crate::TermsService;
use crate::shipping::zone::{Zone, ZoneContent};
use crate::shipping::zone_set::ZoneSet;
use crate::slug::ZoneKey;
use crate::store::Room;

impl TermsService {
    /// Creates a zone without methods, or with an `expected` version replaces one that is at it, which keeps its methods. Buyers see a
    /// change within 30 seconds.
    ///
    /// 404; 412 `version_mismatch`; 409 `zone_exists`, `too_many_zones` or `zones_overlap`; 422 `places_empty`, `country_unknown`,
    /// `too_many_places`, `postal_range_invalid`, `time_zone_unknown` or `too_many_holidays`. 3 round trips.
    pub async fn put_zone(
        &self,
        key: &ZoneKey,
        content: &ZoneContent,
        expected: Option<&ExpectedVersion>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Zone>> {
        // Invalid content cannot have succeeded before, so no stored response is looked up.
        content.check()?;
        let store = &self.terms.store;
        let decide = |_: Option<ConditionFailures>| async move {
            let (version, rows) = store.read_versioned_zones().await?;
            let zone = ZoneSet::new(rows).put(key, content, expected, version + 1)?;
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
