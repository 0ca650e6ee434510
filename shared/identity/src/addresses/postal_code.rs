//! Postal codes by the formats of their country.
//!
//! A code is stored in capitals, with the space or dash in its place and without a prefix for the country: `CH-8001` is `8001`. Codes of
//! countries without a pattern are accepted as they are: a shop must not refuse an address that it cannot check.

use values::{Error, Result, Text};

use crate::addresses::country::{Country, CountryRules};
use crate::addresses::postal_pattern::fill;

/// Examples in an error.
const EXAMPLES: usize = 2;

/// The code in the format of its country. 422 `required` where the country needs one, and `postal_code_invalid` for a code that does not
/// match the country's pattern.
pub(crate) fn postal_code(country: Country, input: Option<&Text<16>>) -> Result<Option<Text<16>>> {
    let rules = country.rules();
    match input {
        Some(input) if rules.postal_pattern.is_empty() => Ok(Some(input.clone())),
        Some(input) => match formatted(&rules, input.as_str()).as_deref().and_then(|code| Text::new(code).ok()) {
            Some(code) => Ok(Some(code)),
            None => Err(invalid(&rules)),
        },
        None if rules.requires('Z') => {
            let message = format!("an address in {} needs a postal code, such as {}", rules.name, examples(&rules));
            Err(Error::invalid("postalCode", "required", message))
        }
        None => Ok(None),
    }
}

fn invalid(rules: &CountryRules) -> Error {
    let optional = if rules.requires('Z') { "" } else { "; it may be left out" };
    let message = format!("a postal code of {} looks like {}{optional}", rules.name, examples(rules));
    Error::invalid("postalCode", "postal_code_invalid", message)
}

fn examples(rules: &CountryRules) -> String {
    rules.postal_examples.split(',').take(EXAMPLES).collect::<Vec<_>>().join(" or ")
}

/// The code in the country's format: as it is, without the country's prefix, or with the letters that every code of the country begins
/// with, such as `LV`.
fn formatted(rules: &CountryRules, input: &str) -> Option<String> {
    let bare = bare(input)?;
    let prefixes = rules.postal_prefixes.split(',').filter(|prefix| !prefix.is_empty());
    let candidates: Vec<&str> =
        std::iter::once(bare.as_str()).chain(prefixes.filter_map(|prefix| bare.strip_prefix(prefix))).collect();
    let as_it_is = candidates.iter().find_map(|code| fill(rules.postal_pattern, code));
    as_it_is.or_else(|| {
        let letters = first_letters(rules.postal_pattern)?;
        candidates.iter().find_map(|code| fill(rules.postal_pattern, &format!("{letters}{code}")))
    })
}

/// The letters with which every code of the pattern begins.
fn first_letters(pattern: &str) -> Option<&str> {
    let end = pattern.find(|c: char| !c.is_ascii_uppercase())?;
    let letters = &pattern[..end];
    (!letters.is_empty() && !pattern.contains('|')).then_some(letters)
}

/// The code in ASCII capitals, without spaces, dashes, dots and Japan's postal mark. None if it has other characters than ASCII. Digits may be
/// full-width, as in Japan, or Arabic.
fn bare(input: &str) -> Option<String> {
    let is_separator = |c: &char| {
        c.is_whitespace()
            || matches!(c, '-' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' | '\u{ff0d}' | '〒')
    };
    input
        .chars()
        .filter(|c| !is_separator(c))
        .map(ascii)
        .collect::<Option<String>>()
        .map(|code| code.to_ascii_uppercase())
}

fn ascii(character: char) -> Option<char> {
    let offset = match character {
        '\u{ff01}'..='\u{ff5e}' => 0xff01 - 0x21,
        '\u{660}'..='\u{669}' => 0x660 - 0x30,
        '\u{6f0}'..='\u{6f9}' => 0x6f0 - 0x30,
        _ => 0,
    };
    char::from_u32(u32::from(character) - offset).filter(char::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(country: &str, code: &str) -> Result<String, &'static str> {
        let input = Text::new(code).unwrap();
        let parsed = postal_code(country.parse().unwrap(), Some(&input));
        parsed.map(|code| code.unwrap().into_string()).map_err(|error| error.fields[0].code)
    }

    fn message(country: &str, code: Option<&str>) -> String {
        let input = code.and_then(|code| Text::new(code).ok());
        postal_code(country.parse().unwrap(), input.as_ref()).unwrap_err().fields.remove(0).message
    }

    #[test]
    fn every_example_of_the_table_is_in_its_format() {
        for country in Country::all() {
            for example in country.rules().postal_examples.split(',').filter(|example| !example.is_empty()) {
                let stored = parse(country.code(), example);
                assert_eq!(
                    stored.as_deref().map(|code| code.replace([' ', '-'], "")),
                    Ok(example.replace([' ', '-'], "")),
                    "{country:?}"
                );
                assert_eq!(parse(country.code(), &example.to_lowercase()), stored, "{country:?} {example}");
                let bare = example.replace([' ', '-'], "");
                assert_eq!(parse(country.code(), &bare), stored, "{country:?} {example} without separators");
                let prefixed = format!("{}-{bare}", country.code());
                assert_eq!(parse(country.code(), &prefixed), stored, "{prefixed}");
            }
        }
    }

    #[test]
    fn code_gets_the_format_of_its_country() {
        for (country, input, formatted) in [
            ("GB", "sw1y4jh", "SW1Y 4JH"),
            ("GB", "M1 1AE", "M1 1AE"),
            ("GB", "GIR 0AA", "GIR 0AA"),
            ("US", "94105", "94105"),
            ("US", "941051234", "94105-1234"),
            ("US", "94105 1234", "94105-1234"),
            ("CA", "k1a-0b1", "K1A 0B1"),
            ("NL", "1012ab", "1012 AB"),
            ("SE", "11455", "114 55"),
            ("PL", "00950", "00-950"),
            ("PT", "1100148", "1100-148"),
            ("IE", "d02af30", "D02 AF30"),
            ("JP", "1000001", "100-0001"),
            ("JP", "〒１５４－００２３", "154-0023"),
            ("JP", "154ー0023", "154-0023"),
            ("EG", "١٢٤١١", "12411"),
            ("BR", "01310100", "01310-100"),
            ("BR", "01.310-100", "01310-100"),
            ("IE", "a65f4e2", "A65 F4E2"),
            ("IE", "d6w xy00", "D6W XY00"),
            ("SA", "12345 6789", "12345-6789"),
            ("SA", "11564", "11564"),
            ("IN", "110 001", "110001"),
            ("DE", "01067", "01067"),
            ("FR", "75 008", "75008"),
            ("IT", "00118", "00118"),
            ("XK", "10000", "10000"),
            ("LV", "1010", "LV-1010"),
            ("AD", "500", "AD500"),
            ("SV", "1101", "CP 1101"),
            ("OM", "PC 112", "112"),
        ] {
            assert_eq!(parse(country, input), Ok(formatted.to_owned()), "{country} {input}");
        }
    }

    #[test]
    fn prefix_of_the_country_is_not_stored() {
        for (country, input, stored) in [
            ("DE", "D-10115", "10115"),
            ("DE", "DE-10115", "10115"),
            ("DE", "d 10115", "10115"),
            ("CH", "CH-8001", "8001"),
            ("LU", "L-1234", "1234"),
            ("HR", "HR-10000", "10000"),
            ("AT", "A-1010", "1010"),
            ("FI", "FIN-00100", "00100"),
            ("SI", "SLO-1000", "1000"),
            ("LI", "FL-9490", "9490"),
            ("SE", "S-114 55", "114 55"),
            ("LT", "LT–01100", "01100"),
            ("LV", "LV1010", "LV-1010"),
            ("NL", "NL-1012 AB", "1012 AB"),
            ("AX", "AX-22100", "22100"),
            ("XK", "XK-10000", "10000"),
        ] {
            assert_eq!(parse(country, input), Ok(stored.to_owned()), "{country} {input}");
        }
        for (country, input) in [("DE", "A-10115"), ("CH", "F-8001"), ("LU", "D-1234"), ("DE", "D"), ("DE", "DD10115")]
        {
            assert_eq!(parse(country, input), Err("postal_code_invalid"), "{country} {input}");
        }
    }

    #[test]
    fn code_of_another_country_is_refused() {
        for (country, code) in [
            ("DE", "1067"),
            ("CH", "80012"),
            ("CA", "D1A 0B1"),
            ("GB", "12345"),
            ("GB", "0AA"),
            ("US", "9410"),
            ("US", "94105-12"),
            ("NL", "0012 AB"),
            ("IE", "AB2 AF3"),
            ("IE", "Dublin 4"),
            ("JP", "10000011"),
            ("FR", "7500Ж"),
        ] {
            assert_eq!(parse(country, code), Err("postal_code_invalid"), "{country} {code}");
        }
    }

    #[test]
    fn country_without_postal_codes_needs_none_and_accepts_every_code() {
        for country in ["HK", "AE", "QA", "BO", "UG", "AO", "ZW", "BS", "JM", "FJ", "PA", "VU"] {
            assert!(postal_code(country.parse().unwrap(), None).unwrap().is_none(), "{country}");
            assert_eq!(parse(country, "no code"), Ok("no code".to_owned()));
        }
        for optional in ["IE", "XK", "MA", "CL"] {
            assert!(postal_code(optional.parse().unwrap(), None).unwrap().is_none(), "{optional}");
        }
    }

    #[test]
    fn error_names_the_country_and_an_example() {
        assert_eq!(message("DE", None), "an address in Germany needs a postal code, such as 26133 or 53225");
        assert_eq!(message("US", Some("9410")), "a postal code of the United States looks like 95014 or 22162-1010");
        assert_eq!(message("IE", Some("1")), "a postal code of Ireland looks like A65 F4E2; it may be left out");
    }

    proptest! {
        #[test]
        fn formatted_code_stays_the_same(country in prop::sample::select(Country::all().collect::<Vec<_>>()), code in "[A-Z0-9 -]{1,10}") {
            if let Ok(input) = Text::<16>::new(&code) && let Ok(formatted) = parse(country.code(), input.as_str()) {
                prop_assert_eq!(parse(country.code(), &formatted), Ok(formatted.clone()));
            }
        }
    }
}
