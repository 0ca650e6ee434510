//! Countries of ISO 3166-1, with the rules for their postal addresses.
//!
//! The rules are data: `data/countries.tsv`, which `data/countries.py` makes of Google's address metadata. A row is parsed when it is used,
//! so a start costs nothing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use values::{Error, Result};

const TABLE: &str = include_str!("../../data/countries.tsv");
const EXPECTED: &str = "must be two capital letters of ISO 3166-1, such as BE, or XK for Kosovo";

/// A country: an officially assigned code of ISO 3166-1 alpha-2, two capital letters, or `XK` for Kosovo, which has none.
// It is its row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(extend("enum" = Country::all().map(|country| country.code()).collect::<Vec<_>>(), "example" = "BE")))]
pub struct Country(#[cfg_attr(feature = "openapi", schemars(with = "String"))] &'static str);

/// The rules for postal addresses of a country.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CountryRules {
    /// The English name, with its article if it has one.
    pub(crate) name: &'static str,
    /// The required fields beside name and street: `C` the city, `S` the area, `Z` the postal code, `E` the city or the area.
    pub(crate) required: &'static str,
    /// The fields that a label has in capitals: `A` the street, `N` the name, `C`, `S` and `Z`.
    pub(crate) capitals: &'static str,
    /// What an area is called, such as `state`. Empty where addresses have none.
    pub(crate) area_kind: &'static str,
    /// The pattern of postal codes. Empty where there are none.
    pub(crate) postal_pattern: &'static str,
    /// Postal codes, with commas between them.
    pub(crate) postal_examples: &'static str,
    /// What people write before a postal code, such as `D`, with commas between them.
    pub(crate) postal_prefixes: &'static str,
    /// The lines of a label.
    pub(crate) lines: &'static str,
    /// The lines in Latin script, if they are others.
    pub(crate) latin_lines: &'static str,
}

impl Country {
    /// The code, such as `BE`.
    pub fn code(&self) -> &'static str {
        self.0.split('\t').next().unwrap_or_default()
    }

    /// All countries, by their codes.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        TABLE.lines().filter(|row| !row.starts_with('#')).map(Self)
    }

    pub(crate) fn rules(self) -> CountryRules {
        let mut columns = self.0.split('\t').skip(1);
        let mut next = || columns.next().unwrap_or_default();
        CountryRules {
            name: next(),
            required: next(),
            capitals: next(),
            area_kind: next(),
            postal_pattern: next(),
            postal_examples: next(),
            postal_prefixes: next(),
            lines: next(),
            latin_lines: next(),
        }
    }
}

impl CountryRules {
    pub(crate) fn requires(&self, field: char) -> bool {
        self.required.contains(field)
    }

    /// `an area` or `a state`, for a sentence.
    pub(crate) fn an_area(&self) -> String {
        let article = if self.area_kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {}", self.area_kind)
    }
}

impl FromStr for Country {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let country = Self::all().find(|country| country.code() == text);
        country.ok_or_else(|| Error::invalid("country", "country_unknown", EXPECTED))
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|_: Error| de::Error::custom(EXPECTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The 249 officially assigned codes. The table must have a row for each of them.
    const ASSIGNED: &str = "\
        AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY \
        BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
        FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
        IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK \
        ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
        PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
        TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

    #[test]
    fn countries_are_the_assigned_codes_and_kosovo() {
        let mut codes: Vec<&str> = ASSIGNED.split(' ').collect();
        assert_eq!(codes.len(), 249);
        codes.push("XK");
        codes.sort_unstable();
        assert_eq!(Country::all().map(|country| country.code()).collect::<Vec<_>>(), codes);
        assert_eq!("BE".parse::<Country>().unwrap().code(), "BE");
        for bad in ["", "be", "BEL", "XX", "EU", "B E", "BE BF", "#"] {
            assert!(bad.parse::<Country>().is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn every_row_is_complete() {
        for country in Country::all() {
            let rules = country.rules();
            assert_eq!(country.0.split('\t').count(), if rules.latin_lines.is_empty() { 9 } else { 10 }, "{country:?}");
            assert!(
                !rules.name.is_empty() && rules.required.chars().all(|field| "CESZ".contains(field)),
                "{country:?}"
            );
            assert!(rules.capitals.chars().all(|field| "ACNSZ".contains(field)), "{country:?}");
            assert_eq!(rules.postal_pattern.is_empty(), rules.postal_examples.is_empty(), "{country:?}");
            assert!(!rules.requires('Z') || !rules.postal_pattern.is_empty(), "{country:?}");
            assert!(!rules.requires('S') || !rules.area_kind.is_empty(), "{country:?}");
            for lines in [rules.lines, rules.latin_lines].into_iter().filter(|lines| !lines.is_empty()) {
                for field in ["%N", "%A", "%C", "%S", "%Z"] {
                    assert_eq!(lines.matches(field).count(), 1, "{country:?} has {field} once: {lines}");
                }
            }
        }
    }
}
