//! Use case: delete a shipping method.

use aws_kit::{Changes, ConditionFailures, Transaction};
use values::{ExpectedVersion, Result};

use crate::TermsService;
use crate::shipping::zone::Zone;
use crate::shipping::zone_set::ZoneSet;
use crate::slug::{MethodKey, ZoneKey};
use crate::store::Room;

impl TermsService {
    /// Deletes a method of a zone that is at the `expected` version. The answer is the zone, with its next version. Orders keep what they
    /// were placed with. 404; 412 `version_mismatch`. 3 round trips.
    pub async fn delete_method(&self, zone: &ZoneKey, method: &MethodKey, expected: &ExpectedVersion) -> Result<Zone> {
        let store = &self.terms.store;
        let decide = |_: Option<ConditionFailures>| async move {
            let (version, rows) = store.read_versioned_zones().await?;
            let zone = ZoneSet::new(rows).remove_method(zone, method, expected, version + 1)?;
            let mut writes = Transaction::new();
            writes.add(store.put_zone(&zone)?);
            writes.add(store.raise_version(Room::Shipping, version)?);
            Ok(Changes::new(writes, zone).into())
        };
        let changed = self.write().run(decide).await;
        self.terms.forget_zones();
        changed
    }
}
