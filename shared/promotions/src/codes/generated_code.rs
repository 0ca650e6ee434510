//! Generated codes: the prefix of their batch, a number, and a digest that proves that the shop has made them. A code gets a row when it is
//! used, so a batch of a million codes is one row. Pure.

use std::fmt;

use aws_kit::{DigestKey, matches_digest, sha256_hex};
use serde::{Deserialize, Serialize};
use values::{Error, PromotionId, Result, Timestamp};

use crate::codes::coupon_code::{CouponCode, is_code_byte};

/// The codes of a batch.
pub const MAX_GENERATED: u32 = 1_000_000;

/// Crockford's base32: without I, L, O and U, which are read as other characters.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 20 bits.
const NUMBER_DIGITS: usize = 4;
/// 40 bits. Wrong codes are rate limited.
const MAC_DIGITS: usize = 8;
/// Hexadecimal digits with as many bits.
const MAC_HEX_DIGITS: usize = 10;
const MAX_PREFIX_LENGTH: usize = 16;

const _: () =
    assert!(MAX_GENERATED <= 1_u32 << (5 * NUMBER_DIGITS), "each code of a batch must have a number of its own");
const _: () = assert!(
    MAX_PREFIX_LENGTH + NUMBER_DIGITS + MAC_DIGITS <= crate::codes::coupon_code::MAX_CODE_LENGTH,
    "a generated code must be a code"
);

const EXPECTED: &str = "must have 1 to 16 letters, digits or hyphens";

/// The beginning of the codes of a batch: 1 to 16 of `A-Z 0-9 -`. It is stored in upper case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CodePrefix(String);

impl CodePrefix {
    /// The prefix in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CodePrefix {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let prefix = text.trim().to_ascii_uppercase();
        let is_legal = (1..=MAX_PREFIX_LENGTH).contains(&prefix.len()) && prefix.bytes().all(is_code_byte);
        if is_legal { Ok(Self(prefix)) } else { Err(EXPECTED) }
    }
}

/// The secret of a batch. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BatchKey(pub(crate) String);

impl fmt::Debug for BatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BatchKey(…)")
    }
}

/// A batch of generated codes. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeBatch {
    pub promotion: PromotionId,
    pub prefix: CodePrefix,
    /// The number of codes.
    pub count: u32,
    /// How often each code can be used.
    pub max_uses: u32,
    pub(crate) key: BatchKey,
    pub created_at: Timestamp,
}

impl CodeBatch {
    /// The codes from a number on, at most `limit`. Numbers begin at 0.
    pub fn codes(&self, from: u32, limit: u32) -> Result<Vec<CouponCode>> {
        let key = DigestKey::new(&self.key.0);
        let until = self.count.min(from.saturating_add(limit));
        (from..until).map(|number| generate(&key, &self.prefix, number)).collect()
    }

    /// Is it a code of this batch?
    pub(crate) fn has(&self, code: &CouponCode) -> Result<bool> {
        let Some((prefix, number)) = split(code) else { return Ok(false) };
        if prefix != self.prefix || number >= self.count {
            return Ok(false);
        }
        let expected = generate(&DigestKey::new(&self.key.0), &self.prefix, number)?;
        Ok(matches_digest(Some(code.as_str()), Some(&sha256_hex(expected.as_str().as_bytes()))))
    }
}

/// The code with that number.
fn generate(key: &DigestKey, prefix: &CodePrefix, number: u32) -> Result<CouponCode> {
    let mac = key.short_digest(&[b"coupon", prefix.0.as_bytes(), &number.to_be_bytes()], MAC_HEX_DIGITS);
    let mac = u64::from_str_radix(&mac, 16).map_err(Error::internal)?;
    format!("{}{}{}", prefix.0, digits(number.into(), NUMBER_DIGITS), digits(mac, MAC_DIGITS)).parse()
}

/// The last digits of a number.
fn digits(number: u64, count: usize) -> String {
    let digit = |at: usize| char::from(DIGITS[((number >> (5 * at)) & 31) as usize]);
    (0..count).rev().map(digit).collect()
}

/// The prefix and the number that a code has if it is a generated one.
pub(crate) fn split(code: &CouponCode) -> Option<(CodePrefix, u32)> {
    let text = code.as_str();
    let prefix_length = text.len().checked_sub(NUMBER_DIGITS + MAC_DIGITS)?;
    let (prefix, rest) = text.split_at_checked(prefix_length)?;
    let mut number = 0;
    for byte in rest.bytes().take(NUMBER_DIGITS) {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        number = number * 32 + u32::try_from(digit).ok()?;
    }
    Some((CodePrefix::try_from(prefix.to_owned()).ok()?, number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use values::Clock;

    fn batch(prefix: &str, key: &str, count: u32) -> CodeBatch {
        CodeBatch {
            promotion: Clock::System.mint(),
            prefix: prefix.to_owned().try_into().unwrap(),
            count,
            max_uses: 1,
            key: BatchKey(key.to_owned()),
            created_at: Timestamp::from_millis(1_764_000_000_000),
        }
    }

    #[test]
    fn prefix_is_short_and_in_upper_case() {
        let read = |text: &str| CodePrefix::try_from(text.to_owned()).map(|prefix| prefix.0);
        assert_eq!(read("summer-").as_deref(), Ok("SUMMER-"));
        for bad in ["", "A B", "Ä", &"A".repeat(17)] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbers_are_written_with_digits_that_are_not_mistaken() {
        assert_eq!(digits(0, 4), "0000");
        assert_eq!(digits(u64::from(MAX_GENERATED) - 1, 4), "YGHZ");
        assert!(DIGITS.iter().all(|digit| !b"ILOU".contains(digit)));
    }

    #[test]
    fn key_is_not_shown() {
        assert!(!format!("{:?}", batch("A-", "a secret", 1)).contains("secret"));
    }

    #[test]
    fn pages_have_all_codes_once() {
        let batch = batch("SUMMER-", "a key", 25);
        let all = batch.codes(0, 100).unwrap();
        let pages = [batch.codes(0, 10).unwrap(), batch.codes(10, 10).unwrap(), batch.codes(20, 10).unwrap()].concat();
        let unique: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!((all.len(), unique.len(), &pages), (25, 25, &all));
        assert!(batch.codes(25, 10).unwrap().is_empty());
    }

    #[test]
    fn code_of_another_batch_is_refused() {
        let (mine, other) = (batch("SUMMER-", "a key", 10), batch("SUMMER-", "another key", 10));
        let code = mine.codes(3, 1).unwrap().remove(0);
        assert!(mine.has(&code).unwrap() && !other.has(&code).unwrap());
        let longer = batch("SUMMER-", "a key", 11);
        let last = longer.codes(10, 1).unwrap().remove(0);
        assert!(longer.has(&last).unwrap() && !mine.has(&last).unwrap(), "its number is not in the batch");
        assert!(!batch("WINTER-", "a key", 10).has(&code).unwrap());
        assert!(!mine.has(&"SUMMER".parse().unwrap()).unwrap());
    }

    proptest! {
        #[test]
        fn generated_code_is_known_and_a_changed_one_is_not(
            prefix in "[A-Z0-9-]{1,16}", number in 0..MAX_GENERATED, at in 0usize..12, digit in 0usize..32,
        ) {
            let batch = batch(&prefix, "a key", MAX_GENERATED);
            let code = batch.codes(number, 1).unwrap().remove(0);
            prop_assert!(batch.has(&code).unwrap());
            prop_assert_eq!(split(&code), Some((batch.prefix.clone(), number)));
            let mut forged = code.as_str().as_bytes().to_vec();
            forged[prefix.len() + at] = DIGITS[digit];
            let forged: CouponCode = String::from_utf8(forged).unwrap().parse().unwrap();
            prop_assert_eq!(batch.has(&forged).unwrap(), forged == code);
        }
    }
}
