//! Decimal amounts such as `12.99` (ISO 4217 sets the digits after the point). They are converted by digits, never by floats.

use values::{Currency, Money};

/// The amount in minor units of a decimal number. `None` if the text is not a number, or has more digits after the point than the
/// currency.
pub fn minor_units(text: &str, currency: Currency) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, ""), |(whole, fraction)| (whole, fraction));
    let places = currency.exponent() as usize;
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || (digits.contains('.') && !is_number(fraction)) || fraction.len() > places {
        return None;
    }
    let padded = format!("{whole}{fraction:0<places$}");
    Some(sign * padded.parse::<i64>().ok()?)
}

/// The amount as a decimal number, with all digits of its currency.
pub fn decimal(money: Money) -> String {
    let text = money.to_string();
    text.split_once(' ').map_or(text.clone(), |(number, _)| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn price_is_read_to_the_digit() {
        let read = |text: &str, currency: &str| minor_units(text, currency.parse().unwrap());
        assert_eq!(read("12.99", "EUR"), Some(1299));
        assert_eq!((read("12", "EUR"), read("12.9", "EUR"), read("0.07", "EUR")), (Some(1200), Some(1290), Some(7)));
        assert_eq!((read("500", "JPY"), read("500.0", "JPY"), read("1.234", "KWD")), (Some(500), None, Some(1234)));
        assert_eq!(read("-0.05", "EUR"), Some(-5));
        for bad in
            ["", "-", ".", "12.", ".5", "12,99", "1 000", "12.999", "1e3", "+1", "--1", "٣", "99999999999999999999"]
        {
            assert_eq!(read(bad, "EUR"), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn written_amount_reads_back(amount in -1_000_000_000i64..1_000_000_000, currency in "EUR|JPY|KWD") {
            let money = Money::new(amount, currency.parse().unwrap());
            prop_assert_eq!(minor_units(&decimal(money), money.currency), Some(amount));
        }
    }
}
