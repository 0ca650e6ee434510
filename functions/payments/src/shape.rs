//! The bodies of requests and responses of the payments API.

use payments::{Failure, NextAction, Payment, Refund, RefundAmount, RefundLine, RefundStatus, RefundSum, Status};
use serde::{Deserialize, Serialize};
use values::{Caller, Error, Money, OrderId, PaymentId, Permission, Quantity, RefundId, Result, Sku, Text, Timestamp};

/// Lines of one refund: as many as an order may have.
const MAX_LINES: usize = 50;

/// Either `amount`, or `lines`, `shipping` or both of these. Without any of them, everything that is left is refunded, shipping included.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        rename = "NewRefund",
        extend(
            "not" = { "anyOf": [values::schema::sent(&["amount", "lines"]), values::schema::sent(&["amount", "shipping"])] },
            "example" = { "amount": { "amount": 500, "currency": "EUR" }, "reason": "The lid was chipped" }
        )
    )
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefundIn {
    /// The amount to refund. It belongs to no line and not to shipping.
    amount: Option<Money>,
    /// The pieces of lines to refund.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_LINES)))]
    lines: Option<Vec<LineIn>>,
    /// Whether to refund the shipping of the order, with its taxes. It is refunded as a whole, and once. `false` needs `lines`.
    // Without it, the body has the digest that it had before there was shipping, so a repetition gets its stored response.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping: Option<bool>,
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
    /// At most the pieces that were bought and are not refunded yet.
    quantity: Quantity,
}

impl RefundIn {
    pub(crate) fn into_parts(self) -> Result<(RefundAmount, Text<200>)> {
        let has_shipping = self.shipping.unwrap_or_default();
        let amount = match (self.amount, self.lines, self.shipping) {
            (None, None, None) => RefundAmount::Rest,
            (Some(amount), None, None) => RefundAmount::Amount(amount),
            (None, None, Some(true)) => RefundAmount::Parts { pieces: Vec::new(), has_shipping },
            (None, None, Some(false)) => {
                let message = "send `lines` with it: without it, all that is left is refunded, shipping included";
                return Err(Error::invalid("shipping", "one_of", message));
            }
            (None, Some(lines), _) if (1..=MAX_LINES).contains(&lines.len()) => {
                let pieces = lines.into_iter().map(|line| (line.sku, line.quantity)).collect();
                RefundAmount::Parts { pieces, has_shipping }
            }
            (None, Some(_), _) => {
                return Err(Error::invalid("lines", "lines_out_of_range", "must have 1 to 50 lines"));
            }
            (Some(_), _, _) => {
                return Err(Error::invalid("amount", "one_of", "send `amount` without `lines` and `shipping`"));
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
    /// The pieces of lines that it pays back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<RefundedLineOut>,
    /// The shipping that it pays back.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping: Option<RefundedSumOut>,
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
            lines: refund.parts.lines.into_iter().map(RefundedLineOut::from).collect(),
            shipping: refund.parts.shipping.map(RefundedSumOut::from),
            reason: refund.reason,
            status: refund.status,
            failure: refund.failure,
            created_at: refund.created_at,
            updated_at: refund.updated_at,
        }
    }
}

/// Pieces that a refund pays back.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "RefundedLine"))]
struct RefundedLineOut {
    sku: Sku,
    quantity: Quantity,
    #[serde(flatten)]
    sum: RefundedSumOut,
}

impl From<RefundLine> for RefundedLineOut {
    fn from(line: RefundLine) -> Self {
        Self { sku: line.sku, quantity: line.quantity, sum: line.sum.into() }
    }
}

/// What a refund pays back.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "RefundedSum"))]
struct RefundedSumOut {
    /// `net` and `taxes` together.
    amount: Money,
    /// Without tax.
    net: Money,
    /// Each tax, in the order of the taxes of what was paid. Also taxes that the price included.
    taxes: Vec<Money>,
}

impl From<RefundSum> for RefundedSumOut {
    fn from(sum: RefundSum) -> Self {
        Self { amount: sum.amount, net: sum.net, taxes: sum.taxes }
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
    /// `stripe`; `none` if the order cost nothing.
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
            provider: payment.provider(),
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
