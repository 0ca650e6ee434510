//! What people read of an event: pure words. English; localised templates come with their own issue.

use events::{
    CancelReason, Event, OrderCancelled, PaymentChanged, PaymentFailed, PaymentMismatched, PaymentRefunded, Recipient,
    StockLow,
};
use values::{Currency, Money, TokenId};

use crate::draft::Draft;

/// A mail in both of its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Names the order, or the SKU.
    pub subject: String,
    /// For every reader.
    pub text: String,
    /// The same, a little nicer.
    pub html: String,
}

/// Whom an event is told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Who bought.
    Customer(Recipient),
    /// Whoever that one-time token is for, if there is anybody.
    Holder(TokenId),
    /// Who runs the shop.
    Operator,
}

impl std::fmt::Display for Audience {
    /// As the claim of a message names it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Customer(recipient) => recipient.fmt(f),
            Self::Holder(token) => token.fmt(f),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// Whom an event is told to; none for events that nobody is written about.
pub(crate) fn audience(event: &Event) -> Option<Audience> {
    match event {
        Event::PaymentCompleted(payment) => Some(Audience::Customer(payment.recipient)),
        Event::PaymentFailed(payment) => Some(Audience::Customer(payment.recipient)),
        Event::PaymentRefunded(refund) => Some(Audience::Customer(refund.recipient)),
        Event::OrderCancelled(order) => Some(Audience::Customer(order.recipient)),
        Event::UserPasswordResetRequested(asked) | Event::UserEmailVerificationRequested(asked) => {
            Some(Audience::Holder(asked.token_id))
        }
        Event::PaymentMismatched(_) | Event::StockLow(_) => Some(Audience::Operator),
        _ => None,
    }
}

/// The mail that tells `name` (empty for a guest and for the operator) of an event, if anybody is written about it. What a one-time
/// token is mailed with stands in `link.rs`.
pub(crate) fn render(event: &Event, name: &str) -> Option<Mail> {
    let draft = match event {
        Event::PaymentCompleted(payment) => paid(payment),
        Event::PaymentFailed(payment) => declined(payment),
        Event::PaymentRefunded(refund) => refunded(refund),
        Event::OrderCancelled(order) => cancelled(order),
        Event::PaymentMismatched(mismatch) => mismatched(mismatch),
        Event::StockLow(stock) => low(stock),
        _ => return None,
    };
    Some(draft.into_mail(name))
}

fn paid(payment: &PaymentChanged) -> Draft<'_> {
    let number = &payment.order_number;
    Draft {
        subject: format!("Your order {number} is confirmed and paid"),
        paragraphs: vec![format!("Thank you! Your order {number} is confirmed and paid.")],
        lines: &payment.lines,
        total: Some(payment.amount.to_string()),
        closing: "We will now get it ready for you.",
        ..Draft::default()
    }
}

fn declined(payment: &PaymentFailed) -> Draft<'_> {
    let PaymentFailed { order_number: number, amount, message, .. } = payment;
    Draft {
        subject: format!("The payment for your order {number} did not go through"),
        paragraphs: vec![
            format!("The payment of {amount} for your order {number} did not go through: {}", sentence(message)),
            "Your order is not lost. We hold its items for you for a few minutes more: until then you can pay with the \
             same or another method."
                .to_owned(),
        ],
        closing: "If it is not paid in time, the order ends by itself and nothing is charged.",
        ..Draft::default()
    }
}

fn refunded(refund: &PaymentRefunded) -> Draft<'_> {
    let PaymentRefunded { order_number: number, amount, refunded, captured, .. } = refund;
    let so_far = match refunded.amount >= captured.amount {
        true => format!("With that, all of the {captured} that you had paid has been given back."),
        false => format!("So far, {refunded} of the {captured} that you had paid has been given back."),
    };
    Draft {
        subject: format!("Your refund of {amount} for order {number}"),
        paragraphs: vec![format!("We have given back {amount} of what you paid for your order {number}."), so_far],
        closing: "It goes back the way you paid. Your bank may need some days to show it.",
        ..Draft::default()
    }
}

/// The event knows why, and nothing of the money: what is said of that has to be true whether nothing was paid, or reserved, or
/// taken.
fn cancelled(order: &OrderCancelled) -> Draft<'_> {
    let number = &order.order_number;
    let why = match order.reason {
        CancelReason::HoldExpired => "It was not paid in time, so its items are for sale again.",
        CancelReason::ByCustomer => "You asked us to.",
        CancelReason::ByShop => "We are sorry: we cannot deliver it.",
    };
    Draft {
        subject: format!("Your order {number} is cancelled"),
        paragraphs: vec![
            format!("Your order {number} is cancelled. {why}"),
            "Nothing is charged for it any more. If your bank shows a reservation for it, we let that go, and it \
             disappears by itself."
                .to_owned(),
        ],
        closing: "If you have already paid, the money is given back to you, and another mail tells you about that.",
        ..Draft::default()
    }
}

fn mismatched(mismatch: &PaymentMismatched) -> Draft<'_> {
    let PaymentMismatched { order_number: number, payment_id, order_id, intent, expected, .. } = mismatch;
    Draft {
        subject: format!("ALARM payment.mismatched: order {number}"),
        paragraphs: vec![format!(
            "ALARM. What the payment provider holds for order {number} is not what this order costs. The provider's object \
             is not used: it is cancelled, and the order is not confirmed by it."
        )],
        facts: vec![
            ("Order", format!("{number} ({order_id})")),
            ("Payment", payment_id.to_string()),
            ("Intent", intent.clone()),
            ("Expected", expected.to_string()),
            ("Seen", seen(mismatch)),
        ],
        closing: "Look the intent up at the provider, and find out who made or changed it.",
        ..Draft::default()
    }
}

fn low(stock: &StockLow) -> Draft<'_> {
    let StockLow { product_id, sku, name, available, threshold } = stock;
    Draft {
        subject: format!("Low stock: {available} left of {sku}"),
        paragraphs: vec![format!(
            "{available} pieces of {name} can still be sold. That is low: you are told at {threshold} or fewer. What \
             orders hold is not among them."
        )],
        facts: vec![("SKU", sku.to_string()), ("Product", product_id.to_string()), ("Left", available.to_string())],
        closing: "You are told again when there have been more and it falls so far once more.",
        ..Draft::default()
    }
}

/// The provider's sum: as money where its currency is one, otherwise as it came.
fn seen(mismatch: &PaymentMismatched) -> String {
    let PaymentMismatched { provider_amount: amount, provider_currency: currency, .. } = mismatch;
    match currency.to_ascii_uppercase().parse::<Currency>() {
        Ok(known) => Money::new(*amount, known).to_string(),
        Err(_) => format!("{amount} minor units of {currency:?}"),
    }
}

/// The provider's words as a sentence of ours.
fn sentence(words: &str) -> String {
    let words = words.trim();
    if words.ends_with(['.', '!', '?']) { words.to_owned() } else { format!("{words}.") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::Envelope;
    use serde_json::{Value, json};
    use values::{Clock, OrderId, PaymentId, ProductId, RefundId, UserId};

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

    fn a_paid_order() -> Event {
        let lines = json!([
            {"sku": "MUG", "name": "Mug \"Sunday\" <large>", "quantity": 2, "lineTotal": eur(2598)},
            {"sku": "TEA", "name": "Tea & Honey", "quantity": 1, "lineTotal": eur(702)},
        ]);
        event("payment.completed", json!({"amount": eur(3300), "lines": lines}))
    }

    #[test]
    fn a_paid_order_is_told_with_its_lines_and_total() {
        let mail = render(&a_paid_order(), "Ada").unwrap();
        assert_eq!(mail.subject, "Your order S-1042 is confirmed and paid");
        assert_eq!(
            mail.text,
            "Hello Ada,\n\nThank you! Your order S-1042 is confirmed and paid.\n\n\
             Mug \"Sunday\" <large> x 2  25.98 EUR\nTea & Honey x 1  7.02 EUR\n\n\
             Total: 33.00 EUR\n\nWe will now get it ready for you.\n"
        );
    }

    #[test]
    fn the_html_says_the_same_and_lets_no_markup_in() {
        let html = render(&a_paid_order(), "<b>Ada</b>").unwrap().html;
        assert!(html.contains("<p>Hello &lt;b&gt;Ada&lt;/b&gt;,</p>"), "{html}");
        assert!(html.contains("<td>Mug &quot;Sunday&quot; &lt;large&gt;</td><td align=\"right\">x 2</td>"), "{html}");
        assert!(html.contains("<td>Tea &amp; Honey</td>") && html.contains(">33.00 EUR</th>"), "{html}");
    }

    #[test]
    fn a_declined_payment_says_why_and_that_one_may_pay_again() {
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
    fn a_cancelled_order_says_why_and_what_becomes_of_the_money_in_every_case() {
        let told = |reason| render(&event("order.cancelled", json!({"reason": reason})), "Ada").unwrap();
        for (reason, why) in [
            ("hold_expired", "It was not paid in time, so its items are for sale again."),
            ("by_customer", "You asked us to."),
            ("by_shop", "We are sorry: we cannot deliver it."),
        ] {
            let mail = told(reason);
            assert_eq!(mail.subject, "Your order S-1042 is cancelled");
            assert_eq!(
                mail.text,
                format!(
                    "Hello Ada,\n\nYour order S-1042 is cancelled. {why}\n\n\
                     Nothing is charged for it any more. If your bank shows a reservation for it, we let that go, and it \
                     disappears by itself.\n\n\
                     If you have already paid, the money is given back to you, and another mail tells you about that.\n"
                )
            );
        }
    }

    fn a_refund(amount: i64, refunded: i64, captured: i64) -> Mail {
        let refund: RefundId = Clock::System.mint();
        let sums = json!({"amount": eur(amount), "refunded": eur(refunded), "captured": eur(captured)});
        let mut data = json!({"refundId": refund});
        data.as_object_mut().unwrap().extend(sums.as_object().unwrap().clone());
        render(&event("payment.refunded", data), "Ada").unwrap()
    }

    #[test]
    fn a_refund_says_how_much_of_which_order_and_how_much_so_far() {
        let mail = a_refund(500, 1200, 3300);
        assert_eq!(mail.subject, "Your refund of 5.00 EUR for order S-1042");
        assert_eq!(
            mail.text,
            "Hello Ada,\n\nWe have given back 5.00 EUR of what you paid for your order S-1042.\n\n\
             So far, 12.00 EUR of the 33.00 EUR that you had paid has been given back.\n\n\
             It goes back the way you paid. Your bank may need some days to show it.\n"
        );
    }

    #[test]
    fn the_last_refund_says_that_all_is_given_back() {
        let mail = a_refund(2100, 3300, 3300);
        let all = "With that, all of the 33.00 EUR that you had paid has been given back.";
        assert!(mail.text.contains(all) && mail.html.contains(all), "{}", mail.text);
    }

    fn a_mismatch(amount: i64, currency: &str) -> Event {
        let seen = json!({"intent": "pi_<1>", "expected": eur(3300), "seenAmount": amount, "seenCurrency": currency});
        event("payment.mismatched", seen)
    }

    #[test]
    fn a_mismatch_is_an_alarm_to_the_operator_with_what_he_needs_to_look_it_up() {
        let event = a_mismatch(1, "usd");
        let Event::PaymentMismatched(mismatch) = &event else { panic!("{event:?}") };
        assert_eq!(audience(&event), Some(Audience::Operator));
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
    fn a_currency_that_is_none_is_shown_as_it_came() {
        let mail = render(&a_mismatch(330_000, "doubloons"), "").unwrap();
        assert!(mail.text.contains("Seen: 330000 minor units of \"doubloons\""), "{}", mail.text);
    }

    #[test]
    fn low_stock_is_told_to_the_operator_with_how_many_are_left_of_what() {
        let product: ProductId = Clock::System.mint();
        let data =
            json!({"productId": product, "sku": "MUG-INDIGO", "name": "Mug <indigo>", "available": 4, "threshold": 5});
        let event = serde_json::from_value(json!({"eventType": "stock.low", "data": data})).unwrap();
        assert_eq!(audience(&event), Some(Audience::Operator));
        let mail = render(&event, "").unwrap();
        assert_eq!(mail.subject, "Low stock: 4 left of MUG-INDIGO");
        let facts = format!("SKU: MUG-INDIGO\nProduct: {product}\nLeft: 4\n");
        assert!(mail.text.starts_with("Hello,\n\n4 pieces of Mug <indigo> can still be sold."), "{}", mail.text);
        assert!(mail.text.contains(&facts) && mail.html.contains("Mug &lt;indigo&gt;"), "{}", mail.text);
    }

    #[test]
    fn whatever_a_customer_is_mailed_of_they_can_choose_not_to_be() {
        let mailed = [a_paid_order(), event("order.cancelled", json!({ "reason": "by_shop" }))];
        for event in mailed {
            assert!(matches!(audience(&event), Some(Audience::Customer(_))), "{event:?}");
            assert!(events::CUSTOMER_EVENTS.contains(&event.name()), "{event:?}");
        }
    }

    #[test]
    fn nobody_is_written_about_anything_else() {
        let event = event("payment.requested", json!({}));
        assert!(audience(&event).is_none() && render(&event, "Ada").is_none());
    }

    #[test]
    fn whoever_hears_of_an_event_is_named_in_the_claim_of_its_message() {
        let recipient: UserId = Clock::System.mint();
        assert_eq!(Audience::Customer(Recipient::User(recipient)).to_string(), recipient.to_string());
        assert_eq!(Audience::Operator.to_string(), "operator");
    }

    #[test]
    fn every_sample_of_the_notifier_becomes_a_mail() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/notifier");
        let is_token = |event: &Event| matches!(audience(event), Some(Audience::Holder(_)));
        for sample in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let batch: Value = serde_json::from_str(&std::fs::read_to_string(&sample).unwrap()).unwrap();
            let envelope: Envelope = serde_json::from_str(batch["Records"][0]["body"].as_str().unwrap()).unwrap();
            assert!(audience(&envelope.event).is_some(), "{}", sample.display());
            if is_token(&envelope.event) {
                continue;
            }
            let subject = render(&envelope.event, "Ada").unwrap().subject;
            assert!(["7KQ4M-2XD9A", "MUG-INDIGO"].iter().any(|name| subject.contains(name)), "{subject}");
        }
    }
}
