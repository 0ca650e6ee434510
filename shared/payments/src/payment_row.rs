//! The row of a payment. Its sums are bare minor units in the currency of `amount`, because an update expression of DynamoDB adds
//! and subtracts numbers only.

use events::{Line, Recipient};
use pricing::PaidAmount;
use serde::{Deserialize, Serialize};
use values::{Money, OrderId, PaymentId, Quantity, Sku, Timestamp};

use crate::attempt::Attempt;
use crate::balance::Balance;
use crate::paid_line::PaidLine;
use crate::paid_shipping::PaidShipping;
use crate::payment::Payment;
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
    /// What refunds of each line have, in the order of the lines. Empty before the first refund of pieces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refunded_lines: Vec<RefundedLineRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shipping: Option<ShippingRow>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shipping_refunded: bool,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    step: i64,
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
    /// SKU, quantity, what was paid for all pieces without tax, and each tax. A line of the release before has no taxes: all that was paid is
    /// the third value.
    Listed(Sku, Quantity, i64, #[serde(default, skip_serializing_if = "Vec::is_empty")] Vec<i64>),
    /// As the release before that has written it.
    Named(Line),
}

/// Pieces, what they come to without tax, and each tax.
#[derive(Debug, Serialize, Deserialize)]
struct RefundedLineRow(u32, i64, #[serde(default, skip_serializing_if = "Vec::is_empty")] Vec<i64>);

/// What was paid without tax, and each tax.
#[derive(Debug, Serialize, Deserialize)]
struct ShippingRow(i64, #[serde(default, skip_serializing_if = "Vec::is_empty")] Vec<i64>);

fn one() -> i64 {
    1
}

fn is_one(number: &i64) -> bool {
    *number == 1
}

fn minor_units(amounts: &[Money]) -> Vec<i64> {
    amounts.iter().map(|amount| amount.amount).collect()
}

impl From<&Payment> for PaymentRow {
    fn from(payment: &Payment) -> Self {
        let payment = payment.clone();
        let has_refunds = payment.lines.iter().any(|line| line.refunded_pieces > 0);
        let refunded = |PaidLine { refunded_pieces, refunded, .. }: &PaidLine| {
            RefundedLineRow(*refunded_pieces, refunded.net.amount, minor_units(&refunded.taxes))
        };
        let line = |PaidLine { sku, quantity, paid, .. }: PaidLine| {
            LineRow::Listed(sku, quantity, paid.net.amount, minor_units(&paid.taxes))
        };
        let shipping =
            |PaidShipping { paid, .. }: &PaidShipping| ShippingRow(paid.net.amount, minor_units(&paid.taxes));
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
            refunded_lines: payment.lines.iter().filter(|_| has_refunds).map(refunded).collect(),
            lines: payment.lines.into_iter().map(line).collect(),
            shipping: payment.shipping.as_ref().map(shipping),
            shipping_refunded: payment.shipping.is_some_and(|shipping| shipping.is_refunded),
            step: payment.step,
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
        let amount =
            |net, taxes: Vec<i64>| PaidAmount { net: money(net), taxes: taxes.into_iter().map(money).collect() };
        let mut refunded_lines = row.refunded_lines.into_iter();
        let line = |line| {
            let line = match line {
                LineRow::Listed(sku, quantity, net, taxes) => PaidLine::new(sku, quantity, amount(net, taxes)),
                LineRow::Named(Line { sku, quantity, line_total, .. }) => {
                    PaidLine::new(sku, quantity, amount(line_total.amount, Vec::new()))
                }
            };
            match refunded_lines.next() {
                Some(RefundedLineRow(refunded_pieces, net, taxes)) => {
                    PaidLine { refunded_pieces, refunded: amount(net, taxes), ..line }
                }
                None => line,
            }
        };
        let shipping =
            |ShippingRow(net, taxes)| PaidShipping { paid: amount(net, taxes), is_refunded: row.shipping_refunded };
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
            shipping: row.shipping.map(shipping),
            step: row.step,
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
    fn refunds_of_lines_are_beside_the_lines() {
        let mut refunded = row();
        refunded["lines"] = json!([["LAMP", 1, 300], ["MUG", 2, 600]]);
        refunded["refundedLines"] = json!([[0, 0], [1, 300]]);
        let payment = Payment::from(from_value::<PaymentRow>(refunded.clone()).unwrap());
        let counts = |index: usize| (payment.lines[index].refunded_pieces, payment.lines[index].refunded.net.amount);
        assert_eq!((counts(0), counts(1)), ((0, 0), (1, 300)));
        assert_eq!(to_value(PaymentRow::from(&payment)).unwrap(), refunded);
    }

    #[test]
    fn taxes_and_shipping_are_kept_in_minor_units() {
        let mut taxed = row();
        taxed["lines"] = json!([["LAMP", 1, 252, [48]], ["MUG", 2, 252, [32, 16]], ["TEA", 1, 50]]);
        taxed["refundedLines"] = json!([[0, 0, [0]], [1, 126, [16, 8]], [0, 0]]);
        (taxed["shipping"], taxed["shippingRefunded"]) = (json!([210, [40]]), true.into());
        taxed["step"] = 2.into();
        let payment = Payment::from(from_value::<PaymentRow>(taxed.clone()).unwrap());
        let eur = |amount| Money::new(amount, payment.amount.currency);
        let amount = |net, taxes: &[i64]| PaidAmount { net: eur(net), taxes: taxes.iter().copied().map(eur).collect() };
        assert_eq!(payment.lines[0].refunded, amount(0, &[0]));
        let mug = &payment.lines[1];
        assert_eq!((&mug.paid, &mug.refunded), (&amount(252, &[32, 16]), &amount(126, &[16, 8])));
        assert_eq!(payment.lines[2].paid, amount(50, &[]));
        assert_eq!(payment.shipping, Some(PaidShipping { paid: amount(210, &[40]), is_refunded: true }));
        assert_eq!(to_value(PaymentRow::from(&payment)).unwrap(), taxed);
    }

    #[test]
    fn row_of_the_release_before_has_no_taxes_and_no_shipping() {
        let payment = Payment::from(from_value::<PaymentRow>(row()).unwrap());
        let paid = PaidAmount { net: payment.amount, taxes: vec![] };
        assert_eq!(payment.lines, [PaidLine::new("MUG".parse().unwrap(), Quantity::new(2).unwrap(), paid)]);
        assert_eq!((payment.shipping, payment.step), (None, 1));
    }

    #[test]
    fn lines_of_the_release_before_are_read_and_lose_their_names() {
        let mut old = row();
        let total = json!({ "amount": 900, "currency": "EUR" });
        old["lines"] = json!([{ "sku": "MUG", "name": "Mug", "quantity": 2, "lineTotal": total }]);
        let payment = Payment::from(from_value::<PaymentRow>(old).unwrap());
        assert_eq!(payment.lines[0].paid, PaidAmount { net: payment.amount, taxes: vec![] });
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

    /// The bytes of a value, by the rules of DynamoDB.
    fn bytes(value: &Value) -> usize {
        match value {
            Value::Null | Value::Bool(_) => 1,
            Value::Number(number) => number.to_string().len().div_ceil(2) + 1,
            Value::String(text) => text.len(),
            Value::Array(values) => 3 + values.iter().map(|value| 1 + bytes(value)).sum::<usize>(),
            Value::Object(members) => {
                3 + members.iter().map(|(name, value)| 1 + name.len() + bytes(value)).sum::<usize>()
            }
        }
    }

    #[test]
    fn payment_of_4_lines_with_a_tax_and_shipping_costs_one_write_unit() {
        let mut paid = row();
        paid["lines"] = vec![json!(["TEE-LINEN-M-WHITE", 12, 123_456, [23_456]]); 4].into();
        (paid["shipping"], paid["amount"]["amount"]) = (json!([4_124, [783]]), 592_555.into());
        for name in ["captured", "refundable"] {
            paid[name] = 592_555.into();
        }
        paid["attempts"][0]["method"]["token"] = "pm_1PabcdefghijklmnopQRSTUVWX".into();
        paid["attempts"][0]["intent"] = "pi_3PabcdefghijklmnopQRSTUVWX".into();
        (paid["tokenDigest"], paid["tells"]) = ("0123456789abcdef".repeat(4).into(), "payment.completed".into());
        paid["capturedAt"] = "2026-11-21T08:00:05.000Z".into();
        let payment = Payment::from(from_value::<PaymentRow>(paid.clone()).unwrap());
        assert_eq!(to_value(PaymentRow::from(&payment)).unwrap(), paid, "nothing of it should be lost");
        // The keys of the table and of the index of captured payments.
        (paid["pk"], paid["sk"]) = ("PAYMENT#pay_01h455vb4pex5vsknk084sn02q".into(), "PAYMENT".into());
        paid["gsi2pk"] = "CAPTURED#2026-11-21#37".into();
        paid["gsi2sk"] = "2026-11-21T08:00:05.000Z#pay_01h455vb4pex5vsknk084sn02q".into();
        let size: usize = paid.as_object().unwrap().iter().map(|(name, value)| name.len() + bytes(value)).sum();
        assert!((800..1_024).contains(&size), "{size} bytes");
    }
}
