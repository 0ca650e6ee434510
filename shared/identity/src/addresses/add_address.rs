//! Adds an address to an address book.

use aws_kit::{Changes, ConditionFailures, Idempotency, Idempotent, OptimisticWrite, Transaction};
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
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<AddressEntry>> {
        let decide = |_: Option<ConditionFailures>| async move {
            let id: AddressId = self.clock.mint();
            let (count, create) = self.store.add_address(user, id, input)?;
            let mut transaction = Transaction::new();
            let count = transaction.add(count);
            transaction.add(create);
            // The stored response is the id only, because an erased address must not remain in another row.
            let changes = Changes::new(transaction, id);
            Ok(changes.or_refuse(move |failures| Ok(failures.of(count).map(|_| address_book_full()))).into())
        };
        let write = OptimisticWrite::new(&self.store.table, &self.clock);
        match write.run_idempotent(idempotency, decide).await? {
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
}

fn address_book_full() -> Error {
    let detail = format!("An address book holds {MAX_ADDRESSES} addresses. Remove one first.");
    Error::conflict("address_book_full", detail)
}
