//! Rows of zones: one row each, with its methods, in one partition.

use aws_kit::{Key, Query, Write};
use values::Result;

use crate::shipping::zone::Zone;
use crate::shipping::zone_set::MAX_ZONES;
use crate::slug::ZoneKey;
use crate::store::{Room, Store};

impl Store {
    /// All zones with their methods. 1 round trip, and 1 more for each megabyte.
    pub(crate) async fn read_zones(&self) -> Result<Vec<Zone>> {
        Query::of(&self.table, "ZONES").first(MAX_ZONES).await
    }

    /// All zones, with the version on which a change is conditioned. 2 round trips. The version is read first, so that a later change makes
    /// the condition fail.
    pub(crate) async fn read_versioned_zones(&self) -> Result<(u64, Vec<Zone>)> {
        let version = self.room_version(Room::Shipping).await?;
        Ok((version, self.read_zones().await?))
    }

    /// The write that stores a zone. It needs no condition of its own, because it goes with that of [`Store::raise_version`].
    pub(crate) fn put_zone(&self, zone: &Zone) -> Result<Write> {
        Write::put(&self.table, zone_key(&zone.key), zone)
    }

    /// The write that deletes a zone with its methods, like [`Store::put_zone`].
    pub(crate) fn delete_zone(&self, key: &ZoneKey) -> Write {
        Write::delete(&self.table, zone_key(key))
    }
}

fn zone_key(key: &ZoneKey) -> Key {
    Key::new("ZONES", key.as_str())
}
