//! The customer group of an account, such as `wholesale`. Price lists and promotions can be for one group.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use values::{Error, Result};

const MAX_LENGTH: usize = 32;

/// The key of a customer group: 1 to 32 lower-case letters, digits and dashes. There is no list of groups: an account is in the group
/// that an admin names. Input is parsed by [`CustomerGroup::from_str`]; a stored key is read as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline, extend("example" = "wholesale")))]
pub struct CustomerGroup(#[cfg_attr(feature = "openapi", schemars(regex(pattern = PATTERN)))] String);

/// [`CustomerGroup::from_str`] as a regular expression.
#[cfg(feature = "openapi")]
const PATTERN: &str = "^[a-z0-9-]{1,32}$";

impl CustomerGroup {
    /// The key, such as `wholesale`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CustomerGroup {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let is_key = (1..=MAX_LENGTH).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        match is_key {
            true => Ok(Self(text.to_owned())),
            false => {
                let message = format!("must be 1 to {MAX_LENGTH} lower-case letters, digits and dashes");
                Err(Error::invalid("group", "group_invalid", message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_is_a_short_key() {
        for good in ["a", "wholesale", "b2b-eu", "7", "-", &"x".repeat(32)] {
            assert_eq!(good.parse::<CustomerGroup>().unwrap().as_str(), good);
        }
        for bad in ["", "Wholesale", "whole sale", "b2b_eu", "gr\u{fc}n", "\u{661}", " a", &"x".repeat(33)] {
            assert_eq!(bad.parse::<CustomerGroup>().unwrap_err().fields[0].code, "group_invalid", "{bad:?}");
        }
    }

    #[test]
    fn group_is_stored_as_its_key() {
        let group: CustomerGroup = "wholesale".parse().unwrap();
        let stored = serde_json::to_value(&group).unwrap();
        assert_eq!(stored, "wholesale");
        assert_eq!(serde_json::from_value::<CustomerGroup>(stored).unwrap(), group);
    }
}
