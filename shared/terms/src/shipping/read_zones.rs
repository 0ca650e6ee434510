//! Use cases: read shipping zones as an admin, from the table.

use values::{Error, Result};

use crate::TermsService;
use crate::shipping::zone::Zone;
use crate::slug::ZoneKey;

impl TermsService {
    /// All zones with their methods, by key. 1 round trip.
    pub async fn zones(&self) -> Result<Vec<Zone>> {
        self.terms.store.read_zones().await
    }

    /// One zone with its methods. 404. 1 round trip.
    pub async fn zone(&self, key: &ZoneKey) -> Result<Zone> {
        let zones = self.zones().await?;
        zones.into_iter().find(|zone| zone.key == *key).ok_or_else(|| Error::not_found("zone"))
    }
}
