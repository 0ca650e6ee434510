//! Removes an address from an address book.

use aws_kit::{Changes, ConditionFailures, OptimisticWrite, Transaction};
use values::{AddressId, Error, Result, UserId};

use crate::addresses::default_addresses::DefaultAddresses;
use crate::service::AccountService;

impl AccountService {
    /// Removes an address; 404 when it is not in the book. Orders keep their own copy. 1 read, 1 transaction; both again after a
    /// concurrent update of the defaults.
    pub async fn remove_address(&self, user: UserId, id: AddressId) -> Result<()> {
        let missing = || Error::not_found("address");
        let decide = |_: Option<ConditionFailures>| async move {
            let account = self.store.account(user).await?;
            let before = account.as_ref().map(DefaultAddresses::of).ok_or_else(missing)?;
            let (count, delete) = self.store.remove_address(user, id, before, before.without(id))?;
            let mut transaction = Transaction::new();
            transaction.add(count);
            let delete = transaction.add(delete);
            let changes = Changes::new(transaction, ());
            Ok(changes.or_refuse(move |failures| Ok(failures.of(delete).map(|_| missing()))).into())
        };
        OptimisticWrite::new(&self.store.table, &self.clock).run(decide).await
    }
}
