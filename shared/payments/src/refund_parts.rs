//! The parts of a refund: pieces of lines, and shipping. Pure.

use serde::{Deserialize, Serialize};
use values::{Currency, Money, Result};

use crate::paid_line::RefundLine;
use crate::refund_sum::RefundSum;

/// What a refund pays back. Empty if it was requested as an amount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundParts {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RefundLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<RefundSum>,
}

impl RefundParts {
    /// Does the refund belong to no line and not to shipping?
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.shipping.is_none()
    }

    /// What all parts come to.
    pub(crate) fn total(&self, currency: Currency) -> Result<Money> {
        let sums = self.lines.iter().map(|line| &line.sum).chain(&self.shipping);
        sums.map(|sum| sum.amount).try_fold(Money::zero(currency), Money::plus)
    }
}
