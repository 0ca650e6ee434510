//! The tax class of a product.

use serde::{Deserialize, Serialize};

/// How a product is taxed: 1 to 32 characters of `a-z 0-9 _`; the default is `standard`. The code that prices an order
/// knows the rates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TaxClass(String);

impl TaxClass {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TaxClass {
    fn default() -> Self {
        Self("standard".to_owned())
    }
}

impl TryFrom<String> for TaxClass {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        match (1..=32).contains(&text.len()) && text.bytes().all(legal) {
            true => Ok(Self(text)),
            false => Err("must be 1 to 32 lower-case letters, digits and underscores".to_owned()),
        }
    }
}
