//! The formats of postal codes, for the countries that most parcels go to.
//!
//! Sources: the Universal Postal Union's "Postal addressing systems" (one sheet per country), and the
//! national posts for details: USPS Publication 28 (ZIP+4), Royal Mail PAF Programmers' Guide (the six shapes and GIR 0AA), Canada Post
//! Addressing Guidelines (no D, F, I, O, Q, U), An Post Eircode (routing key and identifier). Postal codes of
//! countries that are not in the table are accepted as they are: a shop must not refuse an address that it cannot check.

use values::{Error, Result, Text};

use crate::addresses::country::Country;

/// The formats of each country. `9` is a digit, `1` a digit except 0, `A` a letter, `C` a letter that Canada uses, `*` a digit or a
/// letter. Every other character is itself, and may be missing in the input.
const FORMATS: &[(&str, &[&str])] = &[
    ("AT", &["1999"]),
    ("AU", &["9999"]),
    ("BE", &["1999"]),
    ("BR", &["99999-999"]),
    ("CA", &["C9C 9C9"]),
    ("CH", &["1999"]),
    ("CN", &["999999"]),
    ("CZ", &["199 99"]),
    ("DE", &["99999"]),
    ("DK", &["9999"]),
    ("ES", &["99999"]),
    ("FI", &["99999"]),
    ("FR", &["99999"]),
    ("GB", &["A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA", "A9A 9AA", "AA9A 9AA", "AAA 9AA"]),
    ("GR", &["999 99"]),
    ("HU", &["1999"]),
    ("IE", &["A9* ****"]),
    ("IN", &["199999"]),
    ("IT", &["99999"]),
    ("JP", &["999-9999"]),
    ("KR", &["99999"]),
    ("LU", &["1999"]),
    ("MX", &["99999"]),
    ("NL", &["1999 AA"]),
    ("NO", &["9999"]),
    ("NZ", &["9999"]),
    ("PL", &["99-999"]),
    ("PT", &["1999-999"]),
    ("RO", &["999999"]),
    ("SE", &["199 99"]),
    ("SG", &["999999"]),
    ("SK", &["999 99"]),
    ("TR", &["99999"]),
    ("US", &["99999", "99999-9999"]),
    ("ZA", &["9999"]),
];

/// The code in the format of its country: in capitals, with the space or dash in its place. 422 `postal_code_invalid` for a code
/// that has none of the country's formats. Codes of countries that are not in the table stay as they are.
pub(crate) fn postal_code(country: Country, input: &Text<16>) -> Result<Text<16>> {
    let Some((_, formats)) = FORMATS.iter().find(|(code, _)| *code == country.code()) else { return Ok(input.clone()) };
    let input = input.as_str().to_ascii_uppercase();
    let bare: String = input.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let formatted = formats.iter().find_map(|format| fill(format, &bare));
    let formatted = formatted.and_then(|code| serde_json::from_value(code.into()).ok());
    formatted.ok_or_else(|| {
        let examples = formats.iter().map(|format| example(format)).collect::<Vec<_>>().join(" or ");
        Error::invalid(
            "postalCode",
            "postal_code_invalid",
            format!("a postal code of {country} looks like {examples}", country = country.code()),
        )
    })
}

/// The characters in the places of a format, if all fit.
fn fill(format: &str, bare: &str) -> Option<String> {
    let mut left = bare.chars();
    let mut formatted = String::new();
    for place in format.chars() {
        formatted.push(match place {
            ' ' | '-' => place,
            '9' => left.next().filter(char::is_ascii_digit)?,
            '1' => left.next().filter(|c| matches!(c, '1'..='9'))?,
            'A' => left.next().filter(char::is_ascii_uppercase)?,
            'C' => left.next().filter(|c| c.is_ascii_uppercase() && !"DFIOQU".contains(*c))?,
            _ => left.next().filter(|c| c.is_ascii_digit() || c.is_ascii_uppercase())?,
        });
    }
    left.next().is_none().then_some(formatted)
}

/// An example of a format, for the error.
fn example(format: &str) -> String {
    let mut digits = "1234567890".chars().cycle();
    let example = format.chars().map(|place| match place {
        '9' | '1' | '*' => digits.next().unwrap_or('1'),
        'A' | 'C' => 'A',
        other => other,
    });
    example.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(country: &str, code: &str) -> Result<String, &'static str> {
        let input = serde_json::from_value(code.into()).unwrap();
        let parsed = postal_code(country.parse().unwrap(), &input);
        parsed.map(Text::into_string).map_err(|error| error.fields[0].code)
    }

    #[test]
    fn code_gets_the_format_of_its_country() {
        for (country, input, formatted) in [
            ("GB", "sw1y4jh", "SW1Y 4JH"),
            ("GB", "M1 1AE", "M1 1AE"),
            ("GB", "GIR 0AA", "GIR 0AA"),
            ("US", "94105", "94105"),
            ("US", "941051234", "94105-1234"),
            ("CA", "k1a-0b1", "K1A 0B1"),
            ("NL", "1012ab", "1012 AB"),
            ("SE", "11455", "114 55"),
            ("PL", "00950", "00-950"),
            ("PT", "1100148", "1100-148"),
            ("IE", "d02af30", "D02 AF30"),
            ("JP", "1000001", "100-0001"),
            ("BR", "01310100", "01310-100"),
            ("IN", "110 001", "110001"),
            ("DE", "01067", "01067"),
            ("FR", "75008", "75008"),
            ("IT", "00118", "00118"),
            ("ES", "28013", "28013"),
            ("BE", "1000", "1000"),
            ("AT", "1010", "1010"),
            ("CH", "8001", "8001"),
            ("DK", "0999", "0999"),
            ("NO", "0150", "0150"),
            ("AU", "2000", "2000"),
            ("CN", "100000", "100000"),
        ] {
            assert_eq!(parse(country, input), Ok(formatted.to_owned()), "{country} {input}");
        }
    }

    #[test]
    fn code_of_another_country_is_refused() {
        for (country, code) in [
            ("DE", "1067"),
            ("BE", "0999"),
            ("CH", "80012"),
            ("CA", "D1A 0B1"),
            ("GB", "12345"),
            ("US", "9410"),
            ("US", "94105-12"),
            ("NL", "0012 AB"),
            ("IE", "AB2 AF30"),
            ("IN", "010001"),
            ("JP", "10000011"),
            ("FR", "7500８"),
        ] {
            assert_eq!(parse(country, code), Err("postal_code_invalid"), "{country} {code}");
        }
    }

    #[test]
    fn country_without_a_format_accepts_every_code() {
        assert_eq!(parse("VU", "no code"), Ok("no code".to_owned()));
    }

    #[test]
    fn table_is_sorted_and_names_countries() {
        assert!(FORMATS.is_sorted_by(|one, next| one.0 < next.0));
        assert!(FORMATS.iter().all(|(code, _)| code.parse::<Country>().is_ok()));
    }

    proptest! {
        #[test]
        fn formatted_code_stays_the_same(row in 0..FORMATS.len(), code in "[A-Z0-9 -]{1,10}") {
            let country = FORMATS[row].0;
            if let Ok(input) = serde_json::from_value::<Text<16>>(code.into())
                && let Ok(formatted) = parse(country, input.as_str())
            {
                prop_assert_eq!(parse(country, &formatted), Ok(formatted.clone()));
            }
        }
    }
}
