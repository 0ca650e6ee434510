//! Beginnings of postal codes.

/// The letters and digits of a postal code in capitals: countries write spaces and dashes into their codes in different ways.
pub(crate) fn bare_postal_code(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// Is this the beginning of a postal code, in the form that is compared? 1 to 10 characters of `A-Z 0-9`.
pub(crate) fn is_postal_prefix(text: &str) -> bool {
    (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_case_do_not_count() {
        assert_eq!(bare_postal_code("sw1y 4jh"), "SW1Y4JH");
        assert_eq!(bare_postal_code("94105-1234"), "941051234");
    }

    #[test]
    fn prefix_is_in_the_form_that_is_compared() {
        for good in ["3", "SW1Y4", "0123456789"] {
            assert!(is_postal_prefix(good) && bare_postal_code(good) == good, "{good}");
        }
        for bad in ["", "sw1", "SW1 4", "1-2", "#", "é", "01234567890"] {
            assert!(!is_postal_prefix(bad), "{bad:?}");
        }
    }
}
