//! Bytes in a JSON document, as Web Authentication writes them: base64url without padding (RFC 4648, 5).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// `MIN` to `MAX` bytes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Base64Url<const MIN: usize, const MAX: usize>(Vec<u8>);

impl<const MIN: usize, const MAX: usize> Base64Url<MIN, MAX> {
    /// The bytes; none if there are too few or too many.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        (MIN..=MAX).contains(&bytes.len()).then(|| Self(bytes.to_vec()))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The number of characters that encode that many bytes.
    const fn characters(bytes: usize) -> usize {
        (bytes * 4).div_ceil(3)
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for Base64Url<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64Url({} bytes)", self.0.len())
    }
}

impl<const MIN: usize, const MAX: usize> Serialize for Base64Url<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Base64Url<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Too long a text is not decoded at all.
        let bytes = (text.len() <= Self::characters(MAX)).then(|| URL_SAFE_NO_PAD.decode(&text).ok()).flatten();
        bytes
            .and_then(|bytes| Self::new(&bytes))
            .ok_or_else(|| de::Error::custom(format!("must be base64url without padding, of {MIN} to {MAX} bytes")))
    }
}

#[cfg(feature = "openapi")]
impl<const MIN: usize, const MAX: usize> schemars::JsonSchema for Base64Url<MIN, MAX> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Base64Url{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]+$",
            "minLength": Self::characters(MIN),
            "maxLength": Self::characters(MAX),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_bounded_and_have_one_spelling() {
        let read = |text: &str| serde_json::from_value::<Base64Url<2, 4>>(text.into());
        assert_eq!(read("AQID").unwrap().bytes(), [1, 2, 3]);
        assert_eq!(serde_json::to_value(read("-_8").unwrap()).unwrap(), "-_8");
        for bad in ["", "AQ", "AQIDBAU", "AQI=", "+/8", "A", "AR", "AQ ID", "é"] {
            assert!(read(bad).is_err(), "{bad:?} must be refused");
        }
    }
}
