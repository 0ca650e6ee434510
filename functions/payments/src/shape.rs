//! Bodies of the payments API.

use payments::{Failure, NextAction, Payment, Status};
use serde::Serialize;
use values::{Money, OrderId, PaymentId, Timestamp};

/// A payment as the contract writes it.
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
        let money = |amount| Money::new(amount, payment.amount.currency);
        Self {
            id: payment.id,
            order_id: payment.order_id,
            provider: "stripe",
            amount: payment.amount,
            captured: money(payment.captured),
            refunded: money(payment.refunded),
            status: payment.status,
            next_action: payment.next_action().cloned(),
            failure: payment.failure().cloned(),
            version: payment.version,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}
