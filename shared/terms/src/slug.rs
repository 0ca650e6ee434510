//! The keys that an admin chooses.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A key of 1 to `MAX` characters of `a-z 0-9 -`. It is safe in table keys and in URL paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Slug<const MAX: usize>(String);

/// The key of a market, such as `eu`.
pub type MarketKey = Slug<16>;

/// The key of a price list.
pub type PriceListKey = Slug<32>;

/// The key of a shipping zone.
pub type ZoneKey = Slug<32>;

/// The key of a shipping method in its zone.
pub type MethodKey = Slug<32>;

impl<const MAX: usize> Slug<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Slug<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match (1..=MAX).contains(&text.len()) && text.bytes().all(is_legal) {
            true => Ok(Self(text)),
            false => Err(format!("must be 1 to {MAX} lower-case letters, digits and dashes")),
        }
    }
}

impl<const MAX: usize> fmt::Display for Slug<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn slug<const MAX: usize>(text: &str) -> Slug<MAX> {
        Slug::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn key_is_safe_and_short() {
        for good in ["eu", "b2b-de", "1", "0123456789abcdef"] {
            assert_eq!(slug::<16>(good).as_str(), good);
        }
        for bad in ["", "EU", "e u", "e_u", "e#u", "é", "0123456789abcdefg"] {
            assert!(MarketKey::try_from(bad.to_owned()).is_err(), "{bad:?} must be refused");
        }
    }
}
