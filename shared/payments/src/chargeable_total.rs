//! Which totals an order can have: zero, for which nothing is charged, and what Stripe charges. Pure. Source: Stripe's "Minimum charge amount
//! by currency", <https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>, November 2026.

use serde_json::{Map, json};
use values::{Currency, Error, Kind, Money, Result};

use crate::provider_unit::ProviderUnit;

/// Stripe's minimum charges, in minor units of ISO 4217. They hold for an account that is paid out in the same currency. If Stripe converts,
/// the minimum is that of the other currency, which souk does not know: then the provider declines the payment.
const MINIMUM_CHARGES: [(&str, i64); 31] = [
    ("AED", 200),
    ("ARS", 50),
    ("AUD", 50),
    ("BRL", 50),
    ("CAD", 50),
    ("CHF", 50),
    ("COP", 50),
    ("CZK", 1_500),
    ("DKK", 250),
    ("EUR", 50),
    ("GBP", 30),
    ("HKD", 400),
    ("HUF", 17_500),
    ("IDR", 50),
    ("ILS", 50),
    ("INR", 50),
    ("JPY", 50),
    ("KRW", 50),
    ("MXN", 1_000),
    ("MYR", 200),
    ("NOK", 300),
    ("NZD", 50),
    ("PHP", 50),
    ("PLN", 200),
    ("RON", 200),
    ("RUB", 50),
    ("SEK", 300),
    ("SGD", 50),
    ("THB", 1_000),
    ("USD", 50),
    ("ZAR", 50),
];

/// Refuses a total that is neither zero nor an amount that the provider charges: 422 `amount_too_small` of that field, with the `minimum`, or
/// `amount_not_multiple`, with the `step`.
pub fn check_total(field: &str, total: Money) -> Result<()> {
    if total.amount == 0 {
        return Ok(());
    }
    let minimum = Money::new(minimum_charge(total.currency), total.currency);
    if total.amount >= minimum.amount {
        return ProviderUnit::stripe(total.currency).check(field, total);
    }
    let message = format!("must come to {minimum} or more, or to zero: the payment provider charges no smaller amount");
    let facts: Map<_, _> = [("minimum".to_owned(), json!(minimum))].into_iter().collect();
    let error = Error::new(Kind::Invalid, "validation_failed", format!("`{field}`: {message}"));
    Err(error.with_facts(field, "amount_too_small", message, facts))
}

/// The smallest charge in a currency, in minor units: one, if Stripe lists no other.
fn minimum_charge(currency: Currency) -> i64 {
    MINIMUM_CHARGES.iter().find(|(code, _)| *code == currency.code()).map_or(1, |(_, minimum)| *minimum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(amount: i64, code: &str) -> Result<()> {
        check_total("items", Money::new(amount, code.parse().unwrap()))
    }

    #[test]
    fn total_is_zero_or_the_minimum_charge_at_least() {
        for (code, minimum) in MINIMUM_CHARGES {
            assert!(check(0, code).is_ok() && check(minimum, code).is_ok(), "{code}");
            for too_small in [minimum - 1, 1, -1, i64::MIN] {
                let refusal = check(too_small, code).unwrap_err();
                assert_eq!((refusal.kind, refusal.code), (Kind::Invalid, "validation_failed"), "{too_small} {code}");
                let field = &refusal.fields[0];
                assert_eq!((field.field.as_str(), field.code), ("items", "amount_too_small"), "{too_small} {code}");
                assert_eq!(field.facts["minimum"]["amount"], minimum, "{too_small} {code}");
            }
        }
    }

    #[test]
    fn minimum_is_in_minor_units_of_its_currency() {
        let shown = |code: &str| Money::new(minimum_charge(code.parse().unwrap()), code.parse().unwrap()).to_string();
        let shown = ["EUR", "GBP", "USD", "JPY", "HUF", "MXN"].map(shown);
        assert_eq!(shown, ["0.50 EUR", "0.30 GBP", "0.50 USD", "50 JPY", "175.00 HUF", "10.00 MXN"]);
    }

    #[test]
    fn total_in_a_currency_without_a_minimum_has_the_step_of_the_provider_only() {
        assert!(check(1, "ISK").is_ok() && check(0, "KWD").is_ok() && check(10, "KWD").is_ok());
        assert_eq!(check(5, "KWD").unwrap_err().fields[0].code, "amount_not_multiple");
        assert_eq!(check(-10, "KWD").unwrap_err().fields[0].code, "amount_too_small");
    }
}
