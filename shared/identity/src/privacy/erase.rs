//! Erases the rows of a closed account, a page at a time. Every page leaves fewer rows, so no position has to be stored.

use aws_kit::{CommitError, Transaction, Write, report_forged_event};
use events::Envelope;
use futures::future::try_join_all;
use values::{Result, UserId};

use crate::service::AccountService;

/// Rows that are erased side by side.
const PAGE: u32 = 25;

impl AccountService {
    /// Whether the account was closed, as `user.deleted` says; if not, the event is forged, and reported. Every worker that erases
    /// after this event checks it first. 1 read, which returns no data, so that a worker needs no permission to read accounts.
    pub async fn was_closed(&self, user: UserId, deleted: &Envelope) -> Result<bool> {
        let is_closed = self.store.is_closed(user).await?;
        if !is_closed {
            report_forged_event(deleted, "the account is not closed");
        }
        Ok(is_closed)
    }

    /// Erases a page of a closed account's rows; false when none is left. Erases nothing of an open account. It can be repeated, also
    /// concurrently. 2 or 3 reads, at most 25 writes side by side.
    pub async fn erase_page(&self, user: UserId) -> Result<bool> {
        let store = &self.store;
        let Some(closed) = store.closed_account(user).await? else { return Ok(false) };
        let rows = store.first_rows_of(user, PAGE).await?;
        let erasures = rows.iter().map(|row| store.erase_row(user, row)).collect::<Result<Vec<_>>>()?;
        let erasures: Vec<_> = erasures.into_iter().filter(|writes| !writes.is_empty()).collect();
        if !erasures.is_empty() {
            try_join_all(erasures.into_iter().map(commit_erasure)).await?;
            return Ok(true);
        }
        let factors = store.factor_rows(user, PAGE).await?;
        if !factors.is_empty() {
            let erasures = factors.iter().map(|row| store.erase_factor_row(user, row)).collect::<Result<Vec<_>>>()?;
            try_join_all(erasures.into_iter().map(commit_erasure)).await?;
            return Ok(true);
        }
        let Some(email_digest) = &closed.email_digest else { return Ok(false) };
        // Only tokens from before the closing: another account may have the email address now.
        let tokens = store.tokens_of(email_digest, closed.closed_at, PAGE).await?;
        if tokens.is_empty() {
            commit_erasure(vec![store.erase_email_digest(user)]).await?;
            return Ok(false);
        }
        try_join_all(tokens.into_iter().map(|token| commit_erasure(vec![store.delete_token(token)]))).await?;
        Ok(true)
    }
}

/// Commits the writes that erase one row. A failed condition means that a concurrent call has erased it.
async fn commit_erasure(writes: Vec<Write>) -> Result<()> {
    let mut transaction = Transaction::new();
    match <[Write; 1]>::try_from(writes) {
        Ok([single]) => {
            let _already_erased = single.run().await?;
            return Ok(());
        }
        Err(writes) => writes.into_iter().for_each(|write| {
            transaction.add(write);
        }),
    }
    match transaction.commit().await {
        Ok(()) | Err(CommitError::ConditionFailed(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
