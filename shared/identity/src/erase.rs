//! Erasing what an account had here, a page at a time. Every page makes the next one shorter, so there is no place to remember.

use aws_kit::{CommitError, Transaction, Write};
use futures::future::try_join_all;
use values::{Result, UserId};

use crate::account::Accounts;

/// Rows that are erased together.
const PAGE: u32 = 25;

/// Was that account closed? 1 read.
pub async fn is_closed(accounts: &Accounts, user: UserId) -> Result<bool> {
    Ok(accounts.store.closed(user).await?.is_some())
}

/// Erases a page of what is left of a closed account; false when there is nothing more. Of an account that was not closed nothing is
/// erased. Done twice, also at once, it harms nothing. 2 reads, 25 writes side by side at most.
pub async fn erase_page(accounts: &Accounts, user: UserId) -> Result<bool> {
    let store = &accounts.store;
    let Some(closed) = store.closed(user).await? else { return Ok(false) };
    let rows = store.first_rows_of(user, PAGE).await?;
    let erased = rows.iter().map(|row| store.erased(user, row)).collect::<Result<Vec<_>>>()?;
    let erased: Vec<_> = erased.into_iter().filter(|writes| !writes.is_empty()).collect();
    if !erased.is_empty() {
        try_join_all(erased.into_iter().map(together)).await?;
        return Ok(true);
    }
    let Some(address) = &closed.address else { return Ok(false) };
    // Only those of before: the address may be a new account's by now.
    let tokens = store.tokens_of(address, closed.closed_at, PAGE).await?;
    if tokens.is_empty() {
        together(vec![store.forget_address(user)]).await?;
        return Ok(false);
    }
    try_join_all(tokens.into_iter().map(|token| together(vec![store.delete_token(token)]))).await?;
    Ok(true)
}

/// A refusal says that somebody else has erased it.
async fn together(writes: Vec<Write>) -> Result<()> {
    let mut transaction = Transaction::new();
    match <[Write; 1]>::try_from(writes) {
        Ok([alone]) => {
            let _gone_already = alone.run().await?;
            return Ok(());
        }
        Err(writes) => writes.into_iter().for_each(|write| {
            transaction.add(write);
        }),
    }
    match transaction.commit().await {
        Ok(()) | Err(CommitError::ConditionFailed(_)) => Ok(()),
        Err(failed) => Err(failed.into()),
    }
}
