//! Order numbers: short, unguessable, easy to read aloud. Ten digits of Crockford's base32 (no I, L, O, U): 50 random bits.
//! A row per number makes them unique.

use aws_lc_rs::rand;
use values::{Error, Result};

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A fresh number, such as `7KQ4M-2XD9A`.
pub(crate) fn fresh() -> Result<String> {
    let mut bytes = [0u8; 10];
    rand::fill(&mut bytes).map_err(Error::internal)?;
    let mut number: String = bytes.iter().map(|byte| char::from(DIGITS[usize::from(byte % 32)])).collect();
    number.insert(5, '-');
    Ok(number)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_number_is_ten_digits_that_nobody_mishears() {
        let number = super::fresh().unwrap();
        assert_eq!(number.len(), 11);
        assert!(number.chars().all(|c| c == '-' || (c.is_ascii_alphanumeric() && !"ILOUilou".contains(c))), "{number}");
    }
}
