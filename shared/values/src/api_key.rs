//! API keys: `sk_`, 256 random bits and a checksum.
//! By the checksum a mistyped key is refused without a read, and a scanner can find leaked keys.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Kind, Result};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^43 is more than 2^256.
const SECRET: usize = 43;
/// 62^6 is more than 2^32.
const CHECKSUM: usize = 6;

/// An API key: `sk_`, 43 characters of base62 for 32 random bytes, and 6 characters for the CRC-32 (ISO-HDLC) of everything before
/// them. `Debug` hides it from logs. Store its digest, never the key.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    pub(crate) const PREFIX: &str = "sk_";
    pub(crate) const LENGTH: usize = Self::PREFIX.len() + SECRET + CHECKSUM;

    /// Encodes 32 random bytes.
    pub fn from_random(random: [u8; 32]) -> Self {
        let open = format!("{}{}", Self::PREFIX, base62::<SECRET>(random));
        Self(format!("{open}{}", checksum(&open)))
    }

    /// The key as text. Never log it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last 4 characters, by which the owner recognises the key. They belong to the checksum, so they reveal little of the secret.
    pub fn last4(&self) -> &str {
        self.0.get(self.0.len() - 4..).unwrap_or_default()
    }
}

impl FromStr for ApiKey {
    type Err = Error;

    /// Fails with `invalid_api_key` if the text is mistyped or incomplete. Whether the key exists is not checked here.
    fn from_str(text: &str) -> Result<Self> {
        let is_complete = text.len() == Self::LENGTH
            && text.starts_with(Self::PREFIX)
            && text[Self::PREFIX.len()..].bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (open, sum) =
            text.split_at_checked(Self::PREFIX.len() + SECRET).filter(|_| is_complete).ok_or_else(Self::invalid)?;
        if checksum(open) == sum { Ok(Self(text.to_owned())) } else { Err(Self::invalid()) }
    }
}

impl ApiKey {
    /// The code of [`ApiKey::invalid`].
    pub const INVALID: &str = "invalid_api_key";

    /// The 401 for a key that this shop does not have.
    pub fn invalid() -> Error {
        let detail =
            "The API key is not valid: it is mistyped or was revoked. Send the complete key as `X-Api-Key: sk_…`.";
        Error::new(Kind::Unauthenticated, Self::INVALID, detail)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

fn checksum(open: &str) -> String {
    base62::<CHECKSUM>(crc32fast::hash(open.as_bytes()).to_be_bytes())
}

/// Writes a big-endian number with `DIGITS` digits of base62, with leading zeros. The last digit is the first remainder.
fn base62<const DIGITS: usize>(mut number: impl AsMut<[u8]>) -> String {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0;
        for byte in number.as_mut() {
            let part = (rest << 8) | u16::from(*byte);
            *byte = (part / 62) as u8;
            rest = part % 62;
        }
        *digit = ALPHABET[usize::from(rest)];
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn number_has_all_its_digits() {
        assert_eq!(base62::<CHECKSUM>(0u32.to_be_bytes()), "000000");
        assert_eq!(base62::<CHECKSUM>(61u32.to_be_bytes()), "00000z");
        assert_eq!(base62::<CHECKSUM>(62u32.to_be_bytes()), "000010");
        assert_eq!(base62::<CHECKSUM>(u32::MAX.to_be_bytes()), "4gfFC3");
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(checksum("123456789"), base62::<CHECKSUM>(0xcbf4_3926u32.to_be_bytes()));
    }

    #[test]
    fn format_of_a_key_has_not_changed() {
        // Computed by another implementation.
        assert_eq!(ApiKey::from_random([7; 32]).as_str(), "sk_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF105k8Ez");
    }

    #[test]
    fn malformed_key_is_refused() {
        let key = ApiKey::from_random([7; 32]);
        for bad in ["", "sk_", "Bearer x", &key.as_str()[1..], &format!("{}0", key.as_str()), &"ä".repeat(26)] {
            assert_eq!(bad.parse::<ApiKey>().unwrap_err().code, "invalid_api_key", "{bad:?} must be refused");
        }
    }

    proptest! {
        #[test]
        fn key_round_trips_and_one_wrong_character_is_detected(random: [u8; 32], at in 0..52usize, digit in 0..62usize) {
            let key = ApiKey::from_random(random);
            prop_assert_eq!(key.as_str().len(), 52);
            prop_assert!(key.as_str().parse::<ApiKey>().unwrap() == key);
            let shown = format!("{key:?}");
            prop_assert!(key.as_str().ends_with(key.last4()) && !shown.contains(key.last4()));
            let mut typed = key.as_str().as_bytes().to_vec();
            let was = std::mem::replace(&mut typed[at], ALPHABET[digit]);
            let typed = String::from_utf8(typed).unwrap();
            prop_assert_eq!(typed.parse::<ApiKey>().is_ok(), was == ALPHABET[digit]);
        }

        #[test]
        fn two_swapped_characters_are_detected(random: [u8; 32], at in 3..51usize) {
            let key = ApiKey::from_random(random);
            let mut typed = key.as_str().as_bytes().to_vec();
            typed.swap(at, at + 1);
            let typed = String::from_utf8(typed).unwrap();
            prop_assert_eq!(typed.parse::<ApiKey>().is_ok(), typed == key.as_str());
        }
    }
}
