//! Decimal amounts such as `12.99` (ISO 4217 sets the digits after the point). They are converted by digits, never by floats.

use values::{Currency, Money};

use crate::delimiter::Delimiter;

/// Characters between the thousands of a number, somewhere in the world.
const THOUSANDS: [char; 7] = ['.', ',', '\'', '’', ' ', '\u{a0}', '\u{202f}'];

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountError {
    /// It is not a number, or it has more digits after the separator than the currency.
    Malformed,
    /// A separator in it could stand between thousands, as in `1.234`, `1,234.50` and `1.234,50`.
    Thousands,
}

/// The amount in minor units of a cell. In a file with commas, the decimal separator is the point. Excel writes semicolons where the
/// comma is the decimal separator, and tabs everywhere. So with them both are accepted, but a point with semicolons, and both with tabs,
/// only where they cannot stand between thousands.
pub fn read_amount(text: &str, currency: Currency, delimiter: Delimiter) -> Result<i64, AmountError> {
    let has_thousands = could_have_thousands(text);
    let (is_point, is_comma) = match delimiter {
        Delimiter::Comma => (true, false),
        Delimiter::Semicolon => (!has_thousands, true),
        Delimiter::Tab => (!has_thousands, !has_thousands),
    };
    let amount = match (text.contains('.'), text.contains(',')) {
        (false, false) => minor_units(text, currency),
        (true, false) if is_point => minor_units(text, currency),
        (false, true) if is_comma => minor_units(&text.replace(',', "."), currency),
        _ => None,
    };
    amount.ok_or(if has_thousands { AmountError::Thousands } else { AmountError::Malformed })
}

/// Could a separator stand between thousands? Groups of three digits follow one to three digits; after two groups, another separator
/// may begin the decimals. A number that begins with 0 has no thousands.
fn could_have_thousands(text: &str) -> bool {
    let groups: Vec<&str> = text.strip_prefix('-').unwrap_or(text).split(THOUSANDS).collect();
    let is_number = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    match groups.as_slice() {
        [first, rest @ .., last] if groups.iter().all(is_number) => {
            first.len() <= 3
                && !first.starts_with('0')
                && rest.iter().all(|group| group.len() == 3)
                && (!rest.is_empty() || last.len() == 3)
        }
        _ => false,
    }
}

/// The amount in minor units of a decimal number. `None` if the text is not a number, or has more digits after the point than the
/// currency.
fn minor_units(text: &str, currency: Currency) -> Option<i64> {
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
    use crate::Dialect;
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

    #[test]
    fn decimal_comma_is_read_with_semicolons_and_tabs_only() {
        let read = |text: &str, delimiter| read_amount(text, "EUR".parse().unwrap(), delimiter);
        let [comma, semicolon, tab] = Delimiter::ALL;
        for delimiter in [semicolon, tab] {
            for (text, amount) in
                [("12,99", 1299), ("12,9", 1290), ("12.99", 1299), ("0,5", 50), ("7", 700), ("-0,05", -5)]
            {
                assert_eq!(read(text, delimiter), Ok(amount), "{text} {delimiter:?}");
            }
        }
        assert_eq!((read("12.99", comma), read("12,99", comma)), (Ok(1299), Err(AmountError::Malformed)));
        for delimiter in Delimiter::ALL {
            for ambiguous in ["1.234", "1,234", "1.234,50", "1,234.50", "1 234,50", "1'234.50", "12.345.678", "-1.234"]
            {
                assert_eq!(read(ambiguous, delimiter), Err(AmountError::Thousands), "{ambiguous} {delimiter:?}");
            }
            for bad in ["", "-", "12,", ",5", "1,2,3", "1.2,3", "12,999x", "1e3", "12,99 €", "1234,567"] {
                assert_eq!(read(bad, delimiter), Err(AmountError::Malformed), "{bad} {delimiter:?}");
            }
        }
    }

    #[test]
    fn three_decimals_are_read_where_they_cannot_be_thousands() {
        let read = |text: &str, delimiter| read_amount(text, "KWD".parse().unwrap(), delimiter);
        let [comma, semicolon, tab] = Delimiter::ALL;
        assert_eq!((read("1.234", comma), read("1,234", semicolon)), (Ok(1234), Ok(1234)));
        for (text, delimiter) in [("1.234", semicolon), ("1.234", tab), ("1,234", tab), ("1,234", comma)] {
            assert_eq!(read(text, delimiter), Err(AmountError::Thousands), "{text} {delimiter:?}");
        }
        for text in ["0.500", "0,500", "1234.567", "1234,567"] {
            assert!(read(text, semicolon).is_ok() && read(text, tab).is_ok(), "{text}");
        }
        let yen = |text: &str| read_amount(text, "JPY".parse().unwrap(), semicolon);
        assert_eq!(
            (yen("1234"), yen("1,234"), yen("1,5")),
            (Ok(1234), Err(AmountError::Thousands), Err(AmountError::Malformed))
        );
    }

    proptest! {
        #[test]
        fn amount_for_excel_reads_back(amount in 0i64..1_000_000_000, currency in "EUR|JPY|KWD|CLF") {
            let money = Money::new(amount, currency.parse().unwrap());
            let cell = Dialect::Excel.amount(money);
            prop_assert_eq!(read_amount(&cell, money.currency, Delimiter::Semicolon), Ok(amount));
            // Excel drops the zeros at the end.
            let shortened = if cell.contains(',') { cell.trim_end_matches('0').trim_end_matches(',') } else { &cell };
            prop_assert_eq!(read_amount(shortened, money.currency, Delimiter::Semicolon), Ok(amount));
        }

        #[test]
        fn no_two_files_read_a_price_as_different_amounts(text in "[0-9]{1,4}([.,][0-9]{1,4}){0,2}", currency in "EUR|JPY|KWD|CLF") {
            let currency = currency.parse().unwrap();
            let amounts: Vec<i64> =
                Delimiter::ALL.into_iter().filter_map(|delimiter| read_amount(&text, currency, delimiter).ok()).collect();
            prop_assert!(amounts.windows(2).all(|pair| pair[0] == pair[1]), "{text}: {amounts:?}");
        }

        #[test]
        fn written_amount_reads_back(amount in -1_000_000_000i64..1_000_000_000, currency in "EUR|JPY|KWD") {
            let money = Money::new(amount, currency.parse().unwrap());
            prop_assert_eq!(minor_units(&decimal(money), money.currency), Some(amount));
        }
    }
}
