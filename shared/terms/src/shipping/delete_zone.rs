//! Use case: delete a shipping zone.

use aws_kit::{Changes, ConditionFailures, Transaction};
use values::{ExpectedVersion, Result};

use crate::TermsService;
use crate::shipping::zone_set::ZoneSet;
use crate::slug::ZoneKey;
use crate::store::Room;

impl TermsService {
    /// Deletes a zone that is at the `expected` version, with its methods. Without any zone, the shop has no shipping methods and refuses
    /// no destination. 404; 412 `version_mismatch`. 3 round trips.
    pub async fn delete_zone(&self, key: &ZoneKey, expected: &ExpectedVersion) -> Result<()> {
        let store = &self.terms.store;
        let decide = |_: Option<ConditionFailures>| async move {
            let (version, rows) = store.read_versioned_zones().await?;
            ZoneSet::new(rows).check_deletion(key, expected)?;
            let mut writes = Transaction::new();
            writes.add(store.delete_zone(key));
            writes.add(store.raise_version(Room::Shipping, version)?);
            Ok(Changes::new(writes, ()).into())
        };
        let deleted = self.write().run(decide).await;
        self.terms.forget_zones();
        deleted
    }
}
