//! The address book: at most 20 addresses of an account.

use aws_kit::{Attempt, CommitError, Idempotency, Transaction};
use values::{AddressId, Error, Result, UserId};

use crate::account::Accounts;
use crate::address::{Address, AddressEntry, MOST_ADDRESSES};

/// All addresses of a book, oldest first. 1 read.
pub async fn addresses(accounts: &Accounts, user: UserId) -> Result<Vec<AddressEntry>> {
    accounts.store.addresses(user).await
}

/// Adds an address; 409 `address_book_full` beyond [`MOST_ADDRESSES`]. With `once`, a repetition adds nothing and answers
/// the same. 1 transaction.
pub async fn add_address(
    accounts: &Accounts,
    user: UserId,
    address: Address,
    once: Option<Idempotency>,
) -> Result<Attempt<AddressEntry>> {
    match (try_add(accounts, user, address, once.as_ref()).await, once) {
        (Err(error), Some(once)) => {
            once.or_earlier(&accounts.store.table, accounts.clock.now(), error).await.map(Attempt::Replayed)
        }
        (tried, _) => tried,
    }
}

async fn try_add(
    accounts: &Accounts,
    user: UserId,
    address: Address,
    once: Option<&Idempotency>,
) -> Result<Attempt<AddressEntry>> {
    let entry = AddressEntry { id: accounts.clock.mint(), address };
    let (count, put) = accounts.store.add_address(user, &entry)?;
    let mut transaction = Transaction::new();
    let count = transaction.add(count);
    transaction.add(put);
    let kept = match once {
        Some(once) => Some(transaction.add(once.keep(&accounts.store.table, &entry, accounts.clock.now())?)),
        None => None,
    };
    match transaction.commit().await {
        Ok(()) => Ok(Attempt::Fresh(entry)),
        Err(CommitError::Refused(refusals)) => match (once, kept.and_then(|kept| refusals.of(kept))) {
            (Some(once), Some(earlier)) => Ok(Attempt::Replayed(once.recalled(earlier)?)),
            _ if refusals.of(count).is_some() => Err(Error::conflict(
                "address_book_full",
                format!("An address book holds {MOST_ADDRESSES} addresses. Remove one first."),
            )),
            _ => Err(CommitError::Refused(refusals).into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Writes over an address; 404 when it is not in the book. 1 write.
pub async fn replace_address(
    accounts: &Accounts,
    user: UserId,
    id: AddressId,
    address: Address,
) -> Result<AddressEntry> {
    let entry = AddressEntry { id, address };
    let written = accounts.store.replace_address(user, &entry)?.run().await?;
    written.map_err(|_| Error::not_found("address"))?;
    Ok(entry)
}

/// Removes an address; 404 when it is not in the book. Orders that went there keep their own copy. 1 transaction.
pub async fn remove_address(accounts: &Accounts, user: UserId, id: AddressId) -> Result<()> {
    let (count, gone) = accounts.store.remove_address(user, id)?;
    let mut transaction = Transaction::new();
    transaction.add(count);
    let gone = transaction.add(gone);
    match transaction.commit().await {
        Err(CommitError::Refused(refusals)) if refusals.of(gone).is_some() => Err(Error::not_found("address")),
        other => Ok(other?),
    }
}
