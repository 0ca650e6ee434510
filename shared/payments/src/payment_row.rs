//! The row of a payment. Its sums are bare minor units in the currency of `amount`, because an update expression of DynamoDB adds
//! and subtracts numbers only.

use events::{Line, Recipient};
use serde::{Deserialize, Serialize};
use values::{Money, OrderId, PaymentId, Quantity, Sku, Timestamp};

use crate::attempt::Attempt;
use crate::balance::Balance;
use crate::payment::{PaidLine, Payment};
use crate::status::Status;
use crate::tells::Tells;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentRow {
    id: PaymentId,
    order_id: OrderId,
    order_number: String,
    payer: Recipient,
    amount: Money,
    captured: i64,
    refunded: i64,
    #[serde(default)]
    refunding: i64,
    #[serde(default)]
    refundable: i64,
    status: Status,
    attempts: Vec<Attempt>,
    lines: Vec<LineRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tells: Option<Tells>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    captured_at: Option<Timestamp>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A line of the order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum LineRow {
    /// SKU, quantity, and the price of all pieces in minor units.
    Listed(Sku, Quantity, i64),
    /// As the release before has written it.
    Named(Line),
}

impl From<&Payment> for PaymentRow {
    fn from(payment: &Payment) -> Self {
        let payment = payment.clone();
        let line = |line: PaidLine| LineRow::Listed(line.sku, line.quantity, line.line_total.amount);
        Self {
            id: payment.id,
            order_id: payment.order_id,
            order_number: payment.order_number,
            payer: payment.payer,
            amount: payment.amount,
            captured: payment.balance.captured.amount,
            refunded: payment.balance.refunded.amount,
            refunding: payment.balance.refunding.amount,
            refundable: payment.balance.refundable.amount,
            status: payment.status,
            attempts: payment.attempts,
            lines: payment.lines.into_iter().map(line).collect(),
            token_digest: payment.token_digest,
            tells: payment.tells,
            captured_at: payment.captured_at,
            version: payment.version,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

impl From<PaymentRow> for Payment {
    fn from(row: PaymentRow) -> Self {
        let money = |amount| Money::new(amount, row.amount.currency);
        let balance = Balance {
            captured: money(row.captured),
            refunded: money(row.refunded),
            refunding: money(row.refunding),
            refundable: money(row.refundable),
        };
        let line = |line| match line {
            LineRow::Listed(sku, quantity, total) => PaidLine { sku, quantity, line_total: money(total) },
            LineRow::Named(Line { sku, quantity, line_total, .. }) => PaidLine { sku, quantity, line_total },
        };
        Self {
            id: row.id,
            order_id: row.order_id,
            order_number: row.order_number,
            payer: row.payer,
            amount: row.amount,
            balance,
            status: row.status,
            attempts: row.attempts,
            lines: row.lines.into_iter().map(line).collect(),
            token_digest: row.token_digest,
            tells: row.tells,
            captured_at: row.captured_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json, to_value};

    /// A row as souk has always written it.
    fn row() -> Value {
        json!({
            "id": "pay_01h455vb4pex5vsknk084sn02q", "orderId": "ord_01h455vb4pex5vsknk084sn02q", "orderNumber": "7KQ4M-2XD9A",
            "payer": "usr_01h455vb4pex5vsknk084sn02q", "amount": { "amount": 900, "currency": "EUR" },
            "captured": 900, "refunded": 200, "refunding": 100, "refundable": 600, "status": "partially_refunded",
            "attempts": [{
                "method": { "token": "pm_card_visa" }, "intent": "pi_1", "outcome": "authorized",
                "askedAt": "2026-11-21T08:00:00.000Z",
            }],
            "lines": [["MUG", 2, 900]], "tokenDigest": "a digest", "version": 7,
            "createdAt": "2026-11-21T08:00:00.000Z", "updatedAt": "2026-11-21T08:10:00.000Z",
        })
    }

    #[test]
    fn row_keeps_its_format() {
        let payment = Payment::from(from_value::<PaymentRow>(row()).unwrap());
        assert_eq!(payment.balance.refundable, Money::new(600, payment.amount.currency));
        assert_eq!(to_value(PaymentRow::from(&payment)).unwrap(), row());
    }

    #[test]
    fn lines_of_the_release_before_are_read_and_lose_their_names() {
        let mut old = row();
        let total = json!({ "amount": 900, "currency": "EUR" });
        old["lines"] = json!([{ "sku": "MUG", "name": "Mug", "quantity": 2, "lineTotal": total }]);
        let payment = Payment::from(from_value::<PaymentRow>(old).unwrap());
        assert_eq!(payment.lines[0].line_total, payment.amount);
        assert_eq!(to_value(PaymentRow::from(&payment)).unwrap(), row());
    }

    #[test]
    fn row_without_refunds_is_read() {
        let mut old = row();
        for name in ["refunding", "refundable", "tokenDigest"] {
            old.as_object_mut().unwrap().remove(name);
        }
        let payment = Payment::from(from_value::<PaymentRow>(old).unwrap());
        assert_eq!((payment.balance.refunding.amount, payment.balance.refundable.amount), (0, 0));
    }
}
