//! How many mails of each kind are sent. Anyone can name another person's email address: in a guest's order, in a registration,
//! in a request for a reset. Without a bound, souk would be a tool to flood that person's mailbox. Pure.
//!
//! A mail that its budget does not allow is recorded as `suppressed`, and is never sent.

use events::{Event, Recipient};
use values::Email;

/// What may be sent of one kind of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Budget {
    Unlimited,
    /// That many in a day (UTC).
    Daily(Scope, u32),
    /// This mail is not sent.
    Nothing,
}

/// Whose mails are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All mails of the kind to one email address.
    Recipient,
    /// All mails of the kind about one subject: for stock, the SKU.
    Subject,
}

impl Budget {
    /// The one table of budgets. A kind without a line gets a small budget for each recipient.
    pub(crate) fn of(event: &Event) -> Self {
        match event {
            // Each is about money that was captured, which is the sender's cost. A company may buy often in one day.
            Event::PaymentCompleted(_) | Event::PaymentRefunded(_) => Self::Daily(Scope::Recipient, 50),
            // Ordering and cancelling costs nothing before the payment is authorised. The guest who cancels has the answer.
            Event::OrderCancelled(order)
                if !order.was_authorized && matches!(order.recipient, Recipient::Contact(_)) =>
            {
                Self::Nothing
            }
            // Declined cards and cancelled orders cost nothing, and anyone can name the email address of another person.
            Event::PaymentFailed(_) | Event::OrderCancelled(_) => Self::Daily(Scope::Recipient, 5),
            // Higher, because an attacker who uses it up keeps the owner from a reset until the next day.
            Event::UserPasswordResetRequested(_) => Self::Daily(Scope::Recipient, 10),
            // Ordering and cancelling lets the stock fall again and again. The operator needs to know it once.
            Event::StockLow(_) => Self::Daily(Scope::Subject, 1),
            // An alarm must not get lost.
            Event::PaymentMismatched(_) => Self::Unlimited,
            // A thief must not use up the limit to hide the last one. They go to verified addresses, and need a login.
            Event::UserSecurityChanged(_) => Self::Unlimited,
            _ => Self::Daily(Scope::Recipient, 5),
        }
    }
}

/// The part of an email address that has one mailbox: without the tag of a subaddress (RFC 5233), because `ada+1@` and `ada+2@`
/// reach the same person.
pub(crate) fn mailbox_of(email: &Email) -> String {
    let (local, domain) = email.as_str().split_once('@').unwrap_or_default();
    let name = local.split('+').next().filter(|name| !name.is_empty()).unwrap_or(local);
    format!("{name}@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::{Clock, ContactId, OrderId, PaymentId, UserId};

    fn cancelled(recipient: impl serde::Serialize, was_authorized: bool) -> Event {
        let (order, payment): (OrderId, PaymentId) = (Clock::System.mint(), Clock::System.mint());
        let data = json!({
            "orderId": order, "orderNumber": "7KQ4M-2XD9A", "paymentId": payment, "recipient": recipient,
            "reason": "by_customer", "wasAuthorized": was_authorized,
        });
        serde_json::from_value(json!({ "eventType": "order.cancelled", "data": data })).unwrap()
    }

    #[test]
    fn only_guests_get_no_mail_about_a_cancelled_order_that_was_never_authorised() {
        let (guest, user): (ContactId, UserId) = (Clock::System.mint(), Clock::System.mint());
        assert_eq!(Budget::of(&cancelled(guest, false)), Budget::Nothing);
        for event in [cancelled(guest, true), cancelled(user, false), cancelled(user, true)] {
            assert_eq!(Budget::of(&event), Budget::Daily(Scope::Recipient, 5));
        }
    }

    #[test]
    fn subaddresses_share_a_mailbox() {
        let mailbox = |email: &str| mailbox_of(&email.parse().unwrap());
        assert_eq!(mailbox("ada+1@example.com"), "ada@example.com");
        assert_eq!(mailbox("ada+1+2@example.com"), mailbox("ada@example.com"));
        assert_ne!(mailbox("+1@example.com"), mailbox("+2@example.com"), "a tag without a name is the name");
    }
}
