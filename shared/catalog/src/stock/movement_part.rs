//! The parts of an order's movement of one SKU, as the keys of the log name them. Pure.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use values::{Error, Result};

/// A part of the movement of an order's pieces of one SKU. A line that is reserved in several rows has a movement for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum MovementPart {
    /// The pieces in the bucket with this number.
    Bucket(u16),
    /// What the stream has lost, as the daily walk has found.
    Rest,
}

impl fmt::Display for MovementPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(bucket) => write!(f, "{bucket:03}"),
            Self::Rest => f.write_str("rest"),
        }
    }
}

impl FromStr for MovementPart {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "rest" {
            return Ok(Self::Rest);
        }
        text.parse().map(Self::Bucket).map_err(|_| Error::internal(format!("{text:?} is no part of a movement")))
    }
}

impl From<MovementPart> for String {
    fn from(part: MovementPart) -> Self {
        part.to_string()
    }
}

impl TryFrom<String> for MovementPart {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn part_is_stored_as_the_end_of_its_key() {
        for (part, text) in
            [(MovementPart::Bucket(0), "000"), (MovementPart::Bucket(511), "511"), (MovementPart::Rest, "rest")]
        {
            assert_eq!((part.to_string().as_str(), text.parse().ok()), (text, Some(part)));
            assert_eq!(serde_json::to_value(part).unwrap(), json!(text));
            assert_eq!(serde_json::from_value::<MovementPart>(json!(text)).unwrap(), part);
        }
        assert!("".parse::<MovementPart>().is_err() && "-1".parse::<MovementPart>().is_err());
    }
}
