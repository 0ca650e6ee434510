//! What comes with a request to move an order, whatever the move.

use aws_kit::{Attempt, Idempotency};
use values::{Caller, Error, Result, Trace};

use crate::order::{Order, Private};
use crate::read::Full;

/// Who asks, and on which conditions.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who.
    pub caller: &'a Caller,
    /// A guest's token of the order.
    pub order_token: Option<&'a str>,
    /// The version that the order must have, if the caller insists on one.
    pub version: Option<u64>,
    /// The keyed request, if it is one.
    pub once: Option<&'a Idempotency>,
    /// As part of what.
    pub trace: &'a Trace,
}

impl Asked<'_> {
    /// Refuses when the caller insists on another version than this.
    pub(crate) fn check_version(&self, order: &Order) -> Result<()> {
        if self.version.is_some_and(|version| version != order.version) {
            return Err(Error::version_mismatch("order"));
        }
        Ok(())
    }
}

/// An answer with the order's personal data, which no record keeps.
pub(crate) fn full(attempt: Attempt<Order>, private: Option<Private>) -> Attempt<Full> {
    match attempt {
        Attempt::Fresh(order) => Attempt::Fresh(Full { order, private }),
        Attempt::Replayed(order) => Attempt::Replayed(Full { order, private }),
    }
}
