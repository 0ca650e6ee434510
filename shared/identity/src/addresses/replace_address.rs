//! Replaces an address in an address book.

use aws_kit::{Backoff, CommitError, Transaction};
use values::{AddressId, Error, Result, UserId};

use crate::addresses::address_entry::AddressEntry;
use crate::addresses::address_in::AddressIn;
use crate::addresses::default_addresses::DefaultAddresses;
use crate::service::AccountService;

impl AccountService {
    /// Replaces an address, and sets the defaults; 404 when it is not in the book. 1 read, 1 transaction; both again after a
    /// concurrent update of the defaults.
    pub async fn replace_address(&self, user: UserId, id: AddressId, input: &AddressIn) -> Result<AddressEntry> {
        let missing = || Error::not_found("address");
        let mut backoff = Backoff::start();
        loop {
            let account = self.store.account(user).await?;
            let before = account.as_ref().map(DefaultAddresses::of).ok_or_else(missing)?;
            let after = before.with(id, input);
            let mut transaction = Transaction::new();
            let put = transaction.add(self.store.replace_address(user, id, &input.address)?);
            if let Some(defaults) = self.store.set_default_addresses(user, before, after)? {
                transaction.add(defaults);
            }
            match transaction.commit().await {
                Ok(()) => return Ok(after.entry(id, input.address.clone())),
                Err(CommitError::ConditionFailed(failures)) if failures.of(put).is_some() => return Err(missing()),
                Err(CommitError::ConditionFailed(_)) if backoff.wait().await => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
