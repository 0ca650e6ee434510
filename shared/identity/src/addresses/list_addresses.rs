//! Lists the addresses of an account.

use values::{Result, UserId};

use crate::addresses::address_entry::AddressEntry;
use crate::addresses::default_addresses::DefaultAddresses;
use crate::service::AccountService;

impl AccountService {
    /// All addresses of an address book, oldest first. 2 reads side by side.
    pub async fn addresses(&self, user: UserId) -> Result<Vec<AddressEntry>> {
        let (account, rows) = tokio::try_join!(self.store.account(user), self.store.addresses(user))?;
        let defaults = account.as_ref().map(DefaultAddresses::of).unwrap_or_default();
        Ok(rows.into_iter().map(|(id, address)| defaults.entry(id, address)).collect())
    }
}
