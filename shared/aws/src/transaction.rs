//! `TransactWriteItems` with a retry budget for the errors that the SDK does not retry.
//!
//! A `TransactionConflict` means that another transaction held a row. It says nothing about our conditions, so the same
//! transaction is sent again with the same `ClientRequestToken`. If DynamoDB had committed an attempt whose answer was lost, it
//! recognises the token (for 10 minutes) and does not write twice. A caller that can choose other rows decides again instead.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use values::{Error, Result};

use crate::retry::Backoff;
use crate::table::outage;
use crate::write::{ConditionFailure, Write};

/// The position of a write in its transaction. It finds the failure of that write's condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(usize);

/// The conditions that failed, by the position of their write.
#[derive(Debug)]
pub struct ConditionFailures(Vec<Option<ConditionFailure>>);

impl ConditionFailures {
    /// No condition failed: the transaction was cancelled because it met another one.
    pub(crate) fn of_conflict() -> Self {
        Self(Vec::new())
    }

    /// Whether the transaction met another one, and no condition failed ([`crate::Changes::elsewhere_on_conflict`]).
    pub fn is_conflict(&self) -> bool {
        self.0.is_empty()
    }

    /// The failure of this write's condition, if it failed.
    pub fn of(&self, slot: Slot) -> Option<&ConditionFailure> {
        self.0.get(slot.0).and_then(Option::as_ref)
    }

    /// Whether a failure carries the row that its condition failed on.
    pub(crate) fn have_row(&self) -> bool {
        self.0.iter().flatten().any(|failure| failure.0.is_some())
    }

    /// The failure of the first write's condition, if it failed.
    pub fn first(&self) -> Option<&ConditionFailure> {
        self.of(Slot(0))
    }
}

/// Why a transaction did not commit. After `ConditionFailed` nothing was written. After `Failed` nothing was written, or everything
/// was written and the answer was lost.
#[derive(Debug)]
pub enum CommitError {
    /// Conditions failed.
    ConditionFailed(ConditionFailures),
    /// DynamoDB did not answer, or concurrent transactions used up the retry budget.
    Failed(Error),
}

impl From<CommitError> for Error {
    /// For callers whose conditions fail only because of a concurrent update, and that do not try again.
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::ConditionFailed(_) => {
                let detail = "It was changed by a concurrent request. Read it and try again.";
                Error::conflict(TOO_MANY_CONCURRENT_UPDATES, detail)
            }
            CommitError::Failed(error) => error,
        }
    }
}

/// What follows when a transaction is cancelled because it met another one, or was throttled. Nothing was written then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnConflict {
    /// It is sent again, with the same token.
    Resend,
    /// It ends at once, with [`ConditionFailures::of_conflict`].
    Return,
}

/// The error code of a write that lost too many races against concurrent updates.
pub(crate) const TOO_MANY_CONCURRENT_UPDATES: &str = "too_many_concurrent_updates";

/// DynamoDB's limit of writes in one transaction.
pub const MAX_TRANSACTION_WRITES: usize = 100;

/// Writes that are committed together or not at all.
#[derive(Debug, Default)]
pub struct Transaction {
    writes: Vec<Write>,
}

impl Transaction {
    /// A transaction without writes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a write and returns its position.
    pub fn add(&mut self, write: Write) -> Slot {
        self.writes.push(write);
        Slot(self.writes.len() - 1)
    }

    /// Adds writes and returns the position of the first one.
    pub fn add_all(&mut self, writes: impl IntoIterator<Item = Write>) -> Option<Slot> {
        let mut first = None;
        for write in writes {
            let slot = self.add(write);
            first = first.or(Some(slot));
        }
        first
    }

    /// Commits within a retry budget of its own.
    pub async fn commit(self) -> Result<(), CommitError> {
        self.commit_within(&mut Backoff::start(), OnConflict::Resend).await
    }

    /// Commits within a retry budget that the caller shares with its other attempts.
    pub(crate) async fn commit_within(self, backoff: &mut Backoff, on_conflict: OnConflict) -> Result<(), CommitError> {
        let Some(client) = self.writes.first().map(|write| write.table.client.clone()) else { return Ok(()) };
        let actions =
            self.writes.into_iter().map(Write::into_action).collect::<Result<Vec<_>>>().map_err(CommitError::Failed)?;
        let token = format!("{:032x}", fastrand::u128(..));
        loop {
            let send =
                client.transact_write_items().set_transact_items(Some(actions.clone())).client_request_token(&token);
            let Err(error) = send.send().await else { return Ok(()) };
            let contended = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons();
                    if reasons.iter().any(|reason| reason.code() == Some("ConditionalCheckFailed")) {
                        return Err(CommitError::ConditionFailed(ConditionFailures(
                            reasons.iter().map(failure).collect(),
                        )));
                    }
                    if let Some(fault) = rejected_write(reasons) {
                        return Err(CommitError::Failed(fault));
                    }
                    let is_retryable =
                        reasons.iter().any(|reason| matches!(reason.code(), Some(code) if is_retryable(code)));
                    if is_retryable && on_conflict == OnConflict::Return {
                        return Err(CommitError::ConditionFailed(ConditionFailures::of_conflict()));
                    }
                    is_retryable
                }
                Some(inner) => inner.is_transaction_in_progress_exception(),
                None => false,
            };
            if !contended || !backoff.wait().await {
                return Err(CommitError::Failed(outage(error)));
            }
        }
    }

    /// The only write, if this transaction is one put: it costs half when it runs alone.
    pub(crate) fn into_single_put(mut self) -> Result<Write, Self> {
        match self.writes.pop() {
            Some(write) if self.writes.is_empty() && write.is_put() => Ok(write),
            last => {
                self.writes.extend(last);
                Err(self)
            }
        }
    }
}

impl ConditionFailures {
    /// The failure of a write that ran alone.
    pub(crate) fn single(failure: ConditionFailure) -> Self {
        Self(vec![Some(failure)])
    }
}

impl From<Vec<Write>> for Transaction {
    fn from(writes: Vec<Write>) -> Self {
        Self { writes }
    }
}

/// The error of a write that DynamoDB rejects whatever the table holds, such as a row that is too large.
fn rejected_write(reasons: &[CancellationReason]) -> Option<Error> {
    let reason = reasons.iter().find(|reason| reason.code() == Some("ValidationError"))?;
    Some(Error::internal(format!("DynamoDB rejected the write: {}", reason.message().unwrap_or_default())))
}

fn is_retryable(code: &str) -> bool {
    matches!(code, "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
}

fn failure(reason: &CancellationReason) -> Option<ConditionFailure> {
    (reason.code() == Some("ConditionalCheckFailed")).then(|| ConditionFailure(reason.item().cloned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Kind;

    fn reasons(codes: &[&str]) -> Vec<CancellationReason> {
        codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect()
    }

    #[test]
    fn row_that_is_too_large_is_an_internal_error_and_contention_is_not() {
        let fault = rejected_write(&reasons(&["None", "ValidationError", "TransactionConflict"]));
        assert_eq!(fault.unwrap().kind, Kind::Internal);
        for code in ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"] {
            assert!(is_retryable(code) && rejected_write(&reasons(&["None", code])).is_none());
        }
    }
}
