//! What a refund pays back of a line or of shipping. Pure.

use serde::{Deserialize, Serialize};
use values::{Money, Result};

/// What is paid back for pieces of a line, or for shipping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundSum {
    /// `net` and `taxes` together.
    pub amount: Money,
    /// Without tax.
    pub net: Money,
    /// Each tax, in the order of what was paid. Also taxes that the price included.
    pub taxes: Vec<Money>,
}

impl RefundSum {
    pub(crate) fn new(net: Money, taxes: Vec<Money>) -> Result<Self> {
        let amount = taxes.iter().try_fold(net, |sum, tax| sum.plus(*tax))?;
        Ok(Self { amount, net, taxes })
    }
}
