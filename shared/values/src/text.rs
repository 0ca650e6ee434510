//! Text of a person within bounds.

use serde::{Deserialize, Deserializer, Serialize, de};

/// 1 to `MAX` characters, trimmed, without control characters but line breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the text out.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MAX || text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(de::Error::custom(format!("must be 1 to {MAX} characters, none of them a control character")));
        }
        Ok(Self(text.to_owned()))
    }
}
