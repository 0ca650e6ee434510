//! What is charged. Pure.

use serde::{Deserialize, Serialize};
use values::{Error, Result};

/// What to charge: a provider's token, never a card number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// `stripe`, which is also meant without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The provider's name for the method, such as `pm_card_visa`.
    pub token: String,
}

impl Method {
    /// Refuses other providers, tokens that cannot be tokens, and anything that looks like a card number.
    pub fn checked(self) -> Result<Self> {
        if self.provider.as_deref().is_some_and(|provider| provider != "stripe") {
            return Err(Error::invalid("paymentMethod.provider", "provider_unknown", "this shop takes stripe"));
        }
        if has_card_number(&self.token) {
            let message = "is a card number. Never send one here: send the token that the provider made of it";
            return Err(Error::invalid("paymentMethod.token", "card_number_refused", message));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !(1..=255).contains(&self.token.len()) || !self.token.chars().all(plain) {
            return Err(Error::invalid(
                "paymentMethod.token",
                "token_invalid",
                "use the provider's token, such as pm_…",
            ));
        }
        Ok(self)
    }
}

/// Is it a card number, or a name with one behind it? Card numbers have 12 to 19 digits and a check digit (ISO/IEC 7812-1,
/// annex B); by that, a token that happens to hold many digits is told from a number with a prefix.
fn has_card_number(token: &str) -> bool {
    let digits_of = |part: &str| part.chars().filter(|c| !matches!(c, ' ' | '-')).collect::<String>();
    let is_long = |digits: &str| digits.len() >= 12 && digits.bytes().all(|b| b.is_ascii_digit());
    is_long(&digits_of(token)) || token.split(['_', '.']).map(digits_of).any(|part| is_long(&part) && checks(&part))
}

/// The Luhn formula: every second digit from the right counts double, and the digits add up to tens.
fn checks(digits: &str) -> bool {
    let value = |(place, byte): (usize, u8)| {
        let digit = u32::from(byte - b'0') * if place % 2 == 1 { 2 } else { 1 };
        digit / 10 + digit % 10
    };
    digits.bytes().rev().enumerate().map(value).sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(token: &str) -> Method {
        Method { provider: None, token: token.into() }
    }

    #[test]
    fn a_card_number_is_refused_and_a_token_is_not() {
        assert_eq!(method("4242 4242 4242 4242").checked().unwrap_err().fields[0].code, "card_number_refused");
        assert_eq!(method("pm_card_4242424242424242").checked().unwrap_err().fields[0].code, "card_number_refused");
        // Many digits are not yet a card's number.
        assert!(method("pm_test_ok_-648123456789-3").checked().is_ok());
        assert!(method("pm_1234567890123").checked().is_ok());
        assert_eq!(method("").checked().unwrap_err().fields[0].code, "token_invalid");
        assert!(method("pm_card_visa").checked().is_ok());
    }
}
