//! A method of payment, such as a card, by the name that the provider gave it. Pure.

use serde::{Deserialize, Serialize};
use values::{Error, Result};

/// Characters of a token of the provider.
const MAX_TOKEN_LENGTH: usize = 255;

/// A method of payment: the provider's token, never a card number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PaymentMethod {
    /// The payment provider. The default is `stripe`.
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["stripe", null])))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The provider's token for the payment method. Never a card number.
    #[cfg_attr(
        feature = "openapi",
        schemars(length(min = 1, max = MAX_TOKEN_LENGTH), regex(pattern = "^[A-Za-z0-9_.-]*$"), extend("example" = "pm_card_visa"))
    )]
    pub token: String,
}

impl PaymentMethod {
    /// Checks the method; 422 `provider_unknown`, `card_number_refused` for what looks like a card number, or
    /// `token_invalid`.
    pub fn check(self) -> Result<Self> {
        if self.provider.as_deref().is_some_and(|provider| provider != "stripe") {
            return Err(Error::invalid("paymentMethod.provider", "provider_unknown", "this shop accepts stripe only"));
        }
        if has_card_number(&self.token) {
            let message =
                "is a card number, which must never be sent here: send the token that the provider made for it";
            return Err(Error::invalid("paymentMethod.token", "card_number_refused", message));
        }
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !(1..=MAX_TOKEN_LENGTH).contains(&self.token.len()) || !self.token.chars().all(is_allowed) {
            return Err(Error::invalid(
                "paymentMethod.token",
                "token_invalid",
                "must be a token of the provider, such as pm_card_visa",
            ));
        }
        Ok(self)
    }
}

/// Is it a card number, or does it end with one after a prefix? Card numbers have 12 to 19 digits and a check digit
/// (ISO/IEC 7812-1, annex B). The check digit tells a number with a prefix from a token that happens to hold many
/// digits.
fn has_card_number(token: &str) -> bool {
    let digits_of = |part: &str| part.chars().filter(|c| !matches!(c, ' ' | '-')).collect::<String>();
    let is_long = |digits: &str| (12..=19).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_long(&digits_of(token))
        || token.split(['_', '.']).map(digits_of).any(|part| is_long(&part) && has_check_digit(&part))
}

/// The Luhn formula: every second digit from the right counts double, and the sum of all digits is a multiple of ten.
fn has_check_digit(digits: &str) -> bool {
    let value = |(place, byte): (usize, u8)| {
        let digit = u32::from(byte - b'0') * if place % 2 == 1 { 2 } else { 1 };
        digit / 10 + digit % 10
    };
    digits.bytes().rev().enumerate().map(value).sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(token: &str) -> PaymentMethod {
        PaymentMethod { provider: None, token: token.into() }
    }

    #[test]
    fn card_number_is_refused_and_token_is_accepted() {
        assert_eq!(method("4242 4242 4242 4242").check().unwrap_err().fields[0].code, "card_number_refused");
        assert_eq!(method("pm_card_4242424242424242").check().unwrap_err().fields[0].code, "card_number_refused");
        // A token may hold many digits.
        assert!(method("pm_test_ok_-648123456789-3").check().is_ok());
        assert!(method("pm_1234567890123").check().is_ok());
        assert!(method("pm_42424242424242424242").check().is_ok(), "a card number has 19 digits at most");
        assert_eq!(method("").check().unwrap_err().fields[0].code, "token_invalid");
        assert!(method("pm_card_visa").check().is_ok());
    }
}
