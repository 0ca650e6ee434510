//! How a person is reached.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{Error, Result};

/// A mail address, trimmed and in lower case: one account per person, however they type it. `Debug` hides it from logs.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Email(String);

impl Email {
    /// As text; never log it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = Error;

    /// Checks what can be checked without sending: one `@`, a name, a domain with a dot, no spaces, at most 254 bytes (RFC 5321).
    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim().to_lowercase();
        let plausible = text.len() <= 254
            && !text
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '\\'))
            && text.split_once('@').is_some_and(|(name, domain)| {
                (1..=64).contains(&name.len())
                    && !domain.contains('@')
                    && domain.contains('.')
                    && domain
                        .split('.')
                        .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
            });
        if plausible { Ok(Self(text)) } else { Err(Error::invalid("email", "email_invalid", "is not a mail address")) }
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|_: Error| de::Error::custom("is not a mail address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_address_however_it_is_typed() {
        assert_eq!(" Ada@Example.COM ".parse::<Email>().unwrap().as_str(), "ada@example.com");
        for bad in
            ["", "ada", "@example.com", "ada@", "ada@localhost", "a b@example.com", "a@b@example.com", "ada@-x.com"]
        {
            assert!(bad.parse::<Email>().is_err(), "{bad:?} must be refused");
        }
    }
}
