//! The payment methods of the fake: Stripe's test tokens, and tokens with faults of their own. Tests that run in parallel use
//! such tokens instead of global faults.

use std::time::Duration;

use serde_json::{Value, json};

use super::delivery::CardDelivery;
use super::response::{ApiResponse, not_found};

/// How payments with a payment method behave.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Card {
    /// The token as the caller sent it.
    pub(crate) token: String,
    pub(crate) decision: BankDecision,
    pub(crate) card_fault: CardFault,
    /// How the webhook events of its payments are delivered. None: as the endpoint says.
    pub(crate) card_delivery: Option<CardDelivery>,
}

/// The bank's decision.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BankDecision {
    Approved,
    Declined {
        code: &'static str,
        decline_code: &'static str,
        message: &'static str,
    },
    /// The customer must authenticate first (strong customer authentication).
    RequiresAuthentication,
}

/// A fault that a card's token brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CardFault {
    None,
    /// A confirmation takes effect immediately, but its response comes later.
    Delay(Duration),
    /// The first n confirmations of an intent have no effect and respond with 500.
    FailsBefore(u32),
    /// The first n confirmations of an intent take effect (if allowed) and respond with 500.
    FailsAfter(u32),
    /// The first n refunds of an intent have no effect and respond with 500.
    RefundFails(u32),
    /// The first n refunds of an intent take effect, and the connection is closed.
    RefundLost(u32),
    /// All refunds are refused.
    RefundRefused,
    /// The bank authorises this much more (or less, if negative) than requested.
    AnotherAmount(i64),
    /// The bank authorises the amount in this currency.
    AnotherCurrency(String),
}

impl Card {
    /// Reads Stripe's `pm_card_…` tokens, and
    /// - `pm_test_ok_<anything>`: a card without a fault, as a target for faults; `pm_test_declined_<anything>`: one that is declined;
    /// - `pm_test_delay_<ms>`, `pm_test_fail_before_<once|n>`, `pm_test_fail_after_<once|n>`: confirmations;
    /// - `pm_test_refund_fails_<once|n>`, `pm_test_refund_lost_<once|n>`, `pm_test_refund_refused`: refunds;
    /// - `pm_test_amount_plus_<n>`, `pm_test_amount_minus_<n>`, `pm_test_currency_<usd>`: what is authorised.
    ///
    /// Any token may be followed by `_hook_<prompt|late|twice|shuffled|never>`, `_<n>ms` and `_<anything>`: the webhook events of
    /// its payments are delivered in this way.
    pub(crate) fn parse(token: &str) -> Result<Self, ApiResponse> {
        let declined = |code, decline_code, message| {
            Some((BankDecision::Declined { code, decline_code, message }, CardFault::None))
        };
        let unknown = || not_found(400, "PaymentMethod", token, "payment_method");
        let (bare, card_delivery) = match token.split_once("_hook_") {
            Some((bare, rest)) => (bare, Some(CardDelivery::parse(rest).ok_or_else(unknown)?)),
            None => (token, None),
        };
        let known = match bare {
            "pm_card_visa" | "pm_card_visa_debit" | "pm_card_mastercard" | "pm_card_amex" => {
                Some((BankDecision::Approved, CardFault::None))
            }
            "pm_card_chargeDeclined" | "pm_card_chargeCustomerFail" | "pm_card_visa_chargeDeclined" => {
                declined("card_declined", "generic_decline", "Your card was declined.")
            }
            "pm_card_chargeDeclinedInsufficientFunds" | "pm_card_visa_chargeDeclinedInsufficientFunds" => {
                declined("card_declined", "insufficient_funds", "Your card has insufficient funds.")
            }
            "pm_card_chargeDeclinedExpiredCard" => declined("expired_card", "expired_card", "Your card has expired."),
            "pm_card_authenticationRequired" | "pm_card_threeDSecure2Required" => {
                Some((BankDecision::RequiresAuthentication, CardFault::None))
            }
            other if other.starts_with("pm_test_declined_") => {
                declined("card_declined", "generic_decline", "Your card was declined.")
            }
            other => other
                .strip_prefix("pm_test_")
                .and_then(CardFault::parse)
                .map(|card_fault| (BankDecision::Approved, card_fault)),
        };
        let (decision, card_fault) = known.ok_or_else(unknown)?;
        Ok(Self { token: token.to_owned(), decision, card_fault, card_delivery })
    }

    /// The fingerprint of the card's number. Stripe's test tokens name one card each, but here every customer has a card of their
    /// own, except for tokens that a test made: `pm_test_…`.
    pub(crate) fn fingerprint(&self, intent: &str) -> String {
        if self.token.starts_with("pm_test_") { format!("fp_{}", self.token) } else { format!("fp_{intent}") }
    }

    /// The amount (at least 1) and currency that the bank authorises for this request.
    pub(crate) fn authorises(&self, amount: u64, currency: &str) -> (u64, String) {
        match &self.card_fault {
            CardFault::AnotherAmount(more) => (amount.saturating_add_signed(*more).max(1), currency.to_owned()),
            CardFault::AnotherCurrency(other) => (amount, other.clone()),
            _ => (amount, currency.to_owned()),
        }
    }
}

impl BankDecision {
    /// Stripe's `last_payment_error` for a decline.
    pub(crate) fn as_error(&self, charge: &str, token: &str) -> Option<Value> {
        let Self::Declined { code, decline_code, message } = self else { return None };
        Some(json!({
            "type": "card_error", "code": code, "decline_code": decline_code, "message": message, "charge": charge,
            "payment_method": { "id": token, "object": "payment_method", "type": "card" },
        }))
    }
}

impl CardFault {
    fn parse(rest: &str) -> Option<Self> {
        let times = |text: &str| if text == "once" { Some(1) } else { text.parse().ok() };
        if let Some(count) = rest.strip_prefix("fail_before_") {
            return Some(Self::FailsBefore(times(count)?));
        }
        if let Some(count) = rest.strip_prefix("fail_after_") {
            return Some(Self::FailsAfter(times(count)?));
        }
        if let Some(count) = rest.strip_prefix("refund_fails_") {
            return Some(Self::RefundFails(times(count)?));
        }
        if let Some(count) = rest.strip_prefix("refund_lost_") {
            return Some(Self::RefundLost(times(count)?));
        }
        if let Some(ms) = rest.strip_prefix("delay_") {
            return Some(Self::Delay(Duration::from_millis(ms.parse().ok()?)));
        }
        if let Some(more) = rest.strip_prefix("amount_plus_") {
            return Some(Self::AnotherAmount(more.parse::<u32>().ok()?.into()));
        }
        if let Some(less) = rest.strip_prefix("amount_minus_") {
            return Some(Self::AnotherAmount(-i64::from(less.parse::<u32>().ok()?)));
        }
        if let Some(code) = rest.strip_prefix("currency_") {
            let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_lowercase());
            return is_code.then(|| Self::AnotherCurrency(code.to_owned()));
        }
        match rest {
            "refund_refused" => Some(Self::RefundRefused),
            "ok" => Some(Self::None),
            other => other.strip_prefix("ok_").map(|_| Self::None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::delivery::DeliveryMode;
    use super::*;

    fn card_fault(token: &str) -> Option<CardFault> {
        Card::parse(token).ok().map(|card| card.card_fault)
    }

    #[test]
    fn tokens_name_their_faults() {
        assert_eq!(card_fault("pm_card_visa"), Some(CardFault::None));
        assert_eq!(card_fault("pm_test_delay_1500"), Some(CardFault::Delay(Duration::from_millis(1500))));
        assert_eq!(card_fault("pm_test_fail_after_once"), Some(CardFault::FailsAfter(1)));
        assert_eq!(card_fault("pm_test_fail_before_7"), Some(CardFault::FailsBefore(7)));
        assert_eq!(card_fault("pm_test_refund_fails_2"), Some(CardFault::RefundFails(2)));
        assert_eq!(card_fault("pm_test_refund_lost_once"), Some(CardFault::RefundLost(1)));
        assert_eq!(card_fault("pm_test_refund_refused"), Some(CardFault::RefundRefused));
        assert_eq!(card_fault("pm_test_ok_17"), Some(CardFault::None));
        for unknown in ["pm_test_delay_soon", "pm_test_currency_USD", "pm_test_amount_plus_", "4242424242424242"] {
            assert_eq!(card_fault(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn bank_may_authorise_another_amount_or_currency() {
        let authorised = |token: &str, amount| Card::parse(token).ok().map(|card| card.authorises(amount, "eur"));
        assert_eq!(authorised("pm_card_visa", 10), Some((10, "eur".to_owned())));
        assert_eq!(authorised("pm_test_amount_plus_1", 10), Some((11, "eur".to_owned())));
        assert_eq!(authorised("pm_test_amount_minus_3", 10), Some((7, "eur".to_owned())));
        assert_eq!(authorised("pm_test_amount_minus_30", 10), Some((1, "eur".to_owned())));
        assert_eq!(authorised("pm_test_currency_usd", 10), Some((10, "usd".to_owned())));
    }

    #[test]
    fn token_may_name_a_delivery_of_webhooks() {
        let card_delivery = |token: &str| Card::parse(token).ok().map(|card| card.card_delivery);
        assert_eq!(card_delivery("pm_card_visa"), Some(None));
        assert_eq!(
            card_delivery("pm_test_ok_hook_never_17"),
            Some(Some(CardDelivery { mode: DeliveryMode::Never, ms: None }))
        );
        assert_eq!(
            card_delivery("pm_card_authenticationRequired_hook_late_800ms_17"),
            Some(Some(CardDelivery { mode: DeliveryMode::Late, ms: Some(800) }))
        );
        assert_eq!(card_fault("pm_test_refund_lost_2_hook_twice"), Some(CardFault::RefundLost(2)));
        assert_eq!(card_delivery("pm_test_ok_hook_sometimes"), None);
    }
}
