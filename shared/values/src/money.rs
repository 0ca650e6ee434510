//! Money in integer minor units with its currency (ISO 4217). Arithmetic is checked: an overflow is an error, never a wrap.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, Quantity, Result};

/// Three capital letters of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The code, such as `EUR`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Digits after the point in ISO 4217: two, but for those that have none or three.
    pub fn exponent(&self) -> u32 {
        match self.code() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(Error::invalid(
                "currency",
                "currency_unknown",
                "use three capital letters of ISO 4217, such as EUR",
            )),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|error: Error| de::Error::custom(error.detail))
    }
}

/// An amount in minor units (cents, for EUR).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
}

impl Money {
    /// So many minor units.
    pub fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in a currency.
    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The sum; other currencies and overflow are refused.
    pub fn plus(self, other: Self) -> Result<Self> {
        if self.currency != other.currency {
            return Err(Error::invalid(
                "currency",
                "currency_mismatch",
                format!("{} and {} do not add up", self.currency, other.currency),
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

    /// So many times this amount.
    pub fn times(self, quantity: Quantity) -> Result<Self> {
        self.amount.checked_mul(quantity.get().into()).map(|amount| Self { amount, ..self }).ok_or_else(too_much)
    }
}

impl fmt::Display for Money {
    /// As a person reads it: `129.99 EUR`.
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
    Error::invalid("amount", "amount_too_large", "the amount is larger than money is counted here")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(amount: i64, currency: &str) -> Money {
        Money::new(amount, currency.parse().unwrap())
    }

    #[test]
    fn money_reads_as_its_currency_is_written() {
        assert_eq!(money(12_999, "EUR").to_string(), "129.99 EUR");
        assert_eq!(money(-5, "EUR").to_string(), "-0.05 EUR");
        assert_eq!(money(500, "JPY").to_string(), "500 JPY");
        assert_eq!(money(1_500, "KWD").to_string(), "1.500 KWD");
    }

    #[test]
    fn currencies_do_not_mix_and_sums_do_not_wrap() {
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
        fn n_times_is_n_additions(amount in -1_000_000i64..1_000_000, n in 1u32..50) {
            let one = money(amount, "EUR");
            let mut sum = Money::zero(one.currency);
            for _ in 0..n { sum = sum.plus(one).unwrap(); }
            prop_assert_eq!(one.times(Quantity::new(n).unwrap()).unwrap(), sum);
        }
    }
}
