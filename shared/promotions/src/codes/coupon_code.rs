//! The code of a coupon, as its buyer enters it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use values::{Error, Result};

/// The codes that a cart or an order may have.
pub const MAX_COUPONS: usize = 5;
const MIN_LENGTH: usize = 3;
/// The length of the longest code.
pub(crate) const MAX_CODE_LENGTH: usize = 32;

const EXPECTED: &str = "must have 3 to 32 letters, digits or hyphens";

/// A code of 3 to 32 of `A-Z 0-9 -`. Letter case makes no difference: it is stored in upper case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CouponCode(String);

impl CouponCode {
    /// The code in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn read(text: &str) -> Option<Self> {
        let code = text.trim().to_ascii_uppercase();
        let is_legal = (MIN_LENGTH..=MAX_CODE_LENGTH).contains(&code.len()) && code.bytes().all(is_code_byte);
        is_legal.then_some(Self(code))
    }
}

/// Is it a character of codes?
pub(crate) fn is_code_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-'
}

impl FromStr for CouponCode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| Error::invalid("code", "code_invalid", EXPECTED))
    }
}

impl TryFrom<String> for CouponCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::read(&text).ok_or(EXPECTED)
    }
}

impl fmt::Display for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks the codes of a cart or an order. Fails with 422 `too_many_coupons` for more than [`MAX_COUPONS`], and with `coupon_doubled` for a
/// code that is there twice.
pub fn check_coupons(codes: &[CouponCode]) -> Result<()> {
    if codes.len() > MAX_COUPONS {
        let message = format!("must be at most {MAX_COUPONS} codes");
        return Err(Error::invalid("coupons", "too_many_coupons", message));
    }
    if codes.iter().collect::<BTreeSet<_>>().len() < codes.len() {
        return Err(Error::invalid("coupons", "coupon_doubled", "must have each code once"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn codes(codes: &[&str]) -> Vec<CouponCode> {
        codes.iter().map(|code| code.parse().unwrap()).collect()
    }

    fn refused(list: &[&str]) -> Option<&'static str> {
        check_coupons(&codes(list)).err().map(|error| error.fields[0].code)
    }

    #[test]
    fn code_is_in_upper_case_and_short() {
        assert_eq!(" welcome-10 ".parse::<CouponCode>().unwrap().as_str(), "WELCOME-10");
        for bad in ["", "AB", "A B", "CODE#1", "ÄÖÜ", "a_b_c", &"A".repeat(33)] {
            assert_eq!(bad.parse::<CouponCode>().unwrap_err().fields[0].code, "code_invalid", "{bad:?}");
        }
        assert!("A".repeat(32).parse::<CouponCode>().is_ok() && "123".parse::<CouponCode>().is_ok());
        let row: CouponCode = serde_json::from_value(json!("welcome10")).unwrap();
        assert_eq!(serde_json::to_value(row).unwrap(), json!("WELCOME10"));
        assert!(serde_json::from_value::<CouponCode>(json!("no")).is_err());
    }

    #[test]
    fn cart_has_five_different_codes() {
        assert_eq!(refused(&["AAA", "BBB", "CCC", "DDD", "EEE"]), None);
        assert_eq!(refused(&["AAA", "BBB", "CCC", "DDD", "EEE", "FFF"]), Some("too_many_coupons"));
        assert_eq!(refused(&["AAA", "BBB", "aaa"]), Some("coupon_doubled"));
    }
}
