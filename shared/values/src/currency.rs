//! Currencies by ISO 4217.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, Result};

/// The currencies of ISO 4217, list one (active codes) as of 2026-01-01, by the digits of their minor unit. The codes of list one
/// that have no minor unit are left out, because they are not money that a shop can charge: precious metals, bond market units,
/// special drawing rights, tests, and no currency.
const CURRENCIES: [(u32, &[&str]); 4] = [
    (
        0,
        &[
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
            "XOF", "XPF",
        ],
    ),
    (
        2,
        &[
            "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BMD", "BND", "BOB",
            "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CNY", "COP", "COU",
            "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL",
            "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES",
            "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK",
            "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
            "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG",
            "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP",
            "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS", "VED", "VES", "WST", "XAD", "XCD", "XCG",
            "YER", "ZAR", "ZMW", "ZWG",
        ],
    ),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

/// The name under which a currency is deserialised. [`crate::strict`] checks a value of this name against ISO 4217.
pub(crate) const TYPE_NAME: &str = "Currency";

/// A currency code of ISO 4217, such as `EUR`.
///
/// **Input and configuration are checked against the list; stored rows are not.** [`FromStr`] refuses an unknown code, and so does
/// [`crate::read_json`]. `Deserialize` alone accepts any three capital letters, because rows of older releases have to stay readable.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The code, such as `EUR`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// The digits of the minor unit, by ISO 4217: 0, 2, 3 or 4. An unknown code of an old row has two.
    pub fn exponent(&self) -> u32 {
        exponent(self.code()).unwrap_or(2)
    }

    fn stored(text: &str) -> Option<Self> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Some(Self([a, b, c])),
            _ => None,
        }
    }
}

fn exponent(code: &str) -> Option<u32> {
    CURRENCIES.iter().find(|(_, codes)| codes.binary_search(&code).is_ok()).map(|(digits, _)| *digits)
}

/// Checks the code of a currency in a request. Fails with the message for its field.
pub(crate) fn check(code: &str) -> Result<(), &'static str> {
    code.parse::<Currency>().map(|_| ()).map_err(|_| EXPECTED)
}

const EXPECTED: &str = "must be a currency code of ISO 4217, such as EUR";

impl FromStr for Currency {
    type Err = Error;

    /// Fails with `currency_unknown` unless the code is in ISO 4217.
    fn from_str(text: &str) -> Result<Self> {
        Self::stored(text)
            .filter(|currency| exponent(currency.code()).is_some())
            .ok_or_else(|| Error::invalid("currency", "currency_unknown", EXPECTED))
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

/// Deserialises under [`TYPE_NAME`].
#[derive(Deserialize)]
#[serde(rename = "Currency")]
struct Code(String);

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Code(code) = Code::deserialize(deserializer)?;
        Self::stored(&code).ok_or_else(|| de::Error::custom(EXPECTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_in_iso_4217() {
        for known in ["EUR", "USD", "JPY", "KWD", "CLF", "XAF", "XCG", "ZWG"] {
            assert_eq!(known.parse::<Currency>().unwrap().code(), known);
        }
        for unknown in
            ["AAA", "ABC", "eur", "EU", "EURO", "", "XXX", "XTS", "XAU", "DEM", "BGN", "HRK", "ZWL", "\u{20ac}"]
        {
            assert_eq!(unknown.parse::<Currency>().unwrap_err().fields[0].code, "currency_unknown", "{unknown}");
        }
    }

    #[test]
    fn exponent_is_the_minor_unit_of_iso_4217() {
        for (code, digits) in [("EUR", 2), ("JPY", 0), ("ISK", 0), ("UYI", 0), ("KWD", 3), ("CLF", 4), ("UYW", 4)] {
            assert_eq!(code.parse::<Currency>().unwrap().exponent(), digits, "{code}");
        }
    }

    #[test]
    fn table_is_sorted_and_has_each_code_once() {
        let mut codes: Vec<_> = CURRENCIES.iter().flat_map(|(_, codes)| codes.iter()).collect();
        assert!(CURRENCIES.iter().all(|(_, codes)| codes.is_sorted()));
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), 165);
    }
}
