//! The text of the email about an event, in English. Localised templates have an issue of their own. Pure.

use events::{
    CancelReason, Event, OrderCancelled, PaymentChanged, PaymentFailed, PaymentMismatched, PaymentRefunded, StockLow,
};
use orders::Receipt;
use values::{Currency, Money};

use crate::mail::{Mail, MailDraft};
use crate::security_mail::security_mail;

/// The email to `name` (empty for a guest and for the operator) about an event; none for events without an email of
/// their own. `receipt` is that of the order, for the mail about a paid order; it may be empty.
/// `token_mail.rs` writes the emails with one-time tokens.
pub(crate) fn render(event: &Event, name: &str, receipt: &Receipt) -> Option<Mail> {
    let draft = match event {
        Event::PaymentCompleted(payment) => payment_completed(payment, receipt),
        Event::PaymentFailed(payment) => payment_failed(payment),
        Event::PaymentRefunded(refund) => payment_refunded(refund),
        Event::OrderCancelled(order) => order_cancelled(order),
        Event::PaymentMismatched(mismatch) => payment_mismatched(mismatch),
        Event::StockLow(stock) => stock_low(stock),
        Event::UserSecurityChanged(changed) => return Some(security_mail(changed)),
        _ => return None,
    };
    Some(draft.into_mail(name))
}

fn payment_completed<'a>(payment: &'a PaymentChanged, receipt: &'a Receipt) -> MailDraft<'a> {
    let number = &payment.order_number;
    MailDraft {
        subject: format!("Your order {number} is confirmed and paid"),
        paragraphs: vec![format!("Thank you! Your order {number} is confirmed and paid.")],
        // An event of the release before has them.
        lines: if payment.lines.is_empty() { &receipt.lines } else { &payment.lines },
        total: Some(payment.amount.to_string()),
        label: receipt.label.clone(),
        closing: "We are now preparing it for you.",
        ..MailDraft::default()
    }
}

fn payment_failed(payment: &PaymentFailed) -> MailDraft<'_> {
    let PaymentFailed { order_number: number, amount, message, .. } = payment;
    MailDraft {
        subject: format!("The payment for your order {number} did not go through"),
        paragraphs: vec![
            format!("The payment of {amount} for your order {number} did not go through: {}", as_sentence(message)),
            "We hold the items of your order for a few more minutes. Until then you can pay with the same or another \
             method."
                .to_owned(),
        ],
        closing: "If the order is not paid in time, it is cancelled and you are not charged.",
        ..MailDraft::default()
    }
}

fn payment_refunded(refund: &PaymentRefunded) -> MailDraft<'_> {
    let PaymentRefunded { order_number: number, amount, refunded, captured, .. } = refund;
    let sum = match refunded.amount >= captured.amount {
        true => format!("The full {captured} that you paid has now been refunded."),
        false => format!("So far, {refunded} of the {captured} that you paid has been refunded."),
    };
    MailDraft {
        subject: format!("Your refund of {amount} for order {number}"),
        paragraphs: vec![format!("We have refunded {amount} of your payment for order {number}."), sum],
        closing: "The money goes back to the method with which you paid. Your bank may need a few days to show it.",
        ..MailDraft::default()
    }
}

/// The event has the reason, but nothing about the payment. So the text must be true whether the order was unpaid,
/// authorised or captured.
fn order_cancelled(order: &OrderCancelled) -> MailDraft<'_> {
    let number = &order.order_number;
    let why = match order.reason {
        CancelReason::HoldExpired => "It was not paid in time, so its items are for sale again.",
        CancelReason::ByCustomer => "You asked us to cancel it.",
        CancelReason::ByShop => "We are sorry: we cannot deliver it.",
    };
    MailDraft {
        subject: format!("Your order {number} is cancelled"),
        paragraphs: vec![
            format!("Your order {number} is cancelled. {why}"),
            "You will not be charged for it. If your bank shows a reservation for it, the reservation disappears by \
             itself."
                .to_owned(),
        ],
        closing: "If you have already paid, we refund the money and send you another email about it.",
        ..MailDraft::default()
    }
}

fn payment_mismatched(mismatch: &PaymentMismatched) -> MailDraft<'_> {
    let PaymentMismatched { order_number: number, payment_id, order_id, intent, expected, .. } = mismatch;
    MailDraft {
        subject: format!("ALARM payment.mismatched: order {number}"),
        paragraphs: vec![format!(
            "ALARM. The payment provider has another amount or currency for order {number} than the order. The payment was \
             cancelled at the provider, and the order was not confirmed."
        )],
        facts: vec![
            ("Order", format!("{number} ({order_id})")),
            ("Payment", payment_id.to_string()),
            ("Intent", intent.clone()),
            ("Expected", expected.to_string()),
            ("Seen", provider_amount(mismatch)),
        ],
        closing: "Check the intent at the provider, and find out who created or changed it.",
        ..MailDraft::default()
    }
}

fn stock_low(stock: &StockLow) -> MailDraft<'_> {
    let StockLow { product_id, sku, name, available, threshold } = stock;
    MailDraft {
        subject: format!("Low stock: {available} left of {sku}"),
        paragraphs: vec![format!(
            "{available} pieces of {name} can still be sold. You receive this email at {threshold} or fewer. Pieces that \
             are held for orders are not counted."
        )],
        facts: vec![("SKU", sku.to_string()), ("Product", product_id.to_string()), ("Left", available.to_string())],
        closing: "You receive another email when the stock has been higher and falls this low again, at most one a day.",
        ..MailDraft::default()
    }
}

/// The amount at the provider: as money if its currency is known, otherwise as it was sent.
fn provider_amount(mismatch: &PaymentMismatched) -> String {
    let PaymentMismatched { provider_amount: amount, provider_currency: currency, .. } = mismatch;
    match currency.to_ascii_uppercase().parse::<Currency>() {
        Ok(known) => Money::new(*amount, known).to_string(),
        Err(_) => format!("{amount} minor units of {currency:?}"),
    }
}

/// The message of the provider as a sentence.
fn as_sentence(message: &str) -> String {
    let message = message.trim();
    if message.ends_with(['.', '!', '?']) { message.to_owned() } else { format!("{message}.") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::Audience;
    use events::Envelope;
    use serde_json::{Value, json};
    use values::{Clock, OrderId, PaymentId, ProductId, RefundId, UserId};

    /// Without a receipt.
    fn render(event: &Event, name: &str) -> Option<Mail> {
        super::render(event, name, &Receipt::default())
    }

    fn event(kind: &str, more: Value) -> Event {
        let (order, payment): (OrderId, PaymentId) = (Clock::System.mint(), Clock::System.mint());
        let recipient: UserId = Clock::System.mint();
        let mut data = json!({"orderId": order, "paymentId": payment, "orderNumber": "S-1042", "recipient": recipient});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(json!({"eventType": kind, "data": data})).unwrap()
    }

    fn eur(amount: i64) -> Value {
        json!({"amount": amount, "currency": "EUR"})
    }

    fn paid_order_event() -> Event {
        let lines = json!([
            {"sku": "MUG", "name": "Mug \"Sunday\" <large>", "quantity": 2, "lineTotal": eur(2598)},
            {"sku": "TEA", "name": "Tea & Honey", "quantity": 1, "lineTotal": eur(702)},
        ]);
        event("payment.completed", json!({"amount": eur(3300), "lines": lines}))
    }

    #[test]
    fn mail_about_a_paid_order_has_lines_and_total() {
        let mail = render(&paid_order_event(), "Ada").unwrap();
        assert_eq!(mail.subject, "Your order S-1042 is confirmed and paid");
        assert_eq!(
            mail.text,
            "Hello Ada,\n\nThank you! Your order S-1042 is confirmed and paid.\n\n\
             Mug \"Sunday\" <large> x 2  25.98 EUR\nTea & Honey x 1  7.02 EUR\n\n\
             Total: 33.00 EUR\n\nWe are now preparing it for you.\n"
        );
    }

    #[test]
    fn mail_about_a_paid_order_has_the_label_of_its_address() {
        let label = ["Ada <b>", "1 Main St", "RENO, NV 89501", "UNITED STATES"].map(str::to_owned).to_vec();
        let mail = super::render(&paid_order_event(), "Ada", &Receipt { label, ..Receipt::default() }).unwrap();
        let text =
            "Total: 33.00 EUR\n\nWe send it to:\nAda <b>\n1 Main St\nRENO, NV 89501\nUNITED STATES\n\nWe are now";
        assert!(mail.text.contains(text), "{}", mail.text);
        let html = "<p>We send it to:<br>Ada &lt;b&gt;<br>1 Main St<br>RENO, NV 89501<br>UNITED STATES</p>";
        assert!(mail.html.contains(html), "{}", mail.html);
    }

    #[test]
    fn lines_are_those_of_the_order() {
        let line = json!({"sku": "TEA", "name": "Tea & Honey", "quantity": 1, "lineTotal": eur(702)});
        let receipt = Receipt { lines: vec![serde_json::from_value(line).unwrap()], ..Receipt::default() };
        let mail = super::render(&event("payment.completed", json!({"amount": eur(702)})), "Ada", &receipt).unwrap();
        assert!(mail.text.contains("Tea & Honey x 1  7.02 EUR\n\nTotal: 7.02 EUR"), "{}", mail.text);
    }

    #[test]
    fn html_has_the_same_content_and_escapes_markup() {
        let html = render(&paid_order_event(), "<b>Ada</b>").unwrap().html;
        assert!(html.contains("<p>Hello &lt;b&gt;Ada&lt;/b&gt;,</p>"), "{html}");
        assert!(html.contains("<td>Mug &quot;Sunday&quot; &lt;large&gt;</td><td align=\"right\">x 2</td>"), "{html}");
        assert!(html.contains("<td>Tea &amp; Honey</td>") && html.contains(">33.00 EUR</th>"), "{html}");
    }

    #[test]
    fn mail_about_a_declined_payment_names_reason_and_retry() {
        let event = event(
            "payment.failed",
            json!({"amount": eur(3300), "code": "card_declined", "message": "Your card was declined"}),
        );
        let mail = render(&event, "").unwrap();
        assert_eq!(mail.subject, "The payment for your order S-1042 did not go through");
        assert!(mail.text.starts_with("Hello,\n\nThe payment of 33.00 EUR"), "{}", mail.text);
        assert!(mail.text.contains("did not go through: Your card was declined.\n"), "{}", mail.text);
        assert!(mail.text.contains("you can pay with the same or another method"), "{}", mail.text);
    }

    #[test]
    fn mail_about_a_cancelled_order_names_reason_and_money() {
        let mail = |reason| render(&event("order.cancelled", json!({"reason": reason})), "Ada").unwrap();
        for (reason, why) in [
            ("hold_expired", "It was not paid in time, so its items are for sale again."),
            ("by_customer", "You asked us to cancel it."),
            ("by_shop", "We are sorry: we cannot deliver it."),
        ] {
            let mail = mail(reason);
            assert_eq!(mail.subject, "Your order S-1042 is cancelled");
            assert_eq!(
                mail.text,
                format!(
                    "Hello Ada,\n\nYour order S-1042 is cancelled. {why}\n\n\
                     You will not be charged for it. If your bank shows a reservation for it, the reservation \
                     disappears by itself.\n\n\
                     If you have already paid, we refund the money and send you another email about it.\n"
                )
            );
        }
    }

    fn refund_mail(amount: i64, refunded: i64, captured: i64) -> Mail {
        let refund: RefundId = Clock::System.mint();
        let sums = json!({"amount": eur(amount), "refunded": eur(refunded), "captured": eur(captured)});
        let mut data = json!({"refundId": refund});
        data.as_object_mut().unwrap().extend(sums.as_object().unwrap().clone());
        render(&event("payment.refunded", data), "Ada").unwrap()
    }

    #[test]
    fn mail_about_a_refund_names_amount_and_sum() {
        let mail = refund_mail(500, 1200, 3300);
        assert_eq!(mail.subject, "Your refund of 5.00 EUR for order S-1042");
        assert_eq!(
            mail.text,
            "Hello Ada,\n\nWe have refunded 5.00 EUR of your payment for order S-1042.\n\n\
             So far, 12.00 EUR of the 33.00 EUR that you paid has been refunded.\n\n\
             The money goes back to the method with which you paid. Your bank may need a few days to show it.\n"
        );
    }

    #[test]
    fn mail_about_the_last_refund_says_that_all_is_refunded() {
        let mail = refund_mail(2100, 3300, 3300);
        let all = "The full 33.00 EUR that you paid has now been refunded.";
        assert!(mail.text.contains(all) && mail.html.contains(all), "{}", mail.text);
    }

    fn mismatch_event(amount: i64, currency: &str) -> Event {
        let seen = json!({"intent": "pi_<1>", "expected": eur(3300), "seenAmount": amount, "seenCurrency": currency});
        event("payment.mismatched", seen)
    }

    #[test]
    fn mismatch_is_an_alarm_to_the_operator_with_all_ids() {
        let event = mismatch_event(1, "usd");
        let Event::PaymentMismatched(mismatch) = &event else { panic!("{event:?}") };
        assert_eq!(Audience::of(&event), Some(Audience::Operator));
        let mail = render(&event, "").unwrap();
        assert_eq!(mail.subject, "ALARM payment.mismatched: order S-1042");
        let facts = format!(
            "Order: S-1042 ({})\nPayment: {}\nIntent: pi_<1>\nExpected: 33.00 EUR\nSeen: 0.01 USD\n",
            mismatch.order_id, mismatch.payment_id
        );
        assert!(mail.text.starts_with("Hello,\n\nALARM. ") && mail.text.contains(&facts), "{}", mail.text);
        assert!(mail.html.contains("<tr><th align=\"left\">Intent</th><td>pi_&lt;1&gt;</td></tr>"), "{}", mail.html);
    }

    #[test]
    fn unknown_currency_is_shown_as_it_was_sent() {
        let mail = render(&mismatch_event(330_000, "doubloons"), "").unwrap();
        assert!(mail.text.contains("Seen: 330000 minor units of \"doubloons\""), "{}", mail.text);
    }

    #[test]
    fn low_stock_is_reported_to_the_operator() {
        let product: ProductId = Clock::System.mint();
        let data =
            json!({"productId": product, "sku": "MUG-INDIGO", "name": "Mug <indigo>", "available": 4, "threshold": 5});
        let event = serde_json::from_value(json!({"eventType": "stock.low", "data": data})).unwrap();
        assert_eq!(Audience::of(&event), Some(Audience::Operator));
        let mail = render(&event, "").unwrap();
        assert_eq!(mail.subject, "Low stock: 4 left of MUG-INDIGO");
        let facts = format!("SKU: MUG-INDIGO\nProduct: {product}\nLeft: 4\n");
        assert!(mail.text.starts_with("Hello,\n\n4 pieces of Mug <indigo> can still be sold."), "{}", mail.text);
        assert!(mail.text.contains(&facts) && mail.html.contains("Mug &lt;indigo&gt;"), "{}", mail.text);
    }

    #[test]
    fn customers_can_unsubscribe_from_every_customer_event() {
        let mailed = [paid_order_event(), event("order.cancelled", json!({ "reason": "by_shop" }))];
        for event in mailed {
            assert!(matches!(Audience::of(&event), Some(Audience::Customer(_))), "{event:?}");
            assert!(events::CUSTOMER_EVENTS.contains(&event.name()), "{event:?}");
        }
    }

    #[test]
    fn other_events_have_no_mail() {
        let event = event("payment.requested", json!({}));
        assert!(Audience::of(&event).is_none() && render(&event, "Ada").is_none());
    }

    #[test]
    fn every_sample_of_the_notifier_becomes_a_mail() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/notifier");
        let is_token = |event: &Event| matches!(Audience::of(event), Some(Audience::TokenHolder(_)));
        for sample in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let batch: Value = serde_json::from_str(&std::fs::read_to_string(&sample).unwrap()).unwrap();
            // A record of the payments' stream has no body.
            let Some(body) = batch["Records"][0]["body"].as_str() else { continue };
            let envelope: Envelope = serde_json::from_str(body).unwrap();
            assert!(Audience::of(&envelope.event).is_some(), "{}", sample.display());
            if is_token(&envelope.event) {
                continue;
            }
            let subject = render(&envelope.event, "Ada").unwrap().subject;
            assert!(["7KQ4M-2XD9A", "MUG-INDIGO"].iter().any(|name| subject.contains(name)), "{subject}");
        }
    }
}
