//! Keys of tax classes and of reasons.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A tax class of products, such as `standard`, or the reason of a rate or of an exemption, such as `zero_rated`: 1 to 32 characters of
/// `a-z 0-9 _`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TaxKey(String);

impl TaxKey {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TaxKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        match (1..=32).contains(&text.len()) && text.bytes().all(is_legal) {
            true => Ok(Self(text)),
            false => Err("must be 1 to 32 lower-case letters, digits and underscores".to_owned()),
        }
    }
}

#[cfg(feature = "openapi")]
values::schemas! {
    TaxKey, "TaxKey", true, |_| { "type": "string", "pattern": "^[a-z0-9_]{1,32}$", "example": "standard" };
}

impl fmt::Display for TaxKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn tax_key(text: &str) -> TaxKey {
        TaxKey::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn key_is_safe_and_short() {
        for good in ["standard", "zero_rated", "7"] {
            assert_eq!(tax_key(good).as_str(), good);
        }
        for bad in ["", "Standard", "a b", "a#b", "a-b", "é", &"x".repeat(33)] {
            assert!(TaxKey::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
