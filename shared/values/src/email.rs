//! Email addresses.

use std::fmt;
use std::str::FromStr;

use idna::domain_to_ascii_strict;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{Error, Result};

/// The longest address that fits into a path of RFC 5321 (4.5.3.1.3: 256 octets with the angle brackets).
const MAX_BYTES: usize = 254;
/// The longest local part (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;

/// An email address, trimmed and in lower case: a person has one account, however they type the address. `Debug` hides it from logs.
///
/// Addresses that look alike are equal or invalid. The local part is ASCII, because Amazon SES does not support SMTPUTF8 and a
/// Cyrillic `а` looks like a Latin one. The domain has its one ASCII form (UTS #46, RFC 5890): `ｅｘample.com` is `example.com`, and
/// `bücher.example` is `xn--bcher-kva.example`.
///
/// **This type accepts every address that souk has ever stored**, so dots may stand anywhere in the local part. It is the type of
/// rows, and of requests that name an address which is known already: log in, reset a password, search orders. The type for an address
/// that is stored for the first time is [`NewEmail`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Email(String);

/// An email address by the stricter rule for new addresses: the local part is a `Dot-string` of RFC 5321, 4.1.2, so it has no dot at
/// its beginning, at its end, or beside another. A quoted local part and an address literal are refused. Requests that register an
/// account or place a guest's order use this type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct NewEmail(Email);

const EXPECTED: &str = "must be an email address, such as ada@example.com";

impl Email {
    /// The address as text. Never log it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = Error;

    /// Checks what can be checked without sending mail: the characters of the local part, a domain with a dot, and all lengths.
    fn from_str(text: &str) -> Result<Self> {
        normalize(text).map(Self).ok_or_else(invalid)
    }
}

impl FromStr for NewEmail {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let email: Email = text.parse()?;
        let local = email.0.split('@').next().unwrap_or_default();
        let is_dot_string = local.split('.').all(|atom| !atom.is_empty());
        is_dot_string.then_some(Self(email)).ok_or_else(invalid)
    }
}

impl From<NewEmail> for Email {
    fn from(NewEmail(email): NewEmail) -> Self {
        email
    }
}

fn invalid() -> Error {
    Error::invalid("email", "email_invalid", EXPECTED)
}

/// The address in the form that is stored and compared; none if it is not an address.
fn normalize(text: &str) -> Option<String> {
    let (local, domain) = text.trim().split_once('@')?;
    // Bounds the work below. The length of the domain's ASCII form is checked at the end.
    let is_bounded = (1..=MAX_LOCAL_BYTES).contains(&local.len()) && domain.len() <= 4 * MAX_BYTES;
    // RFC 5322's atext, and dots.
    let is_local = local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&byte));
    // Checks the labels, too: letters, digits and hyphens, 1 to 63 of them, no hyphen at an end (RFC 1035, RFC 5890).
    let domain = (is_bounded && is_local).then(|| domain_to_ascii_strict(domain).ok())??;
    let address = format!("{}@{domain}", local.to_ascii_lowercase());
    (domain.contains('.') && !domain.ends_with('.') && address.len() <= MAX_BYTES).then_some(address)
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|_: Error| de::Error::custom(EXPECTED))
    }
}

impl<'de> Deserialize<'de> for NewEmail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|_: Error| de::Error::custom(EXPECTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both rules have to agree on the address.
    fn is_accepted(text: &str) -> bool {
        let (old, new) = (text.parse::<Email>(), text.parse::<NewEmail>());
        assert_eq!(old.is_ok(), new.is_ok(), "{text:?}");
        old.is_ok()
    }

    #[test]
    fn address_is_normalized() {
        assert_eq!(" Ada@Example.COM ".parse::<Email>().unwrap().as_str(), "ada@example.com");
        let new: NewEmail = " Ada.Lovelace@Example.COM ".parse().unwrap();
        assert_eq!(Email::from(new).as_str(), "ada.lovelace@example.com");
    }

    #[test]
    fn malformed_address_is_refused() {
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "a b@example.com",
            "a@b@example.com",
            "ada@-x.com",
            "ada@x-.com",
            "ada@x_y.com",
            "a@x..com",
            "a@.x.com",
            "a@x.com.",
            "a(b)@example.com",
            "\"ada\"@example.com",
            "\"a b\"@example.com",
            "ada@[192.0.2.1]",
            "ada@[IPv6:2001:db8::1]",
            "Ada <ada@example.com>",
            "a,b@example.com",
            "ada@exam ple.com",
            "ada@example.com\r\nbcc: eve@example.com",
        ] {
            assert!(!is_accepted(bad), "{bad:?}");
        }
        for good in
            ["a@example.com", "a.b.c@example.com", "a+b@example.com", "!#$%&'*+-/=?^_`{|}~@example.com", "1@2.example"]
        {
            assert!(is_accepted(good), "{good:?}");
        }
    }

    #[test]
    fn length_is_bounded() {
        let long = |local: usize, label: usize| format!("{}@{}.com", "a".repeat(local), "b".repeat(label));
        assert!(is_accepted(&long(64, 63)));
        assert!(!is_accepted(&long(65, 63)) && !is_accepted(&long(64, 64)));
        // 64 + 1 + 63 + 1 + 63 + 1 + 61 octets are 254.
        let longest =
            |last: usize| format!("{}@{}.{}.{}", "a".repeat(64), "b".repeat(63), "c".repeat(63), "d".repeat(last));
        assert!(is_accepted(&longest(61)) && !is_accepted(&longest(62)));
        assert!(!is_accepted(&format!("a@{}com", "label.".repeat(50))));
        assert!(!is_accepted(&format!("a@{}", "é".repeat(100_000))));
    }

    #[test]
    fn misplaced_dot_is_refused_in_a_new_address_and_readable_in_an_old_one() {
        for old in ["a..b@example.com", ".ada@example.com", "ada.@example.com", ".@example.com"] {
            assert_eq!(old.parse::<NewEmail>().unwrap_err().fields[0].code, "email_invalid", "{old}");
            assert_eq!(old.parse::<Email>().unwrap().as_str(), old);
            let json = serde_json::json!(old);
            assert!(serde_json::from_value::<NewEmail>(json.clone()).is_err(), "{old}");
            let row: Email = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(serde_json::to_value(&row).unwrap(), json);
        }
    }

    #[test]
    fn new_address_is_serialized_like_a_stored_one() {
        let new: NewEmail = "ada@example.com".parse().unwrap();
        assert_eq!(serde_json::to_value(&new).unwrap(), serde_json::json!("ada@example.com"));
        assert!(!format!("{new:?}").contains("ada"));
    }

    #[test]
    fn addresses_that_look_alike_are_equal_or_invalid() {
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
