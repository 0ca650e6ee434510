//! The outcome of a task.

use serde::Serialize;
use tracing::error;
use values::Result;

use crate::normalize_texts::TextsReport;

/// The outcome of a task.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The number of orders, events, payments, accounts or bucketed offers that were processed. Of `walk-orders`, the movements and mails
    /// that were missing. Of `normalize-texts`, the rows that all its runs since the last restart have written.
    pub done: usize,
    /// The number of failures. They are in the log, and the next run tries them again. `normalize-texts` tries them again only after a
    /// restart, and counts those of all its runs since the last one.
    pub failed: usize,
    /// What `normalize-texts` reports beside these numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<TextsReport>,
}

impl Report {
    /// Adds the numbers of another one.
    pub(crate) fn add(&mut self, other: Self) {
        self.done += other.done;
        self.failed += other.failed;
    }

    /// What a sweep has found, without the shards and rows that could not be read, which count as failures.
    pub(crate) fn without_failures<T>(&mut self, found: Vec<Result<T>>) -> Vec<T> {
        found.into_iter().filter_map(|row| row.map_err(|error| self.count::<()>(Err(error))).ok()).collect()
    }

    /// Counts one outcome. A failure is logged.
    pub(crate) fn count<T>(&mut self, outcome: Result<T>) {
        match outcome {
            Ok(_) => self.done += 1,
            Err(error) => {
                self.failed += 1;
                error!(error.code = error.code, error.cause = error.causes(), "{}", error.detail);
            }
        }
    }
}
