//! Order numbers: short, unguessable, easy to read aloud. A number has ten digits of Crockford's base32 (no I, L, O,
//! U), which are 50 random bits. A row per number makes them unique.

use aws_lc_rs::rand;
use values::{Error, Result};

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 10;

/// A new random number, such as `7KQ4M-2XD9A`.
pub(crate) fn generate() -> Result<String> {
    let mut bytes = [0u8; LENGTH];
    rand::fill(&mut bytes).map_err(Error::internal)?;
    Ok(format_number(bytes.iter().map(|byte| char::from(DIGITS[usize::from(byte % 32)]))))
}

/// Parses a number as a person types it: in small letters, without the dash, with O for 0, and I or L for 1
/// (Crockford's rules). 422 `number_invalid`.
pub(crate) fn parse(text: &str) -> Result<String> {
    let digits = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    });
    let digits: Vec<char> = digits.take(LENGTH + 1).collect();
    let is_digit = |c: &char| u8::try_from(*c).is_ok_and(|byte| DIGITS.contains(&byte));
    match digits.len() == LENGTH && digits.iter().all(is_digit) {
        true => Ok(format_number(digits.into_iter())),
        false => Err(Error::invalid("number", "number_invalid", "is not an order number, such as 7KQ4M-2XD9A")),
    }
}

fn format_number(digits: impl Iterator<Item = char>) -> String {
    let mut number: String = digits.collect();
    number.insert(LENGTH / 2, '-');
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_has_ten_digits_of_the_alphabet() {
        let number = generate().unwrap();
        assert_eq!(number.len(), 11);
        assert!(number.chars().all(|c| c == '-' || (c.is_ascii_alphanumeric() && !"ILOUilou".contains(c))), "{number}");
    }

    #[test]
    fn number_is_parsed_in_every_spelling() {
        let number = generate().unwrap();
        assert_eq!(parse(&number).unwrap(), number);
        assert_eq!(parse(&number.to_lowercase().replace('-', "")).unwrap(), number);
        assert_eq!(parse("iLo00 2xd9a").unwrap(), "11000-2XD9A");
        for bad in ["", "7KQ4M", "7KQ4M-2XD9U", "7KQ4M-2XD9AA", "7KQ4M#2XD9A", "ord_01h455vb4pex5vsknk084sn02q"] {
            assert_eq!(parse(bad).unwrap_err().fields[0].code, "number_invalid", "{bad}");
        }
    }
}
