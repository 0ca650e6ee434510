//! What comes with a request to move an order, whatever the move.

use aws_kit::{Idempotency, Idempotent};
use values::{Caller, Error, ExpectedVersion, Result, Trace};

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
    pub version: Option<&'a ExpectedVersion>,
    /// The keyed request, if it is one.
    pub idempotency: Option<&'a Idempotency>,
    /// As part of what.
    pub trace: &'a Trace,
}

impl Asked<'_> {
    /// Refuses when the caller insists on another version than this.
    pub(crate) fn check_version(&self, order: &Order) -> Result<()> {
        if self.version.is_some_and(|version| !version.matches(order.version)) {
            return Err(Error::version_mismatch("order"));
        }
        Ok(())
    }
}

/// An answer with the order's personal data, which no record keeps.
pub(crate) fn full(attempt: Idempotent<Order>, private: Option<Private>) -> Idempotent<Full> {
    match attempt {
        Idempotent::Fresh(order) => Idempotent::Fresh(Full { order, private }),
        Idempotent::Replayed(order) => Idempotent::Replayed(Full { order, private }),
    }
}
