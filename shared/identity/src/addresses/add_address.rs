//! Adds an address to an address book.

use aws_kit::{CommitError, Idempotency, Idempotent, Transaction};
use values::{AddressId, Error, Result, UserId};

use crate::addresses::address_entry::{AddressEntry, MAX_ADDRESSES};
use crate::addresses::address_in::AddressIn;
use crate::addresses::default_addresses::DefaultAddresses;
use crate::service::AccountService;

impl AccountService {
    /// Adds an address; 409 `address_book_full` beyond [`MAX_ADDRESSES`]. With `idempotency`, a repetition adds nothing and
    /// returns the address as it is now; 404 when it was removed meanwhile. 1 transaction; 2 reads more for a repetition.
    pub async fn add_address(
        &self,
        user: UserId,
        input: &AddressIn,
        idempotency: Option<Idempotency>,
    ) -> Result<Idempotent<AddressEntry>> {
        let added = match (self.try_add_address(user, input, idempotency.as_ref()).await, idempotency) {
            (Err(error), Some(idempotency)) => {
                idempotency.or_earlier(&self.store.table, self.clock.now(), error).await.map(Idempotent::Replayed)
            }
            (added, _) => added,
        };
        match added? {
            Idempotent::Fresh(id) => {
                let defaults = DefaultAddresses::default().with(id, input);
                Ok(Idempotent::Fresh(defaults.entry(id, input.address.clone())))
            }
            Idempotent::Replayed(id) => {
                let entry = self.addresses(user).await?.into_iter().find(|entry| entry.id == id);
                entry.map(Idempotent::Replayed).ok_or_else(|| Error::not_found("address"))
            }
        }
    }

    /// The stored response is the id only, because an erased address must not remain in another row.
    async fn try_add_address(
        &self,
        user: UserId,
        input: &AddressIn,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<AddressId>> {
        let id = self.clock.mint();
        let (count, create) = self.store.add_address(user, id, input)?;
        let mut transaction = Transaction::new();
        let count = transaction.add(count);
        transaction.add(create);
        let response = match idempotency {
            Some(idempotency) => Some(transaction.add(idempotency.keep(&self.store.table, &id, self.clock.now())?)),
            None => None,
        };
        match transaction.commit().await {
            Ok(()) => Ok(Idempotent::Fresh(id)),
            Err(CommitError::ConditionFailed(failures)) => {
                match (idempotency, response.and_then(|response| failures.of(response))) {
                    (Some(idempotency), Some(earlier)) => Ok(Idempotent::Replayed(idempotency.recalled(earlier)?)),
                    _ if failures.of(count).is_some() => Err(Error::conflict(
                        "address_book_full",
                        format!("An address book holds {MAX_ADDRESSES} addresses. Remove one first."),
                    )),
                    _ => Err(CommitError::ConditionFailed(failures).into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}
