//! What stands for a customer in the rows that count uses.

use aws_kit::{DigestKey, sha256_hex};
use serde::{Deserialize, Serialize};
use values::Email;

/// Hexadecimal digits of a key: 128 bits.
const LENGTH: usize = 32;

/// A keyed digest of a customer's email address. An account and a guest with the same email address are the same customer, so no guest's
/// order escapes a limit. Nobody without the key can test an email address against it.
///
/// `ada+1@example.com` is another customer than `ada@example.com`: only the mail server of the domain knows whether both have one mailbox,
/// and what is erased with an account is found by the digest of its whole email address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CustomerKey(String);

impl CustomerKey {
    /// The customer with that email address.
    pub fn of(key: &DigestKey, email: &Email) -> Self {
        Self::of_digest(key, &sha256_hex(email.as_str().as_bytes()))
    }

    /// The same, from the SHA-256 of the email address in hexadecimal. A closed account has it when its email address is erased.
    pub fn of_digest(key: &DigestKey, email_digest: &str) -> Self {
        Self(key.short_digest(&[b"promotions", b"customer", email_digest.as_bytes()], LENGTH))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customer_is_known_by_the_email_address_and_the_key() {
        let key = DigestKey::new("a key of the test");
        let of = |key: &DigestKey, email: &str| CustomerKey::of(key, &email.parse().unwrap());
        let ada = of(&key, "ada@example.com");
        assert_eq!(ada, of(&key, " Ada@Example.COM "));
        assert_eq!(ada, CustomerKey::of_digest(&key, &sha256_hex(b"ada@example.com")));
        assert!(ada != of(&key, "bob@example.com") && ada != of(&DigestKey::new("another key"), "ada@example.com"));
        assert!(ada != of(&key, "ada+1@example.com"), "only its mail server knows whether that is Ada");
        assert_eq!(ada, of(&key, "ADA@example.com"));
        assert_eq!(ada.as_str().len(), LENGTH);
        assert!(!ada.as_str().contains("ada"));
    }
}
