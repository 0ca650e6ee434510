//! Phone numbers in the format of ITU-T E.164. Whether a number can exist in its country is checked by `users`, with a crate that
//! knows every numbering plan and is too large for every function.

use values::{Error, Result, Text};

/// The fewest digits of a number in any country, including the country code.
const MIN_DIGITS: usize = 7;
/// E.164, 6.1.
const MAX_DIGITS: usize = 15;

/// `+` and 7 to 15 digits that do not begin with 0, without the spaces, dots, dashes, slashes and brackets of the input. 422
/// `phone_invalid`, also for a 0 in brackets, which is dialled at home and not from abroad.
pub(crate) fn e164(input: &Text<32>) -> Result<Text<32>> {
    let invalid = || {
        let message = "must be in the international form: +, country code and number, such as +32 2 555 12 12";
        Error::invalid("phone", "phone_invalid", message)
    };
    let input = input.as_str();
    let digits = input.strip_prefix('+').filter(|_| !input.contains("(0)")).ok_or_else(invalid)?;
    let bare: String = digits.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')' | '/')).collect();
    let is_valid = (MIN_DIGITS..=MAX_DIGITS).contains(&bare.len())
        && bare.bytes().all(|b| b.is_ascii_digit())
        && !bare.starts_with('0');
    let number = is_valid.then(|| serde_json::from_value(format!("+{bare}").into()).ok()).flatten();
    number.ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(input: &str) -> Result<String, &'static str> {
        let input = serde_json::from_value(input.into()).unwrap();
        e164(&input).map(Text::into_string).map_err(|error| error.fields[0].code)
    }

    #[test]
    fn phone_is_stored_as_it_is_dialled_from_abroad() {
        for (input, number) in [
            ("+32 2 555 12 12", "+3225551212"),
            ("+1 (415) 555-2671", "+14155552671"),
            ("+49/30.901820", "+4930901820"),
            ("+2904444", "+2904444"),
        ] {
            assert_eq!(parse(input), Ok(number.to_owned()));
        }
    }

    #[test]
    fn number_that_cannot_be_dialled_from_abroad_is_refused() {
        for bad in [
            "02 555 12 12",
            "0032 2 555 12 12",
            "+32",
            "+32 2 CALL ME",
            "+0123456789",
            "+1234567890123456",
            "+44 (0)20 7946 0958",
            "+٣٢٢٥٥٥١٢١٢",
        ] {
            assert_eq!(parse(bad), Err("phone_invalid"), "{bad}");
        }
    }
}
