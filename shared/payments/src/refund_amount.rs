//! How much of a payment is to be refunded. Pure.

use serde_json::Map;
use values::{Error, Money, Quantity, Result, Sku};

use crate::payment::Payment;

/// How much of a payment is to be refunded.
#[derive(Debug, Clone)]
pub enum RefundAmount {
    /// All that is still refundable.
    Rest,
    Amount(Money),
    /// The price of some pieces of its lines.
    Lines(Vec<(Sku, Quantity)>),
}

impl RefundAmount {
    /// The amount in money; 409 `nothing_to_refund`, 422 `amount_out_of_range`, `currency_mismatch` or `line_unknown`.
    pub(crate) fn resolve(&self, payment: &Payment) -> Result<Money> {
        let refundable = payment.balance.refundable;
        let (amount, field) = match self {
            Self::Rest if refundable.amount > 0 => return Ok(refundable),
            Self::Rest => {
                let detail = "The whole payment is refunded, or its refunds are pending.";
                return Err(Error::conflict("nothing_to_refund", detail));
            }
            Self::Amount(amount) => (*amount, "amount"),
            Self::Lines(lines) => (payment.price_of(lines)?, "lines"),
        };
        if amount.currency != payment.amount.currency {
            let message = format!("the payment is in {}", payment.amount.currency);
            return Err(Error::invalid("amount.currency", "currency_mismatch", message));
        }
        match amount.amount > 0 {
            true => Ok(amount),
            false => Err(Error::invalid(field, "amount_out_of_range", "must be more than zero")),
        }
    }
}

/// Refuses an amount that exceeds what is still refundable: 409 `refund_exceeds_captured`.
pub(crate) fn check_refundable(amount: Money, payment: &Payment) -> Result<()> {
    let refundable = payment.balance.refundable;
    if amount.amount <= refundable.amount {
        return Ok(());
    }
    let facts: Map<_, _> = [("refundable".to_owned(), serde_json::json!(refundable))].into_iter().collect();
    let detail = format!("Only {refundable} of this payment can still be refunded.");
    Err(Error::conflict("refund_exceeds_captured", detail.clone()).with_facts(
        "amount",
        "refund_exceeds_captured",
        detail,
        facts,
    ))
}
