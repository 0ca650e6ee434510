//! What customers read: pure text from events. English; localised templates come with their own issue.

use events::{CancelReason, Event, Line, OrderCancelled, PaymentDone, PaymentFailed, Recipient};

/// A mail in both of its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Names the order.
    pub subject: String,
    /// For every reader.
    pub text: String,
    /// The same, a little nicer.
    pub html: String,
}

/// What a mail consists of, before it takes a form.
struct Draft<'a> {
    subject: String,
    paragraphs: Vec<String>,
    lines: &'a [Line],
    total: Option<String>,
    closing: &'static str,
}

/// Whom an event is told to; none for events that customers do not hear of.
pub(crate) fn recipient(event: &Event) -> Option<Recipient> {
    match event {
        Event::PaymentCompleted(payment) => Some(payment.recipient),
        Event::PaymentFailed(payment) => Some(payment.recipient),
        Event::OrderCancelled(order) => Some(order.recipient),
        _ => None,
    }
}

/// The mail that tells `name` (empty for a guest) of an event, if customers hear of it.
pub(crate) fn render(event: &Event, name: &str) -> Option<Mail> {
    let draft = match event {
        Event::PaymentCompleted(payment) => paid(payment),
        Event::PaymentFailed(payment) => declined(payment),
        Event::OrderCancelled(order) => cancelled(order),
        _ => return None,
    };
    let greeting = if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") };
    Some(Mail { text: draft.as_text(&greeting), html: draft.as_html(&greeting), subject: draft.subject })
}

fn paid(payment: &PaymentDone) -> Draft<'_> {
    let number = &payment.order_number;
    Draft {
        subject: format!("Your order {number} is confirmed and paid"),
        paragraphs: vec![format!("Thank you! Your order {number} is confirmed and paid.")],
        lines: &payment.lines,
        total: Some(payment.amount.to_string()),
        closing: "We will now get it ready for you.",
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
        lines: &[],
        total: None,
        closing: "If it is not paid in time, the order ends by itself and nothing is charged.",
    }
}

fn cancelled(order: &OrderCancelled) -> Draft<'_> {
    let number = &order.order_number;
    let why = match order.reason {
        CancelReason::HoldExpired => "It was not paid in time, so its items are for sale again.",
        CancelReason::ByCustomer => "You asked us to.",
        CancelReason::ByShop => "We are sorry: we cannot deliver it.",
    };
    Draft {
        subject: format!("Your order {number} is cancelled"),
        paragraphs: vec![format!("Your order {number} is cancelled. {why}")],
        lines: &[],
        total: None,
        closing: "Nothing more will be charged. Money that your bank has reserved becomes free again by itself.",
    }
}

/// The provider's words as a sentence of ours.
fn sentence(words: &str) -> String {
    let words = words.trim();
    if words.ends_with(['.', '!', '?']) { words.to_owned() } else { format!("{words}.") }
}

impl Draft<'_> {
    fn as_text(&self, greeting: &str) -> String {
        let mut parts = vec![greeting.to_owned()];
        parts.extend(self.paragraphs.iter().cloned());
        if !self.lines.is_empty() {
            parts.push(self.lines.iter().map(text_line).collect::<Vec<_>>().join("\n"));
        }
        parts.extend(self.total.iter().map(|total| format!("Total: {total}")));
        parts.push(self.closing.to_owned());
        parts.join("\n\n") + "\n"
    }

    fn as_html(&self, greeting: &str) -> String {
        let mut html = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"></head>\
                        <body style=\"font-family:sans-serif;line-height:1.5;max-width:40em\">\n"
            .to_owned();
        for paragraph in std::iter::once(greeting).chain(self.paragraphs.iter().map(String::as_str)) {
            html += &format!("<p>{}</p>\n", escaped(paragraph));
        }
        if !self.lines.is_empty() {
            html += "<table cellpadding=\"4\">\n";
            html += &self.lines.iter().map(html_line).collect::<String>();
            if let Some(total) = &self.total {
                html += &format!(
                    "<tr><th align=\"left\" colspan=\"2\">Total</th><th align=\"right\">{}</th></tr>\n",
                    escaped(total)
                );
            }
            html += "</table>\n";
        }
        html + &format!("<p>{}</p>\n</body></html>\n", escaped(self.closing))
    }
}

fn text_line(line: &Line) -> String {
    format!("{} x {}  {}", line.name, line.quantity.get(), line.line_total)
}

fn html_line(line: &Line) -> String {
    let (name, pieces, total) = (escaped(&line.name), line.quantity.get(), line.line_total);
    format!("<tr><td>{name}</td><td align=\"right\">x {pieces}</td><td align=\"right\">{total}</td></tr>\n")
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use values::{Clock, OrderId, PaymentId, UserId};

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
    fn a_cancelled_order_says_why() {
        let why = |reason| render(&event("order.cancelled", json!({"reason": reason})), "Ada").unwrap().text;
        assert!(why("hold_expired").contains("S-1042 is cancelled. It was not paid in time"));
        assert!(why("by_customer").contains("You asked us to."));
        assert!(why("by_shop").contains("we cannot deliver it"));
    }

    #[test]
    fn customers_hear_of_nothing_else() {
        let event = event("payment.requested", json!({}));
        assert!(recipient(&event).is_none() && render(&event, "Ada").is_none());
    }
}
