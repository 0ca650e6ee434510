//! The payment methods that the fake knows: Stripe's test tokens, and tokens that bring their own trouble with them, so
//! that tests which run side by side need no global fault.

use std::time::Duration;

use serde_json::{Value, json};

use super::answer::{Answer, missing};

/// What happens when a payment with this method is confirmed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Card {
    /// As it was sent.
    pub(crate) token: String,
    pub(crate) verdict: Verdict,
    pub(crate) trouble: Trouble,
}

/// What the bank says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Approved,
    Declined {
        code: &'static str,
        decline_code: &'static str,
        message: &'static str,
    },
    /// The customer must authenticate first (SCA).
    AsksCustomer,
}

/// What goes wrong around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// The confirmation takes effect at once, its answer comes later.
    Slow(Duration),
    /// The first so many confirmations of an intent take no effect and answer 500.
    FailsBefore(u32),
    /// The first so many confirmations of an intent take effect (where they may) and answer 500.
    FailsAfter(u32),
}

impl Card {
    /// Knows `pm_card_…` as Stripe documents them, and `pm_test_delay_<ms>`, `pm_test_fail_before_<once|n>`,
    /// `pm_test_fail_after_<once|n>`, `pm_test_ok_<anything>` (a good card that a fault can be aimed at).
    pub(crate) fn parse(token: &str) -> Result<Self, Answer> {
        let declined =
            |code, decline_code, message| Some((Verdict::Declined { code, decline_code, message }, Trouble::None));
        let known = match token {
            "pm_card_visa" | "pm_card_visa_debit" | "pm_card_mastercard" | "pm_card_amex" => {
                Some((Verdict::Approved, Trouble::None))
            }
            "pm_card_chargeDeclined" | "pm_card_chargeCustomerFail" | "pm_card_visa_chargeDeclined" => {
                declined("card_declined", "generic_decline", "Your card was declined.")
            }
            "pm_card_chargeDeclinedInsufficientFunds" | "pm_card_visa_chargeDeclinedInsufficientFunds" => {
                declined("card_declined", "insufficient_funds", "Your card has insufficient funds.")
            }
            "pm_card_chargeDeclinedExpiredCard" => declined("expired_card", "expired_card", "Your card has expired."),
            "pm_card_authenticationRequired" | "pm_card_threeDSecure2Required" => {
                Some((Verdict::AsksCustomer, Trouble::None))
            }
            other => {
                other.strip_prefix("pm_test_").and_then(Trouble::parse).map(|trouble| (Verdict::Approved, trouble))
            }
        };
        match known {
            Some((verdict, trouble)) => Ok(Self { token: token.to_owned(), verdict, trouble }),
            None => Err(missing(400, "PaymentMethod", token, "payment_method")),
        }
    }
}

impl Verdict {
    /// Stripe's `last_payment_error` for a decline.
    pub(crate) fn as_error(&self, charge: &str, token: &str) -> Option<Value> {
        let Self::Declined { code, decline_code, message } = self else { return None };
        Some(json!({
            "type": "card_error", "code": code, "decline_code": decline_code, "message": message, "charge": charge,
            "payment_method": { "id": token, "object": "payment_method", "type": "card" },
        }))
    }
}

impl Trouble {
    fn parse(rest: &str) -> Option<Self> {
        let times = |text: &str| if text == "once" { Some(1) } else { text.parse().ok() };
        if let Some(ms) = rest.strip_prefix("delay_") {
            return Some(Self::Slow(Duration::from_millis(ms.parse().ok()?)));
        }
        if let Some(count) = rest.strip_prefix("fail_before_") {
            return Some(Self::FailsBefore(times(count)?));
        }
        if let Some(count) = rest.strip_prefix("fail_after_") {
            return Some(Self::FailsAfter(times(count)?));
        }
        rest.strip_prefix("ok_").map(|_| Self::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_say_what_will_go_wrong() {
        let trouble = |token: &str| Card::parse(token).ok().map(|card| card.trouble);
        assert_eq!(trouble("pm_card_visa"), Some(Trouble::None));
        assert_eq!(trouble("pm_test_delay_1500"), Some(Trouble::Slow(Duration::from_millis(1500))));
        assert_eq!(trouble("pm_test_fail_after_once"), Some(Trouble::FailsAfter(1)));
        assert_eq!(trouble("pm_test_fail_before_7"), Some(Trouble::FailsBefore(7)));
        assert_eq!(trouble("pm_test_ok_17"), Some(Trouble::None));
        assert_eq!(trouble("pm_test_delay_soon"), None);
        assert_eq!(trouble("4242424242424242"), None);
    }
}
