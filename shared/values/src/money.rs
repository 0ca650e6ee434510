//! Money in integer minor units with its currency. Arithmetic is checked: an overflow is an error and never wraps around.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Currency, Error, Quantity, Result};

/// An amount in minor units (cents, for EUR).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// In minor units.
    pub amount: i64,
    pub currency: Currency,
}

impl Money {
    /// An amount in minor units.
    pub fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// The amount zero.
    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Adds two amounts. Fails with `currency_mismatch` or `amount_too_large`.
    pub fn plus(self, other: Self) -> Result<Self> {
        if self.currency != other.currency {
            return Err(Error::invalid(
                "currency",
                "currency_mismatch",
                format!("{} and {} cannot be added", self.currency, other.currency),
            ));
        }
        self.amount.checked_add(other.amount).map(|amount| Self { amount, ..self }).ok_or_else(too_much)
    }

    /// The difference, which may be negative; other currencies and an amount that does not fit are refused.
    pub fn minus(self, other: Self) -> Result<Self> {
        if self.currency != other.currency {
            return Err(Error::invalid(
                "currency",
                "currency_mismatch",
                format!("{} cannot be subtracted from {}", other.currency, self.currency),
            ));
        }
        self.amount.checked_sub(other.amount).map(|amount| Self { amount, ..self }).ok_or_else(too_much)
    }

    /// Multiplies the amount by a quantity. Fails with `amount_too_large`.
    pub fn times(self, quantity: Quantity) -> Result<Self> {
        self.amount.checked_mul(quantity.get().into()).map(|amount| Self { amount, ..self }).ok_or_else(too_much)
    }
}

impl fmt::Display for Money {
    /// The amount in major units, such as `129.99 EUR`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10i64.pow(self.currency.exponent()).unsigned_abs();
        let (sign, amount) = (if self.amount < 0 { "-" } else { "" }, self.amount.unsigned_abs());
        match self.currency.exponent() {
            0 => write!(f, "{sign}{amount} {}", self.currency),
            digits => write!(
                f,
                "{sign}{}.{:0width$} {}",
                amount / unit,
                amount % unit,
                self.currency,
                width = digits as usize
            ),
        }
    }
}

fn too_much() -> Error {
    Error::invalid("amount", "amount_too_large", "the amount is too large")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(amount: i64, currency: &str) -> Money {
        Money::new(amount, currency.parse().unwrap())
    }

    #[test]
    fn money_is_shown_in_major_units() {
        assert_eq!(money(12_999, "EUR").to_string(), "129.99 EUR");
        assert_eq!(money(-5, "EUR").to_string(), "-0.05 EUR");
        assert_eq!(money(500, "JPY").to_string(), "500 JPY");
        assert_eq!(money(1_500, "KWD").to_string(), "1.500 KWD");
        assert_eq!(money(15_000, "CLF").to_string(), "1.5000 CLF");
    }

    #[test]
    fn currencies_do_not_mix_and_overflow_is_an_error() {
        assert!(money(1, "EUR").plus(money(1, "USD")).is_err());
        assert!(money(i64::MAX, "EUR").plus(money(1, "EUR")).is_err());
        assert!(money(i64::MAX, "EUR").times(Quantity::new(2).unwrap()).is_err());
    }

    #[test]
    fn difference_is_checked() {
        assert_eq!(money(3, "EUR").minus(money(5, "EUR")).unwrap(), money(-2, "EUR"));
        assert_eq!(money(1, "EUR").minus(money(1, "USD")).unwrap_err().fields[0].code, "currency_mismatch");
        assert_eq!(money(i64::MIN, "EUR").minus(money(1, "EUR")).unwrap_err().fields[0].code, "amount_too_large");
    }

    proptest! {
        #[test]
        fn multiplication_equals_repeated_addition(amount in -1_000_000i64..1_000_000, n in 1u32..50) {
            let one = money(amount, "EUR");
            let mut sum = Money::zero(one.currency);
            for _ in 0..n { sum = sum.plus(one).unwrap(); }
            prop_assert_eq!(one.times(Quantity::new(n).unwrap()).unwrap(), sum);
        }
    }
}
