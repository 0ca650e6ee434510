//! Patterns of postal codes: the subset of regular expressions that `data/countries.tsv` has. Pure.
//!
//! A pattern is matched with a code without spaces and dashes, and says where they belong. So `941051234` becomes `94105-1234`. The subset
//! is small enough that no function needs a crate for regular expressions.

/// What follows in the pattern: true if the rest of the code matches it.
type Next<'n> = &'n mut dyn FnMut(&[u8], &mut String) -> bool;

/// The code with the spaces and dashes of the pattern, if all of it matches. `bare` is in capitals and has none.
pub(crate) fn fill(pattern: &str, bare: &str) -> Option<String> {
    let mut filled = String::new();
    let is_match = any(pattern, bare.as_bytes(), &mut filled, &mut |rest, _| rest.is_empty());
    is_match.then_some(filled)
}

/// Matches one of the alternatives of a pattern.
fn any(pattern: &str, bare: &[u8], filled: &mut String, next: Next<'_>) -> bool {
    let mut depth = 0;
    let alternatives = pattern.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == '|' && depth == 0
    });
    let alternatives: Vec<&str> = alternatives.collect();
    alternatives.into_iter().any(|alternative| sequence(alternative, bare, filled, next))
}

/// Matches the parts of a pattern, one after the other.
fn sequence(pattern: &str, bare: &[u8], filled: &mut String, next: Next<'_>) -> bool {
    let Some((part, (min, max), rest)) = first_part(pattern) else { return next(bare, filled) };
    repeat(part, (min, max), bare, filled, &mut |bare, filled| sequence(rest, bare, filled, next))
}

fn repeat(part: &str, (min, max): (u8, u8), bare: &[u8], filled: &mut String, next: Next<'_>) -> bool {
    let before = filled.len();
    if max > 0 {
        let once_more = (min.saturating_sub(1), max - 1);
        if one(part, bare, filled, &mut |bare, filled| repeat(part, once_more, bare, filled, next)) {
            return true;
        }
        filled.truncate(before);
    }
    min == 0 && next(bare, filled)
}

fn one(part: &str, bare: &[u8], filled: &mut String, next: Next<'_>) -> bool {
    if let " " | "-" = part {
        filled.push_str(part);
        return next(bare, filled);
    }
    if let Some(group) = part.strip_prefix('(') {
        return any(group.strip_suffix(')').unwrap_or(group), bare, filled, next);
    }
    match bare.split_first() {
        Some((character, rest)) if contains(part, *character) => {
            filled.push(char::from(*character));
            next(rest, filled)
        }
        _ => false,
    }
}

/// The first part of a pattern, how often it may stand there, and the rest of the pattern.
fn first_part(pattern: &str) -> Option<(&str, (u8, u8), &str)> {
    let length = match pattern.as_bytes().first()? {
        b'(' => group_length(pattern),
        b'[' => pattern.find(']').map_or(pattern.len(), |end| end + 1),
        b'\\' => 2,
        _ => 1,
    };
    let (part, rest) = pattern.split_at_checked(length)?;
    if let Some(rest) = rest.strip_prefix('?') {
        return Some((part, (0, 1), rest));
    }
    match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        Some((times, rest)) => {
            let (min, max) = times.split_once(',').unwrap_or((times, times));
            Some((part, (min.parse().ok()?, max.parse().ok()?), rest))
        }
        None => Some((part, (1, 1), rest)),
    }
}

/// The length of the group with which a pattern begins, with its brackets.
fn group_length(pattern: &str) -> usize {
    let mut depth = 0;
    for (index, byte) in pattern.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    pattern.len()
}

/// Whether a part that stands for one character, such as `\d`, `[A-HJ]` or `X`, contains it.
fn contains(part: &str, character: u8) -> bool {
    let members = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')).unwrap_or(part);
    let (has_digits, members) = match members.strip_prefix("\\d") {
        Some(others) => (true, others),
        None => (false, members),
    };
    let mut members = members.bytes().peekable();
    while let Some(first) = members.next() {
        let last = match members.next_if_eq(&b'-') {
            Some(_) => members.next().unwrap_or(first),
            None => first,
        };
        if (first..=last).contains(&character) {
            return true;
        }
    }
    has_digits && character.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addresses::country::Country;
    use proptest::prelude::*;
    use proptest::string::string_regex;

    #[test]
    fn separators_are_put_in_their_places() {
        for (pattern, bare, filled) in [
            (r"\d{5}(-\d{4})?", "94105", "94105"),
            (r"\d{5}(-\d{4})?", "941051234", "94105-1234"),
            (r"GIR 0AA|(SW|W)\d[\dA-Z]? \d[ABD-HJLN-UW-Z]{2}", "SW1Y4JH", "SW1Y 4JH"),
            (r"GIR 0AA|(SW|W)\d[\dA-Z]? \d[ABD-HJLN-UW-Z]{2}", "GIR0AA", "GIR 0AA"),
            (r"(LIMA \d{1,2}|CALLAO 0?\d)|[0-2]\d{4}", "CALLAO2", "CALLAO 2"),
            (r"\d{3}(\d{2}|[A-Z]{2}\d{3})", "123AB456", "123AB456"),
        ] {
            assert_eq!(fill(pattern, bare).as_deref(), Some(filled), "{pattern}");
        }
        for (pattern, bare) in [
            (r"\d{5}(-\d{4})?", "9410512"),
            (r"\d{5}", ""),
            (r"\d{5}", "123456"),
            (r"(A|B)\d", "AB1"),
            (r"[A-HJ-NP-Z]\d", "I1"),
            (r"[\dA-Z]\d", "_1"),
        ] {
            assert_eq!(fill(pattern, bare), None, "{pattern} {bare}");
        }
    }

    /// Codes that match the pattern of some country, by another implementation of regular expressions.
    fn country_and_code() -> impl Strategy<Value = (Country, String)> {
        let countries: Vec<Country> =
            Country::all().filter(|country| !country.rules().postal_pattern.is_empty()).collect();
        prop::sample::select(countries).prop_flat_map(|country| {
            // The crate of the tests takes \d for the digits of every script.
            let pattern = country.rules().postal_pattern.replace(r"[\d", "[0-9").replace(r"\d", "[0-9]");
            (Just(country), string_regex(&pattern).unwrap())
        })
    }

    proptest! {
        #[test]
        fn every_code_of_a_pattern_is_filled_to_itself((country, code) in country_and_code()) {
            let pattern = country.rules().postal_pattern;
            let bare = code.replace([' ', '-'], "");
            prop_assert_eq!(fill(pattern, &bare), Some(code), "{:?} {}", country, pattern);
        }

        #[test]
        fn a_code_that_is_longer_than_its_pattern_is_refused((country, code) in country_and_code()) {
            let bare = code.replace([' ', '-'], "");
            prop_assert_eq!(fill(country.rules().postal_pattern, &format!("{bare}00000000")), None);
        }
    }
}
