//! Order numbers: short, unguessable, easy to read aloud. Ten digits of Crockford's base32 (no I, L, O, U): 50 random bits.
//! A row per number makes them unique.

use aws_lc_rs::rand;
use values::{Error, Result};

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 10;

/// A fresh number, such as `7KQ4M-2XD9A`.
pub(crate) fn fresh() -> Result<String> {
    let mut bytes = [0u8; LENGTH];
    rand::fill(&mut bytes).map_err(Error::internal)?;
    Ok(written(bytes.iter().map(|byte| char::from(DIGITS[usize::from(byte % 32)]))))
}

/// A number as somebody typed it who was told it on the telephone: in small letters, without the dash, with O for 0, and I or L
/// for 1 (Crockford's rules). 422 for what is none.
pub(crate) fn typed(text: &str) -> Result<String> {
    let digits = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    });
    let digits: Vec<char> = digits.take(LENGTH + 1).collect();
    let is_digit = |c: &char| u8::try_from(*c).is_ok_and(|byte| DIGITS.contains(&byte));
    match digits.len() == LENGTH && digits.iter().all(is_digit) {
        true => Ok(written(digits.into_iter())),
        false => Err(Error::invalid("number", "number_invalid", "is no order number; one reads 7KQ4M-2XD9A")),
    }
}

fn written(digits: impl Iterator<Item = char>) -> String {
    let mut number: String = digits.collect();
    number.insert(LENGTH / 2, '-');
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_ten_digits_that_nobody_mishears() {
        let number = fresh().unwrap();
        assert_eq!(number.len(), 11);
        assert!(number.chars().all(|c| c == '-' || (c.is_ascii_alphanumeric() && !"ILOUilou".contains(c))), "{number}");
    }

    #[test]
    fn a_number_is_found_however_it_is_typed() {
        let number = fresh().unwrap();
        assert_eq!(typed(&number).unwrap(), number);
        assert_eq!(typed(&number.to_lowercase().replace('-', "")).unwrap(), number);
        assert_eq!(typed("iLo00 2xd9a").unwrap(), "11000-2XD9A");
        for bad in ["", "7KQ4M", "7KQ4M-2XD9U", "7KQ4M-2XD9AA", "7KQ4M#2XD9A", "ord_01h455vb4pex5vsknk084sn02q"] {
            assert_eq!(typed(bad).unwrap_err().fields[0].code, "number_invalid", "{bad}");
        }
    }
}
