//! Finds one address of an account.

use values::{AddressId, Result, UserId};

use crate::addresses::address::Address;
use crate::service::AccountService;

impl AccountService {
    /// One address of an account's address book, if it is there. 1 read.
    pub async fn address(&self, user: UserId, id: AddressId) -> Result<Option<Address>> {
        self.store.address(user, id).await
    }
}
