//! How a person is reached.

use std::fmt;
use std::str::FromStr;

use idna::domain_to_ascii_strict;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{Error, Result};

const LONGEST: usize = 254;

/// A mail address, trimmed and in lower case: one account per person, however they type it. `Debug` hides it from logs.
///
/// What looks alike is the same or no address. The name before the `@` is ASCII (so a Cyrillic `а` is refused, and Amazon SES could not
/// send to it: it has no SMTPUTF8); the domain is brought to its one ASCII form (UTS #46, RFC 5890), under which mail reaches whoever
/// owns it: `ｅｘample.com` is `example.com`, and `bücher.example` is `xn--bcher-kva.example`.
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

    /// Checks what can be checked without sending: one `@`, a name, a domain with a dot, at most 254 bytes (RFC 5321).
    fn from_str(text: &str) -> Result<Self> {
        read(text).map(Self).ok_or_else(|| Error::invalid("email", "email_invalid", "is not a mail address"))
    }
}

fn read(text: &str) -> Option<String> {
    let (name, domain) = text.trim().split_once('@')?;
    // A bound for the work below, before the form that counts is known.
    let is_bounded = (1..=64).contains(&name.len()) && domain.len() <= 4 * LONGEST;
    // RFC 5322's atext, and dots.
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&byte));
    let domain = (is_bounded && is_name).then(|| domain_to_ascii_strict(domain).ok())??;
    let address = format!("{}@{domain}", name.to_ascii_lowercase());
    (domain.contains('.') && !domain.ends_with('.') && address.len() <= LONGEST).then_some(address)
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
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "a b@example.com",
            "a@b@example.com",
            "ada@-x.com",
            "a@x..com",
            "a@x.com.",
        ] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?} must be refused");
        }
        let long = |name: usize, label: usize| format!("{}@{}.com", "a".repeat(name), "b".repeat(label));
        assert!(long(64, 63).parse::<Email>().is_ok());
        assert!(long(65, 63).parse::<Email>().is_err() && long(64, 64).parse::<Email>().is_err());
        assert!(format!("a@{}com", "label.".repeat(50)).parse::<Email>().is_err());
        assert!(format!("a@{}", "é".repeat(100_000)).parse::<Email>().is_err());
    }

    #[test]
    fn what_looks_alike_is_the_same_or_no_address() {
        let read = |text: &str| text.parse::<Email>().map(|email| email.0).map_err(|error| error.code);
        for same in ["ada@ｅｘａｍｐｌｅ.com", "ada@example。com", "ADA@EXAMPLE.com", "ada@ex\u{ad}ample.com"] {
            assert_eq!(read(same).as_deref(), Ok("ada@example.com"), "{same:?}");
        }
        assert_eq!(read("ada@bücher.example").as_deref(), Ok("ada@xn--bcher-kva.example"));
        assert_eq!(read("ada@xn--bcher-kva.example").as_deref(), Ok("ada@xn--bcher-kva.example"));
        assert_ne!(read("ada@ex\u{430}mple.com").as_deref(), Ok("ada@example.com"), "Cyrillic: another domain");
        for none in [
            "\u{430}da@example.com",
            "ａda@example.com",
            "a\u{200b}da@example.com",
            "\u{212a}ate@example.com",
            "ada@xn--a.example",
        ] {
            assert!(read(none).is_err(), "{none:?}");
        }
    }
}
