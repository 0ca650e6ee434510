//! Who is notified of an event. Pure.

use std::fmt;

use events::{Event, Recipient, SecurityChange};
use values::{TokenId, UserId};

/// Who is notified of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    Customer(Recipient),
    /// The user for whom that one-time token was requested, if there is one.
    TokenHolder(TokenId),
    /// All admins but the account with this id. Each of them gets a message of their own.
    AdminsExcept(UserId),
    /// The operator of the shop.
    Operator,
}

impl Audience {
    /// The audience of an event; none for events of which no one is notified.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::PaymentCompleted(payment) => Some(Self::Customer(payment.recipient)),
            Event::PaymentFailed(payment) => Some(Self::Customer(payment.recipient)),
            Event::PaymentRefunded(refund) => Some(Self::Customer(refund.recipient)),
            Event::OrderCancelled(order) => Some(Self::Customer(order.recipient)),
            Event::UserPasswordResetRequested(request) | Event::UserEmailVerificationRequested(request) => {
                Some(Self::TokenHolder(request.token_id))
            }
            Event::UserSecurityChanged(changed) => Some(match changed.change {
                SecurityChange::AdminAdded => Self::AdminsExcept(changed.user_id),
                _ => Self::Customer(Recipient::User(changed.user_id)),
            }),
            Event::PaymentMismatched(_) | Event::StockLow(_) => Some(Self::Operator),
            _ => None,
        }
    }
}

impl fmt::Display for Audience {
    /// As the key of a message names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(recipient) => recipient.fmt(f),
            Self::TokenHolder(token) => token.fmt(f),
            Self::AdminsExcept(_) => f.write_str("admins"),
            Self::Operator => f.write_str("operator"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::{Clock, UserId};

    #[test]
    fn audience_is_part_of_the_key_of_a_message() {
        let recipient: UserId = Clock::System.mint();
        assert_eq!(Audience::Customer(Recipient::User(recipient)).to_string(), recipient.to_string());
        assert_eq!(Audience::Operator.to_string(), "operator");
    }
}
