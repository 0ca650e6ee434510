//! Replaces an address in an address book.

use aws_kit::{Changes, ConditionFailures, OptimisticWrite, Transaction};
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
        let decide = |_: Option<ConditionFailures>| async move {
            let account = self.store.account(user).await?;
            let before = account.as_ref().map(DefaultAddresses::of).ok_or_else(missing)?;
            let after = before.with(id, input);
            let mut transaction = Transaction::new();
            let put = transaction.add(self.store.replace_address(user, id, &input.address)?);
            transaction.add_all(self.store.set_default_addresses(user, before, after)?);
            let changes = Changes::new(transaction, after.entry(id, input.address.clone()));
            Ok(changes.or_refuse(move |failures| Ok(failures.of(put).map(|_| missing()))).into())
        };
        OptimisticWrite::new(&self.store.table, &self.clock).run(decide).await
    }
}
