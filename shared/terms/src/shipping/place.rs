//! Parts of a country: regions and ranges of postal codes.

use serde::{Deserialize, Serialize};
use values::{Error, Result, Text};

use crate::country::check_country;
use crate::destination::{Destination, region_key};

const MAX_BOUND_LENGTH: usize = 10;

/// A state, a province or another region of a country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ShippingRegion"))]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// The country code (ISO 3166-1 alpha-2).
    pub country: String,
    /// The region as souk stores it in a postal address: the abbreviation that the country's post uses, or else its name. Letter case
    /// makes no difference.
    pub region: Text<100>,
}

/// Postal codes of a country whose first characters are in a range. Spaces and dashes in a code do not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PostalRange {
    /// The country code (ISO 3166-1 alpha-2).
    pub country: String,
    /// The first codes of the range begin with this: 1 to 10 capital letters and digits.
    pub from: String,
    /// The last codes of the range begin with this. As long as `from`.
    pub to: String,
}

impl Region {
    /// Checks input. 422 `country_unknown`.
    pub(crate) fn check(&self) -> Result<()> {
        check_country(&self.country, "regions")
    }

    pub(crate) fn contains(&self, destination: &Destination) -> bool {
        let region = destination.region.as_deref().filter(|_| self.country == destination.country);
        region.is_some_and(|region| region_key(&self.country, region) == self.key())
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.country == other.country && self.key() == other.key()
    }

    fn key(&self) -> String {
        region_key(&self.country, self.region.as_str())
    }
}

impl PostalRange {
    /// Checks input. 422 `country_unknown`, `postal_range_invalid`.
    pub(crate) fn check(&self) -> Result<()> {
        check_country(&self.country, "postalRanges")?;
        let is_bound = |bound: &str| {
            let is_legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
            (1..=MAX_BOUND_LENGTH).contains(&bound.len()) && bound.bytes().all(is_legal)
        };
        match is_bound(&self.from) && is_bound(&self.to) && self.from.len() == self.to.len() && self.from <= self.to {
            true => Ok(()),
            false => {
                let message = format!(
                    "must be from and to the beginnings of postal codes: two equally long texts of 1 to {MAX_BOUND_LENGTH} capital \
                     letters and digits, in this order"
                );
                Err(Error::invalid("postalRanges", "postal_range_invalid", message))
            }
        }
    }

    pub(crate) fn contains(&self, destination: &Destination) -> bool {
        let code = destination.postal_code.as_deref().filter(|_| self.country == destination.country);
        let beginning = code.and_then(|code| beginning(&normalized(code), self.from.len()));
        beginning.is_some_and(|beginning| self.from <= beginning && beginning <= self.to)
    }

    /// Is there a postal code in both ranges?
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let (short, long) = if self.from.len() <= other.from.len() { (self, other) } else { (other, self) };
        let bound = |bound: &str| beginning(bound, short.from.len());
        match (bound(&long.from), bound(&long.to)) {
            (Some(from), Some(to)) => self.country == other.country && from <= short.to && short.from <= to,
            _ => false,
        }
    }
}

/// A postal code without spaces and dashes, in capitals.
fn normalized(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// The first `length` bytes of a text of ASCII; none if it is shorter.
fn beginning(text: &str, length: usize) -> Option<String> {
    text.get(..length).map(str::to_owned)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::destination::tests::destination;
    use proptest::prelude::*;

    pub(crate) fn region(country: &str, name: &str) -> Region {
        Region { country: country.to_owned(), region: Text::new(name).unwrap() }
    }

    pub(crate) fn range(country: &str, from: &str, to: &str) -> PostalRange {
        PostalRange { country: country.to_owned(), from: from.to_owned(), to: to.to_owned() }
    }

    #[test]
    fn region_is_compared_without_letter_case_and_in_its_country() {
        let california = region("US", "CA");
        assert!(california.contains(&destination("US", "ca", "")) && california.overlaps(&region("US", "ca")));
        for other in [destination("US", "NV", ""), destination("US", "", ""), destination("ES", "CA", "")] {
            assert!(!california.contains(&other), "{other:?}");
        }
        assert!(!california.overlaps(&region("ES", "CA")));
        let by_code = region("US", "US-CA");
        assert!(by_code.contains(&destination("US", "CA", "")) && by_code.overlaps(&california));
    }

    #[test]
    fn postal_code_is_compared_by_its_beginning() {
        let contains = |range: &PostalRange, code: &str| range.contains(&destination(&range.country, "", code));
        let nevada = range("US", "889", "898");
        assert!(contains(&nevada, "89501") && contains(&nevada, "89501-1234") && contains(&nevada, "88901"));
        assert!(!contains(&nevada, "88801") && !contains(&nevada, "89901") && !contains(&nevada, "89"));
        let westminster = range("GB", "SW1A", "SW1Y");
        assert!(contains(&westminster, "sw1y 4jh") && !contains(&westminster, "SW10 0AA"));
        assert!(!nevada.contains(&destination("DE", "", "89501")) && !nevada.contains(&destination("US", "NV", "")));
    }

    #[test]
    fn bounds_are_equally_long_and_in_order() {
        let code = |from: &str, to: &str| range("BE", from, to).check().err().map(|error| error.fields[0].code);
        assert_eq!([code("1000", "1299"), code("A1", "A1"), code("0", "9")], [None; 3]);
        for (from, to) in [("", ""), ("10", "129"), ("1299", "1000"), ("10 0", "12 9"), ("sw1", "sw9"), ("é", "ê")] {
            assert_eq!(code(from, to), Some("postal_range_invalid"), "{from:?} to {to:?}");
        }
        let long = "1".repeat(MAX_BOUND_LENGTH + 1);
        assert_eq!(code(&long, &long), Some("postal_range_invalid"));
        assert_eq!(range("XX", "1", "2").check().unwrap_err().fields[0].code, "country_unknown");
    }

    fn any_range() -> impl Strategy<Value = PostalRange> {
        let numbers = prop_oneof![(0u32..10, 0u32..10, Just(1usize)), (0u32..100, 0u32..100, Just(2usize))];
        let ordered = numbers.prop_map(|(a, b, width)| (a.min(b), a.max(b), width));
        ordered.prop_map(|(from, to, width)| range("BE", &format!("{from:0width$}"), &format!("{to:0width$}")))
    }

    proptest! {
        #[test]
        fn ranges_overlap_if_and_only_if_a_code_is_in_both(a in any_range(), b in any_range()) {
            let is_in_both = (0..100).any(|code| {
                let destination = destination("BE", "", &format!("{code:02}"));
                a.contains(&destination) && b.contains(&destination)
            });
            prop_assert_eq!((a.overlaps(&b), b.overlaps(&a)), (is_in_both, is_in_both));
        }
    }
}
