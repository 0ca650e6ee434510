//! The quantity of an order line, and the SKU.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{Error, Result};

/// A quantity of one SKU, from 1 to 999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Quantity(u32);

impl Quantity {
    /// The largest quantity of one SKU in a cart or an order.
    pub const MAX: u32 = 999;

    /// Fails with `quantity_out_of_range` for 0 and for more than [`Quantity::MAX`].
    pub fn new(quantity: u32) -> Result<Self> {
        match quantity {
            1..=Self::MAX => Ok(Self(quantity)),
            _ => Err(Error::invalid("quantity", "quantity_out_of_range", "must be from 1 to 999")),
        }
    }

    /// The quantity as a number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// Adds two quantities. Fails with `quantity_out_of_range`.
    pub fn plus(self, other: Self) -> Result<Self> {
        Self::new(self.0.saturating_add(other.0))
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let quantity =
            u32::deserialize(deserializer).map_err(|_| de::Error::custom("must be a whole number from 1 to 999"))?;
        Self::new(quantity).map_err(|_| de::Error::custom("must be from 1 to 999"))
    }
}

/// A stock keeping unit: what is priced, counted and sold. 1 to 64 of `A-Z a-z 0-9 . _ -`, and never like a product id. It is written
/// everywhere as its product has it; no new SKU differs from another one in letter case only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Sku(String);

impl Sku {
    /// The SKU as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that SKUs share if they differ in letter case only.
    pub fn in_lower_case(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for Sku {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        // A SKU is part of paths, where these have a meaning.
        let is_path_segment = matches!(text, "." | "..");
        if text.is_empty()
            || text.len() > 64
            || !text.bytes().all(is_legal)
            || text.starts_with("prd_")
            || is_path_segment
        {
            return Err(Error::invalid(
                "sku",
                "sku_invalid",
                "must have 1 to 64 letters, digits, dots, hyphens or underscores, and must not begin with prd_",
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
        String::deserialize(deserializer)?.parse().map_err(|error: Error| de::Error::custom(error.message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantity_is_from_1_to_999() {
        assert!(Quantity::new(0).is_err() && Quantity::new(1000).is_err());
        assert_eq!(Quantity::new(999).unwrap().get(), 999);
        assert!(serde_json::from_str::<Quantity>("-1").is_err());
    }

    #[test]
    fn sku_is_short_and_plain() {
        assert!("MUG-INDIGO-350".parse::<Sku>().is_ok());
        for bad in ["", "a b", "a#b", "prd_x", &"x".repeat(65)] {
            assert!(bad.parse::<Sku>().is_err(), "{bad:?} must be refused");
        }
    }
}
