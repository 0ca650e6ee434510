//! The units in which payment providers write amounts. souk counts in minor units of ISO 4217, and not every provider does so for each
//! currency. Pure. Sources: Stripe's "Supported currencies", <https://docs.stripe.com/currencies>, and PayPal's "Currency codes",
//! <https://developer.paypal.com/reference/currency-codes/>.

use serde_json::{Map, json};
use values::{Currency, Error, Kind, Money, Result};

/// The unit of a currency at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderUnit {
    /// The provider accepts multiples of this many minor units only.
    step: i64,
    /// A minor unit has this many units of the provider. 1 if its unit is larger.
    multiplier: i64,
    /// A unit of the provider has this many minor units. 1 if its unit is smaller.
    divisor: i64,
}

impl ProviderUnit {
    const MINOR: Self = Self { step: 1, multiplier: 1, divisor: 1 };
    /// Of a currency with two digits in ISO 4217.
    const WHOLE: Self = Self { step: 100, multiplier: 1, divisor: 100 };

    /// The unit in which Stripe writes amounts of a currency.
    pub fn stripe(currency: Currency) -> Self {
        match currency.code() {
            // They have no decimals in ISO 4217. Stripe keeps the two that they once had.
            "ISK" | "UGX" => Self { multiplier: 100, ..Self::MINOR },
            // Two decimals in ISO 4217, none at Stripe.
            "MGA" => Self::WHOLE,
            // Stripe's partners accept two of the three decimals.
            "BHD" | "JOD" | "KWD" | "OMR" | "TND" => Self { step: 10, ..Self::MINOR },
            _ => Self::MINOR,
        }
    }

    /// The unit in which PayPal writes amounts of a currency.
    pub fn paypal(currency: Currency) -> Self {
        match currency.code() {
            "HUF" | "TWD" => Self::WHOLE,
            _ => Self::MINOR,
        }
    }

    /// The number of minor units of which the provider accepts multiples only.
    pub fn step(self) -> i64 {
        self.step
    }

    /// The smallest number of minor units that is a multiple of this step and of `market_step`, which is more than zero.
    pub(crate) fn step_with(self, market_step: i64) -> i64 {
        let (mut divisor, mut rest) = (self.step, market_step);
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        self.step / divisor * market_step
    }

    /// An amount in minor units as the provider writes it. None if the provider cannot express it.
    pub fn to_provider(self, minor_units: i64) -> Option<i64> {
        if minor_units % self.step != 0 {
            return None;
        }
        (minor_units / self.divisor).checked_mul(self.multiplier)
    }

    /// An amount of the provider in minor units. None if they cannot express it.
    pub fn to_minor_units(self, amount: i64) -> Option<i64> {
        if amount % self.multiplier != 0 {
            return None;
        }
        (amount / self.multiplier).checked_mul(self.divisor)
    }

    /// Refuses an amount that the provider cannot express: 422 `amount_not_multiple` of that field, with the `step`.
    pub(crate) fn check(self, field: &str, amount: Money) -> Result<()> {
        if self.to_provider(amount.amount).is_some() {
            return Ok(());
        }
        let step = Money::new(self.step, amount.currency);
        let message = format!("must come to a multiple of {step}: the payment provider accepts no other amount");
        let facts: Map<_, _> = [("step".to_owned(), json!(step))].into_iter().collect();
        let error = Error::new(Kind::Invalid, "validation_failed", format!("`{field}`: {message}"));
        Err(error.with_facts(field, "amount_not_multiple", message, facts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The currencies in which Stripe charges, by the decimals of its amounts. Source: <https://docs.stripe.com/currencies>, "Supported
    /// presentment currencies", "Zero-decimal currencies", "Three-decimal currencies" and "Special cases". Without ANG, BGN, HRK and STD,
    /// which Stripe still lists and ISO 4217 does not.
    const STRIPE: [(u32, &[&str]); 3] = [
        (0, &["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]),
        (
            2,
            &[
                "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BMD", "BND",
                "BOB", "BRL", "BSD", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY", "COP", "CRC", "CVE", "CZK",
                "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GIP", "GMD", "GTQ", "GYD",
                "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "ISK", "JMD", "KES", "KGS", "KHR", "KYD", "KZT",
                "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MKD", "MMK", "MNT", "MOP", "MUR", "MVR", "MWK",
                "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR",
                "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD",
                "SZL", "THB", "TJS", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "WST",
                "XCD", "XCG", "YER", "ZAR", "ZMW",
            ],
        ),
        (3, &["BHD", "JOD", "KWD", "OMR", "TND"]),
    ];

    fn currency(code: &str) -> Currency {
        code.parse().unwrap_or_else(|error| panic!("{code} should be in ISO 4217: {error}"))
    }

    fn stripe() -> impl Iterator<Item = (u32, Currency)> {
        STRIPE.iter().flat_map(|(decimals, codes)| codes.iter().map(|code| (*decimals, currency(code))))
    }

    #[test]
    fn each_currency_of_stripe_is_written_with_its_decimals() {
        for (decimals, currency) in stripe() {
            let (one, there) = (10i64.pow(currency.exponent()), 10i64.pow(decimals));
            let unit = ProviderUnit::stripe(currency);
            for pieces in [1, 7, 999_999] {
                assert_eq!(unit.to_provider(pieces * one), Some(pieces * there), "{pieces} {currency}");
                assert_eq!(unit.to_minor_units(pieces * there), Some(pieces * one), "{pieces} {currency}");
            }
        }
        assert_eq!(stripe().count(), 137);
    }

    #[test]
    fn amount_between_two_steps_is_not_sent_to_stripe() {
        let coarse: Vec<_> = stripe().filter(|(_, currency)| ProviderUnit::stripe(*currency).step() > 1).collect();
        let steps: Vec<_> = coarse.iter().map(|(_, code)| (code.code(), ProviderUnit::stripe(*code).step())).collect();
        assert_eq!(steps, [("MGA", 100), ("BHD", 10), ("JOD", 10), ("KWD", 10), ("OMR", 10), ("TND", 10)]);
        for (_, currency) in coarse {
            let unit = ProviderUnit::stripe(currency);
            for beside in [1, unit.step() - 1, unit.step() + 1, 12_345] {
                assert_eq!(unit.to_provider(beside), None, "{beside} {currency}");
                let refusal = unit.check("amount", Money::new(beside, currency)).unwrap_err();
                assert_eq!((refusal.fields[0].code, refusal.code), ("amount_not_multiple", "validation_failed"));
                assert_eq!(refusal.fields[0].facts["step"]["amount"], unit.step());
            }
            assert!(unit.check("amount", Money::new(12_300, currency)).is_ok());
        }
    }

    #[test]
    fn step_of_refunds_fits_the_market_and_the_provider() {
        let step = |code: &str, market_step: i64| ProviderUnit::stripe(currency(code)).step_with(market_step);
        assert_eq!([1, 10, 100, 1_000].map(|market| step("KWD", market)), [10, 10, 100, 1_000]);
        assert_eq!([4, 5, 25, 125].map(|market| step("KWD", market)), [20, 10, 50, 250]);
        assert_eq!((step("EUR", 5), step("HUF", 100), step("MGA", 20)), (5, 100, 100));
    }

    #[test]
    fn part_of_a_minor_unit_is_not_read_from_stripe() {
        for code in ["ISK", "UGX"] {
            let unit = ProviderUnit::stripe(currency(code));
            assert_eq!((unit.to_minor_units(500), unit.to_minor_units(550)), (Some(5), None), "{code}");
        }
    }

    #[test]
    fn amount_that_does_not_fit_is_not_converted() {
        assert_eq!(ProviderUnit::stripe(currency("ISK")).to_provider(i64::MAX), None);
        assert_eq!(ProviderUnit::stripe(currency("MGA")).to_minor_units(i64::MAX), None);
    }

    #[test]
    fn paypal_has_no_decimals_for_three_currencies() {
        for (code, step) in [("HUF", 100), ("TWD", 100), ("JPY", 1)] {
            let unit = ProviderUnit::paypal(currency(code));
            assert_eq!((unit.to_provider(5 * step), unit.to_minor_units(5)), (Some(5), Some(5 * step)), "{code}");
            assert_eq!(unit.step(), step, "{code}");
        }
        assert_eq!(ProviderUnit::paypal(currency("HUF")).to_provider(1_045), None);
        assert_eq!(ProviderUnit::paypal(currency("EUR")), ProviderUnit::MINOR);
    }

    proptest! {
        #[test]
        fn what_is_sent_is_read_as_the_same_amount(index in 0usize..137, steps in 0i64..1_000_000_000) {
            let (_, currency) = stripe().nth(index).unwrap();
            for unit in [ProviderUnit::stripe(currency), ProviderUnit::paypal(currency)] {
                let amount = steps * unit.step();
                let there = unit.to_provider(amount).unwrap();
                prop_assert_eq!(unit.to_minor_units(there), Some(amount));
            }
        }
    }
}
