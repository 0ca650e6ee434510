//! What comes with every request to change an order.

use aws_kit::Idempotency;
use values::{Caller, Error, ExpectedVersion, Result, Trace};

use crate::order::Order;

/// Who wants to change an order, and under which conditions.
#[derive(Debug, Clone, Copy)]
pub struct OrderRequest<'a> {
    pub caller: &'a Caller,
    /// A guest's token of the order.
    pub order_token: Option<&'a str>,
    /// The version that the order must have, if the caller named one.
    pub version: Option<&'a ExpectedVersion>,
    /// None for a request without an idempotency key.
    pub idempotency: Option<&'a Idempotency>,
    pub trace: &'a Trace,
}

impl OrderRequest<'_> {
    /// Refuses when the caller named another version than that of the order.
    pub(crate) fn check_version(&self, order: &Order) -> Result<()> {
        if self.version.is_some_and(|version| !version.matches(order.version)) {
            return Err(Error::version_mismatch("order"));
        }
        Ok(())
    }
}
