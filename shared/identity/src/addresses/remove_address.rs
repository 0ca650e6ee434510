//! Removes an address from an address book.

use aws_kit::{Backoff, CommitError, Transaction};
use values::{AddressId, Error, Result, UserId};

use crate::addresses::default_addresses::DefaultAddresses;
use crate::service::AccountService;

impl AccountService {
    /// Removes an address; 404 when it is not in the book. Orders keep their own copy. 1 read, 1 transaction; both again after a
    /// concurrent update of the defaults.
    pub async fn remove_address(&self, user: UserId, id: AddressId) -> Result<()> {
        let missing = || Error::not_found("address");
        let mut backoff = Backoff::start();
        loop {
            let account = self.store.account(user).await?;
            let before = account.as_ref().map(DefaultAddresses::of).ok_or_else(missing)?;
            let (count, delete) = self.store.remove_address(user, id, before, before.without(id))?;
            let mut transaction = Transaction::new();
            transaction.add(count);
            let delete = transaction.add(delete);
            match transaction.commit().await {
                Ok(()) => return Ok(()),
                Err(CommitError::ConditionFailed(failures)) if failures.of(delete).is_some() => return Err(missing()),
                Err(CommitError::ConditionFailed(_)) if backoff.wait().await => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
