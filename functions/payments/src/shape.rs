//! The bodies of requests and responses of the payments API.

use payments::{Failure, NextAction, Payment, Refund, RefundAmount, RefundStatus, Status};
use serde::{Deserialize, Serialize};
use values::{Error, Money, OrderId, PaymentId, Quantity, RefundId, Result, Sku, Text, Timestamp};

/// Lines of one refund: as many as an order may have.
const MAX_LINES: usize = 50;

/// The body of `POST /payments/{id}/refunds`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefundIn {
    amount: Option<Money>,
    lines: Option<Vec<LineIn>>,
    reason: Text<200>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LineIn {
    sku: Sku,
    quantity: Quantity,
}

impl RefundIn {
    pub(crate) fn into_parts(self) -> Result<(RefundAmount, Text<200>)> {
        let amount = match (self.amount, self.lines) {
            (None, None) => RefundAmount::Rest,
            (Some(amount), None) => RefundAmount::Amount(amount),
            (None, Some(lines)) if (1..=MAX_LINES).contains(&lines.len()) => {
                RefundAmount::Lines(lines.into_iter().map(|line| (line.sku, line.quantity)).collect())
            }
            (None, Some(_)) => return Err(Error::invalid("lines", "lines_out_of_range", "must have 1 to 50 lines")),
            (Some(_), Some(_)) => {
                return Err(Error::invalid("amount", "one_of", "send `amount`, `lines` or neither, but not both"));
            }
        };
        Ok((amount, self.reason))
    }
}

/// A refund in a response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundOut {
    id: RefundId,
    payment_id: PaymentId,
    order_id: OrderId,
    amount: Money,
    reason: String,
    status: RefundStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Refund> for RefundOut {
    fn from(refund: Refund) -> Self {
        Self {
            id: refund.id,
            payment_id: refund.payment_id,
            order_id: refund.order_id,
            amount: refund.amount,
            reason: refund.reason,
            status: refund.status,
            failure: refund.failure,
            created_at: refund.created_at,
            updated_at: refund.updated_at,
        }
    }
}

/// A payment in a response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentOut {
    id: PaymentId,
    order_id: OrderId,
    provider: &'static str,
    amount: Money,
    captured: Money,
    refunded: Money,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_action: Option<NextAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Payment> for PaymentOut {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id,
            order_id: payment.order_id,
            provider: "stripe",
            amount: payment.amount,
            captured: payment.balance.captured,
            refunded: payment.balance.refunded,
            status: payment.status,
            next_action: payment.next_action().cloned(),
            failure: payment.failure().cloned(),
            version: payment.version,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}
