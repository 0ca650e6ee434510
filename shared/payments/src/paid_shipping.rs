//! The shipping of an order that is paid, and its refund. Pure.

use pricing::PaidAmount;
use values::{Error, Result};

use crate::refund_sum::RefundSum;

/// The shipping of the order, for refunds.
#[derive(Debug, Clone, PartialEq)]
pub struct PaidShipping {
    pub paid: PaidAmount,
    /// Is its refund made or pending? It is refunded as a whole, and once.
    pub is_refunded: bool,
}

impl PaidShipping {
    /// Shipping without a refund.
    pub fn new(paid: PaidAmount) -> Self {
        Self { paid, is_refunded: false }
    }

    /// Its refund. 409 `over_refunded` the second time.
    pub(crate) fn refund(&self) -> Result<RefundSum> {
        if self.is_refunded {
            let detail = "The shipping of this order is refunded, or its refund is pending.";
            return Err(Error::conflict("over_refunded", detail).with_field("shipping", "over_refunded", detail));
        }
        RefundSum::new(self.paid.net, self.paid.taxes.clone())
    }
}
