//! Use case: read the registrations as an admin, from the table.

use values::Result;

use crate::TermsService;
use crate::tax::registrations::Registrations;

impl TermsService {
    /// Where the shop is registered for taxes, and the country of dispatch. None at version 0 before the first change. 1 round trip.
    pub async fn registrations(&self) -> Result<Registrations> {
        self.terms.store.read_registrations().await
    }
}
