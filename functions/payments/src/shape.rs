//! The bodies of requests and responses of the payments API.

use payments::{Failure, NextAction, Payment, Refund, RefundAmount, RefundStatus, Status};
use serde::{Deserialize, Serialize};
use values::{Caller, Error, Money, OrderId, PaymentId, Permission, Quantity, RefundId, Result, Sku, Text, Timestamp};

/// Lines of one refund: as many as an order may have.
const MAX_LINES: usize = 50;

/// Either `amount` or `lines`. Without both, everything that is left is refunded.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        rename = "NewRefund",
        extend(
            "not" = values::schema::sent(&["amount", "lines"]),
            "example" = { "amount": { "amount": 500, "currency": "EUR" }, "reason": "The lid was chipped" }
        )
    )
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefundIn {
    /// The amount to refund.
    amount: Option<Money>,
    /// The lines whose price is refunded.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_LINES)))]
    lines: Option<Vec<LineIn>>,
    /// A note for the record.
    reason: Text<200>,
}

/// Pieces of a line of the order.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "RefundLine"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LineIn {
    /// The SKU of a line of the order.
    sku: Sku,
    /// At most the quantity of the order.
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

/// A refund.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Refund"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundOut {
    /// The id of the refund.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::RefundId"))]
    id: RefundId,
    /// The id of the payment.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PaymentId"))]
    payment_id: PaymentId,
    /// The id of the order.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::OrderId"))]
    order_id: OrderId,
    amount: Money,
    /// The note for the record.
    reason: String,
    status: RefundStatus,
    /// Why the provider refused the refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    /// The time when the refund was requested.
    created_at: Timestamp,
    /// The time of the last change.
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

/// The answer to a webhook.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "WebhookReceipt"))]
pub(crate) struct Receipt {
    #[cfg_attr(feature = "openapi", schemars(extend("const" = true)))]
    pub(crate) received: bool,
}

/// A payment of an order.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Payment"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentOut {
    /// The id of the payment.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PaymentId"))]
    id: PaymentId,
    /// The id of the order.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::OrderId"))]
    order_id: OrderId,
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "stripe")))]
    provider: &'static str,
    amount: Money,
    captured: Money,
    /// The refunded amount, without pending refunds.
    refunded: Money,
    status: Status,
    /// What the customer has to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_action: Option<NextAction>,
    /// Why the payment failed. `amount_mismatch`: the provider's amount differs from the order's. An order token only shows `declined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    /// Increases with every change. In quotes it is the ETag.
    version: u64,
    /// The time when the payment was created.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

impl PaymentOut {
    /// The payment for that caller. Only the payer's account and the shop see why it failed. A holder of the order token sees `declined`
    /// and nothing finer, logged in or not: anyone can make an account.
    pub(crate) fn new(payment: &Payment, caller: &Caller) -> Self {
        let sees_reason = caller.may(Permission::ReadOrders) || payment.is_payer(caller);
        let failure =
            payment.failure().map(|failure| if sees_reason { failure.clone() } else { Failure::for_guests() });
        Self {
            id: payment.id,
            order_id: payment.order_id,
            provider: "stripe",
            amount: payment.amount,
            captured: payment.balance.captured,
            refunded: payment.balance.refunded,
            status: payment.status,
            next_action: payment.next_action().cloned(),
            failure,
            version: payment.version,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}
