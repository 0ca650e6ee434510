//! Check digits, as the rules of VAT ids use them.

/// The digits of a text; none if it has another character.
pub(crate) fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|character| character.to_digit(10)).collect()
}

/// The number that these digits write. For at most 19 digits.
pub(crate) fn value(digits: &[u32]) -> u64 {
    digits.iter().fold(0, |value, digit| value * 10 + u64::from(*digit))
}

/// The sum of the digits, each times its weight. Digits behind the last weight do not count.
pub(crate) fn weighted_sum(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// The digit sum of twice a digit.
pub(crate) fn digit_sum_of_double(digit: u32) -> u32 {
    digit * 2 / 10 + digit * 2 % 10
}

/// The sum of the digits, where those at the places 1, 3, 5, … are doubled (`first` is 0), or those at 2, 4, 6, … (`first` is 1).
pub(crate) fn alternating_sum(digits: &[u32], first: usize) -> u32 {
    let places = digits.iter().enumerate();
    places.map(|(place, digit)| if place % 2 == first { digit_sum_of_double(*digit) } else { *digit }).sum()
}

/// Luhn (ISO/IEC 7812-1, annex B): does the last digit fit the others?
pub(crate) fn is_luhn(digits: &[u32]) -> bool {
    // The last digit is not doubled, the one before it is.
    alternating_sum(digits, digits.len() % 2) % 10 == 0
}

/// ISO/IEC 7064, MOD 11,10: does the last digit fit the others?
pub(crate) fn is_mod_11_10(digits: &[u32]) -> bool {
    let Some((check, others)) = digits.split_last() else { return false };
    let product = others.iter().fold(10, |product, digit| {
        let sum = match (product + digit) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    (product + check) % 10 == 1
}

/// ISO/IEC 7064, MOD 97-10, with the letters as 10 to 35: do the last two digits fit what is before them?
pub(crate) fn is_mod_97_10(text: &str) -> bool {
    let remainder = text.chars().try_fold(0, |remainder, character| {
        let value = character.to_digit(36)?;
        let shifted = if value < 10 { remainder * 10 } else { remainder * 100 };
        Some((shifted + value) % 97)
    });
    remainder == Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_are_digits() {
        assert_eq!(digits("0429"), Some(vec![0, 4, 2, 9]));
        assert_eq!((digits("4a"), digits("٤"), digits("+4")), (None, None, None));
    }

    #[test]
    fn published_examples_have_their_check_digits() {
        // The example of ISO/IEC 7812-1, annex B.
        assert!(is_luhn(&digits("79927398713").unwrap()) && !is_luhn(&digits("79927398710").unwrap()));
        // The examples of ISO/IEC 7064 for MOD 11,10 and MOD 97-10.
        assert!(is_mod_11_10(&digits("07945").unwrap()) && !is_mod_11_10(&digits("07946").unwrap()));
        assert!(is_mod_97_10("79444") && !is_mod_97_10("79445") && !is_mod_97_10("7944-"));
    }
}
