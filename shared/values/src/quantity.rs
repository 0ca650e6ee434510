//! How many of what: a quantity of a line and the SKU it is of.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{Error, Result};

/// From 1 to 999 pieces of one SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Quantity(u32);

impl Quantity {
    /// The most of one SKU in a cart or an order.
    pub const MAX: u32 = 999;

    /// Refuses 0 and more than [`Quantity::MAX`].
    pub fn new(pieces: u32) -> Result<Self> {
        match pieces {
            1..=Self::MAX => Ok(Self(pieces)),
            _ => Err(Error::invalid("quantity", "quantity_out_of_range", "must be from 1 to 999")),
        }
    }

    /// Pieces.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The sum, within the bound.
    pub fn plus(self, other: Self) -> Result<Self> {
        Self::new(self.0.saturating_add(other.0))
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pieces =
            u32::deserialize(deserializer).map_err(|_| de::Error::custom("must be a whole number from 1 to 999"))?;
        Self::new(pieces).map_err(|_| de::Error::custom("must be from 1 to 999"))
    }
}

/// A stock keeping unit: what is priced, counted and sold. 1-64 of `A-Z a-z 0-9 . _ -`, never taken for a product id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Sku(String);

impl Sku {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sku {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        // It stands in paths, where these are steps.
        let is_step = matches!(text, "." | "..");
        if text.is_empty() || text.len() > 64 || !text.bytes().all(legal) || text.starts_with("prd_") || is_step {
            return Err(Error::invalid(
                "sku",
                "sku_invalid",
                "use 1 to 64 letters, digits, dots, dashes or underscores, not beginning with prd_",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sku {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|error: Error| de::Error::custom(error.detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_from_1_to_999() {
        assert!(Quantity::new(0).is_err() && Quantity::new(1000).is_err());
        assert_eq!(Quantity::new(999).unwrap().get(), 999);
        assert!(serde_json::from_str::<Quantity>("-1").is_err());
    }

    #[test]
    fn a_sku_is_short_plain_text() {
        assert!("MUG-INDIGO-350".parse::<Sku>().is_ok());
        for bad in ["", "a b", "a#b", "prd_x", &"x".repeat(65)] {
            assert!(bad.parse::<Sku>().is_err(), "{bad:?} must be refused");
        }
    }
}
