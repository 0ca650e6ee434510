//! All or nothing: `TransactWriteItems` with a retry budget for what the SDK does not retry.
//!
//! A `TransactionConflict` (another transaction held a row) says nothing about our conditions, so the same transaction is
//! sent again, under the same `ClientRequestToken`: if an attempt whose answer was lost had been committed, DynamoDB
//! recognises it (for 10 minutes) and does not do it twice.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use values::{Error, Result};

use crate::retry::Backoff;
use crate::table::outage;
use crate::write::{ConditionFailure, Write};

/// Where a write stands in its transaction, to find its refusal by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(usize);

/// The writes whose conditions did not hold.
#[derive(Debug)]
pub struct ConditionFailures(Vec<Option<ConditionFailure>>);

impl ConditionFailures {
    /// Was it this write that was refused?
    pub fn of(&self, slot: Slot) -> Option<&ConditionFailure> {
        self.0.get(slot.0).and_then(Option::as_ref)
    }
}

/// Why a transaction did not happen. In both cases nothing was written, or (`Failed`, when the last answer was lost) all.
#[derive(Debug)]
pub enum CommitError {
    /// Conditions did not hold.
    ConditionFailed(ConditionFailures),
    /// The database did not answer, or rivals used up the retry budget.
    Failed(Error),
}

impl From<CommitError> for Error {
    /// For callers that expect no refusal.
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::ConditionFailed(_) => Error::conflict(
                "changed_meanwhile",
                "It was changed by somebody else meanwhile. Read it and try again.",
            ),
            CommitError::Failed(error) => error,
        }
    }
}

/// DynamoDB's bound.
pub const MAX_TRANSACTION_WRITES: usize = 100;

/// Writes that happen together.
#[derive(Debug, Default)]
pub struct Transaction {
    writes: Vec<Write>,
}

impl Transaction {
    /// Without a write yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a write.
    pub fn add(&mut self, write: Write) -> Slot {
        self.writes.push(write);
        Slot(self.writes.len() - 1)
    }

    /// Commits within the retry budget.
    pub async fn commit(self) -> Result<(), CommitError> {
        let Some(client) = self.writes.first().map(|write| write.table.client.clone()) else { return Ok(()) };
        let actions =
            self.writes.into_iter().map(Write::into_action).collect::<Result<Vec<_>>>().map_err(CommitError::Failed)?;
        let token = format!("{:032x}", fastrand::u128(..));
        let mut backoff = Backoff::start();
        loop {
            let send =
                client.transact_write_items().set_transact_items(Some(actions.clone())).client_request_token(&token);
            let Err(error) = send.send().await else { return Ok(()) };
            let contended = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons();
                    if reasons.iter().any(|reason| reason.code() == Some("ConditionalCheckFailed")) {
                        return Err(CommitError::ConditionFailed(ConditionFailures(
                            reasons.iter().map(refusal).collect(),
                        )));
                    }
                    if let Some(fault) = fault_of_ours(reasons) {
                        return Err(CommitError::Failed(fault));
                    }
                    reasons.iter().any(|reason| matches!(reason.code(), Some(code) if is_passing(code)))
                }
                Some(inner) => inner.is_transaction_in_progress_exception(),
                None => false,
            };
            if !contended || !backoff.wait().await {
                return Err(CommitError::Failed(outage(error)));
            }
        }
    }
}

/// A write that DynamoDB will never take, such as a row that is too large.
fn fault_of_ours(reasons: &[CancellationReason]) -> Option<Error> {
    let reason = reasons.iter().find(|reason| reason.code() == Some("ValidationError"))?;
    Some(Error::internal(format!("a write that is none: {}", reason.message().unwrap_or_default())))
}

fn is_passing(code: &str) -> bool {
    matches!(code, "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
}

fn refusal(reason: &CancellationReason) -> Option<ConditionFailure> {
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
    fn a_row_that_is_too_large_is_our_fault_and_what_passes_is_not() {
        let fault = fault_of_ours(&reasons(&["None", "ValidationError", "TransactionConflict"]));
        assert_eq!(fault.unwrap().kind, Kind::Internal);
        for code in ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"] {
            assert!(is_passing(code) && fault_of_ours(&reasons(&["None", code])).is_none());
        }
    }
}
