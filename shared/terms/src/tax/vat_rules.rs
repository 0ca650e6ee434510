//! The national rules of VAT ids: how many characters follow the prefix, and how the check digits are computed.
//!
//! Sources:
//!
//! - EU and Great Britain: European Commission, DG TAXUD, "VIES: VAT number construction rules, functional description", version 15.0, and
//!   the structures in the questions and answers of VIES (<https://ec.europa.eu/taxation_customs/vies/>). Since then, Belgian numbers may
//!   begin with 1, and Dutch ones of persons have check digits by ISO/IEC 7064.
//! - Switzerland: Federal Statistical Office, eCH-0097 (the UID and its check digit).
//! - Norway: Brønnøysund Register Centre, "Organisasjonsnummeret" (modulus 11).
//!
//! Numbers of natural persons in Latvia have no published check digit, so only their form is checked.

use crate::tax::check_digits::{alternating_sum, digits, is_luhn, is_mod_11_10, is_mod_97_10, value, weighted_sum};

/// The rule of a country.
#[derive(Debug)]
pub(crate) struct VatRule {
    /// The first two letters of its VAT ids.
    pub(crate) prefix: &'static str,
    /// ISO 3166-1 alpha-2.
    pub(crate) country: &'static str,
    /// What follows the prefix, for an error.
    pub(crate) form: &'static str,
    /// Does the prefix with these ASCII capitals and digits behind it follow the rules?
    pub(crate) fits: fn(&str) -> bool,
}

/// The member states of the EU, Great Britain, Switzerland and Norway.
pub(crate) static RULES: [VatRule; 30] = [
    rule("AT", "U and 8 digits", austria),
    rule("BE", "10 digits, of which the first is 0 or 1", belgium),
    rule("BG", "9 or 10 digits", bulgaria),
    rule("CH", "E and 9 digits", switzerland),
    rule("CY", "8 digits and a letter", cyprus),
    rule("CZ", "8 to 10 digits", czechia),
    rule("DE", "9 digits", |number| exactly(9, number, |d| d[0] > 0 && is_mod_11_10(d))),
    rule("DK", "8 digits", |number| {
        exactly(8, number, |d| d[0] > 0 && weighted_sum(d, &[2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0)
    }),
    rule("EE", "9 digits", |number| exactly(9, number, |d| weighted_sum(d, &[3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 == 0)),
    VatRule { prefix: "EL", country: "GR", form: "9 digits", fits: greece },
    rule("ES", "9 characters, of which 7 or 8 are digits", spain),
    rule("FI", "8 digits", |number| exactly(8, number, |d| weighted_sum(d, &[7, 9, 10, 5, 8, 4, 2, 1]) % 11 == 0)),
    rule("FR", "2 characters and 9 digits", france),
    rule("GB", "9 or 12 digits, or GD or HA and 3 digits", great_britain),
    rule("HR", "11 digits", |number| exactly(11, number, is_mod_11_10)),
    rule("HU", "8 digits", |number| exactly(8, number, |d| weighted_sum(d, &[9, 7, 3, 1, 9, 7, 3, 1]) % 10 == 0)),
    rule("IE", "7 digits and 1 or 2 letters", ireland),
    rule("IT", "11 digits", italy),
    rule("LT", "9 or 12 digits", lithuania),
    rule("LU", "8 digits", |number| exactly(8, number, |d| value(&d[..6]) % 89 == value(&d[6..]))),
    rule("LV", "11 digits", latvia),
    rule("MT", "8 digits", |number| {
        exactly(8, number, |d| d[0] > 0 && weighted_sum(d, &[3, 4, 6, 7, 8, 9, 10, 1]) % 37 == 0)
    }),
    rule("NL", "9 digits, B and 2 digits", netherlands),
    rule("NO", "9 digits", |number| exactly(9, number, |d| weighted_sum(d, &[3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0)),
    rule("PL", "10 digits", |number| {
        exactly(10, number, |d| weighted_sum(d, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == d[9])
    }),
    rule("PT", "9 digits", portugal),
    rule("RO", "2 to 10 digits", romania),
    rule("SE", "12 digits", |number| exactly(12, number, |d| (1..=94).contains(&value(&d[10..])) && is_luhn(&d[..10]))),
    rule("SI", "8 digits", slovenia),
    rule("SK", "10 digits", slovakia),
];

const fn rule(prefix: &'static str, form: &'static str, fits: fn(&str) -> bool) -> VatRule {
    VatRule { prefix, country: prefix, form, fits }
}

/// Are these exactly so many digits, and does the rule hold for them?
fn exactly(length: usize, number: &str, rule: impl Fn(&[u32]) -> bool) -> bool {
    digits(number).is_some_and(|digits| digits.len() == length && rule(&digits))
}

/// Is the text only this character?
fn is_only(text: &str, character: Option<char>) -> bool {
    character.is_some() && text.chars().eq(character)
}

fn austria(number: &str) -> bool {
    let fits = |d: &[u32]| (96 - alternating_sum(&d[..7], 1)) % 10 == d[7];
    number.strip_prefix('U').is_some_and(|number| exactly(8, number, fits))
}

fn belgium(number: &str) -> bool {
    exactly(10, number, |d| d[0] < 2 && 97 - value(&d[..8]) % 97 == value(&d[8..]))
}

/// Companies have 9 digits; persons have 10, of three kinds.
fn bulgaria(number: &str) -> bool {
    let company = |d: &[u32]| match weighted_sum(d, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11 {
        10 => weighted_sum(d, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10 == d[8],
        check => check == d[8],
    };
    let person = |d: &[u32]| {
        let citizen = weighted_sum(d, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
        let foreigner = weighted_sum(d, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10;
        let other = (11 - weighted_sum(d, &[4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
        [citizen, foreigner, other].contains(&d[9])
    };
    exactly(9, number, company) || exactly(10, number, person)
}

fn cyprus(number: &str) -> bool {
    const ODD_PLACES: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let Some((number, letter)) = number.split_at_checked(8) else { return false };
    exactly(8, number, |d| {
        let places = d.iter().enumerate();
        let sum: u32 =
            places.map(|(place, digit)| if place % 2 == 0 { ODD_PLACES[*digit as usize] } else { *digit }).sum();
        is_only(letter, "ABCDEFGHIJKLMNOPQRSTUVWXYZ".chars().nth(sum as usize % 26))
    })
}

/// Companies have 8 digits; persons have 9 or 10, which begin with the date of birth, except some that begin with 6.
fn czechia(number: &str) -> bool {
    const WEIGHTS: [u32; 7] = [8, 7, 6, 5, 4, 3, 2];
    let company = |d: &[u32]| {
        let check = match weighted_sum(d, &WEIGHTS) % 11 {
            0 => 1,
            1 => 0,
            sum => 11 - sum,
        };
        d[0] < 9 && check == d[7]
    };
    let special = |d: &[u32]| d[0] == 6 && (weighted_sum(&d[1..], &WEIGHTS) % 11 + 8) % 10 == d[8];
    // Without a check digit, until 1953.
    let born_before_1954 = |d: &[u32]| !(54..80).contains(&value(&d[..2])) && begins_with_birth(d);
    let born_later = |d: &[u32]| {
        let is_exception = value(&d[..9]) % 11 == 10 && d[9] == 0;
        begins_with_birth(d) && (value(d) % 11 == 0 || is_exception)
    };
    exactly(8, number, company)
        || exactly(9, number, special)
        || exactly(9, number, born_before_1954)
        || exactly(10, number, born_later)
}

/// Year, month and day. The month of women is 50 higher, and 20 more is added when the numbers of a day are used up.
fn begins_with_birth(d: &[u32]) -> bool {
    let month = match value(&d[2..4]) % 50 {
        month @ 21.. => month - 20,
        month => month,
    };
    (1..=12).contains(&month) && (1..=31).contains(&value(&d[4..6]))
}

fn greece(number: &str) -> bool {
    exactly(9, number, |d| weighted_sum(d, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == d[8])
}

/// Persons have a number and a letter; foreigners and some others have a letter in front, too. Companies begin with a letter for their kind.
fn spain(number: &str) -> bool {
    let Some((head, check)) = number.split_at_checked(8) else { return false };
    let (kind, rest) = head.split_at(1);
    match kind {
        "K" | "L" | "M" | "X" => exactly(7, rest, |d| is_of_person(value(d), check)),
        "Y" => exactly(7, rest, |d| is_of_person(10_000_000 + value(d), check)),
        "Z" => exactly(7, rest, |d| is_of_person(20_000_000 + value(d), check)),
        _ if "ABCDEFGHJNPQRSUVW".contains(kind) => exactly(7, rest, |d| {
            let control = (10 - alternating_sum(d, 0) % 10) % 10;
            let letter = "JABCDEFGHI".chars().nth(control as usize);
            is_only(check, letter) || is_only(check, char::from_digit(control, 10))
        }),
        _ => exactly(8, head, |d| is_of_person(value(d), check)),
    }
}

fn is_of_person(number: u64, letter: &str) -> bool {
    is_only(letter, "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth((number % 23) as usize))
}

/// A key of two characters and the SIREN. Numbers of Monaco have 000 in place of a company's number.
fn france(number: &str) -> bool {
    let Some((key, siren)) = number.split_at_checked(2) else { return false };
    exactly(9, siren, |d| (d.starts_with(&[0, 0, 0]) || is_luhn(d)) && is_french_key(key, value(d)))
}

fn is_french_key(key: &str, siren: u64) -> bool {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    if let Some(digits) = digits(key) {
        return value(&digits) == (siren * 100 + 12) % 97;
    }
    let places: Option<Vec<u64>> = key.chars().map(|c| ALPHABET.find(c).map(|place| place as u64)).collect();
    let Some([first, second]) = places.as_deref() else { return false };
    let key = if *first < 10 { first * 24 + second - 10 } else { first * 34 + second - 100 };
    (siren + 1 + key / 11) % 11 == key % 11
}

/// 9 digits, 12 for a branch; GD for a department of the government and HA for a health authority.
fn great_britain(number: &str) -> bool {
    let fits = |d: &[u32]| [0, 42].contains(&(weighted_sum(d, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97));
    let is_department = number.strip_prefix("GD").is_some_and(|number| exactly(3, number, |d| d[0] < 5));
    let is_authority = number.strip_prefix("HA").is_some_and(|number| exactly(3, number, |d| d[0] > 4));
    exactly(9, number, fits) || exactly(12, number, fits) || is_department || is_authority
}

/// Numbers from before 2013 may have a letter in the second place, which stands for a digit after the sixth.
fn ireland(number: &str) -> bool {
    const ALPHABET: &str = "WABCDEFGHIJKLMNOPQRSTUV";
    let is_old = number.len() == 8 && number[1..2].chars().all(|c| c.is_ascii_uppercase());
    let number = if is_old { format!("0{}{}{}", &number[2..7], &number[..1], &number[7..]) } else { number.to_owned() };
    let Some((head, letters)) = number.split_at_checked(7) else { return false };
    let places: Option<Vec<u32>> = letters.chars().map(|c| ALPHABET.find(c).map(|place| place as u32)).collect();
    let (check, kind) = match places.as_deref() {
        Some([check]) => (*check, 0),
        Some([check, kind]) if *kind < 10 => (*check, *kind),
        _ => return false,
    };
    exactly(7, head, |d| (weighted_sum(d, &[8, 7, 6, 5, 4, 3, 2]) + 9 * kind) % 23 == check)
}

/// The digits 8 to 10 are the office of a province.
fn italy(number: &str) -> bool {
    let is_office = |office: u64| matches!(office, 1..=100 | 120 | 121 | 888 | 999);
    exactly(11, number, |d| value(&d[..7]) > 0 && is_office(value(&d[7..10])) && is_luhn(d))
}

/// The last digit but one is 1.
fn lithuania(number: &str) -> bool {
    let fits = |d: &[u32]| {
        let others = &d[..d.len() - 1];
        let check = match weighted_sum(others, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2]) % 11 {
            10 => weighted_sum(others, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4]) % 11 % 10,
            check => check,
        };
        others.ends_with(&[1]) && d.ends_with(&[check])
    };
    exactly(9, number, fits) || exactly(12, number, fits)
}

/// Numbers of companies begin with a digit over 3.
fn latvia(number: &str) -> bool {
    exactly(11, number, |d| d[0] < 4 || weighted_sum(d, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3)
}

fn netherlands(number: &str) -> bool {
    let Some((head, tail)) = number.split_at_checked(9) else { return false };
    let has_suffix = tail.strip_prefix('B').is_some_and(|suffix| exactly(2, suffix, |d| value(d) > 0));
    let is_company = |d: &[u32]| weighted_sum(d, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == d[8];
    has_suffix && exactly(9, head, |d| is_company(d) || is_mod_97_10(&format!("NL{number}")))
}

fn portugal(number: &str) -> bool {
    let check = |d: &[u32]| match weighted_sum(d, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
        0 | 1 => 0,
        sum => 11 - sum,
    };
    exactly(9, number, |d| d[0] > 0 && check(d) == d[8])
}

fn romania(number: &str) -> bool {
    let is_long = number.len() > 1 && !number.starts_with('0');
    let fits = |d: &[u32]| weighted_sum(d, &[7, 5, 3, 2, 1, 7, 5, 3, 2]) * 10 % 11 % 10 == d[9];
    is_long && exactly(10, &format!("{number:0>10}"), fits)
}

fn slovenia(number: &str) -> bool {
    exactly(8, number, |d| {
        let sum = weighted_sum(d, &[8, 7, 6, 5, 4, 3, 2]) % 11;
        d[0] > 0 && sum > 0 && (11 - sum) % 10 == d[7]
    })
}

fn slovakia(number: &str) -> bool {
    exactly(10, number, |d| d[0] > 0 && matches!(d[2], 2..=4 | 7..=9) && value(d) % 11 == 0)
}

/// The UID.
fn switzerland(number: &str) -> bool {
    let fits = |d: &[u32]| weighted_sum(d, &[5, 4, 3, 2, 7, 6, 5, 4, 1]) % 11 == 0;
    number.strip_prefix('E').is_some_and(|number| exactly(9, number, fits))
}
