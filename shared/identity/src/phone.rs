//! Phone numbers as ITU-T E.164 writes them. Whether a number can exist in its country is another question: `users` asks it of
//! a crate that knows every numbering plan, which would not fit into every function.

use values::{Error, Result, Text};

/// The fewest digits that are a number somewhere, country code included.
const FEWEST: usize = 7;
/// E.164, 6.1.
const MOST: usize = 15;

/// `+` and 7 to 15 digits, the first of them no 0, without the spaces, dots, dashes and brackets that people write between
/// them. 422 `phone_invalid`. A 0 in brackets is refused: it is dialled at home and not from abroad.
pub(crate) fn e164(typed: &Text<32>) -> Result<Text<32>> {
    let refused = || {
        let message = "use the international form: +, the country code and the number, such as +32 2 555 12 12";
        Error::invalid("phone", "phone_invalid", message)
    };
    let typed = typed.as_str();
    let digits = typed.strip_prefix('+').filter(|_| !typed.contains("(0)")).ok_or_else(refused)?;
    let bare: String = digits.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')' | '/')).collect();
    let right =
        (FEWEST..=MOST).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_digit()) && !bare.starts_with('0');
    let number = right.then(|| serde_json::from_value(format!("+{bare}").into()).ok()).flatten();
    number.ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Result<String, &'static str> {
        let typed = serde_json::from_value(typed.into()).unwrap();
        e164(&typed).map(Text::into_string).map_err(|error| error.fields[0].code)
    }

    #[test]
    fn a_phone_is_kept_as_it_is_dialled_from_anywhere() {
        for (typed, number) in [
            ("+32 2 555 12 12", "+3225551212"),
            ("+1 (415) 555-2671", "+14155552671"),
            ("+49/30.901820", "+4930901820"),
            ("+2904444", "+2904444"),
        ] {
            assert_eq!(read(typed), Ok(number.to_owned()));
        }
    }

    #[test]
    fn what_nobody_abroad_can_dial_is_refused() {
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
            assert_eq!(read(bad), Err("phone_invalid"), "{bad}");
        }
    }
}
