//! Where goods go. Only what decides about taxes and shipping, so it names no person.

use serde::{Deserialize, Serialize};
use values::{Error, Result, comparison_key};

use crate::country::check_country;

/// In characters, as in a postal address.
const MAX_REGION_LENGTH: usize = 100;
const MAX_POSTAL_CODE_LENGTH: usize = 16;

/// A destination. Region and postal code are as souk stores them in a postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Destination {
    /// The country code (ISO 3166-1 alpha-2), or `XK` for Kosovo.
    pub country: String,
    /// State, province or another region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
}

impl Destination {
    /// Checks a destination that an admin has set. 422 `country_unknown`, `invalid_value`.
    pub(crate) fn check(&self, field: &str) -> Result<()> {
        check_country(&self.country, &format!("{field}.country"))?;
        let is_short =
            |text: Option<&String>, most: usize| text.is_none_or(|text| (1..=most).contains(&text.chars().count()));
        if !is_short(self.region.as_ref(), MAX_REGION_LENGTH) {
            let message = format!("must have 1 to {MAX_REGION_LENGTH} characters");
            return Err(Error::invalid(&format!("{field}.region"), "invalid_value", message));
        }
        if !is_short(self.postal_code.as_ref(), MAX_POSTAL_CODE_LENGTH) {
            let message = format!("must have 1 to {MAX_POSTAL_CODE_LENGTH} characters");
            return Err(Error::invalid(&format!("{field}.postalCode"), "invalid_value", message));
        }
        Ok(())
    }
}

/// A region of a country in the form that is compared. Letter case makes no difference, and neither does the country in front of the code
/// (ISO 3166-2), as in `US-CA`: souk stores such a code without the country, or as it was written where it has no list of the regions.
pub(crate) fn region_key(country: &str, region: &str) -> String {
    let key = comparison_key(region);
    let prefix = format!("{}-", country.to_ascii_lowercase());
    key.strip_prefix(&prefix).filter(|code| !code.is_empty()).unwrap_or(&key).to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn destination(country: &str, region: &str, postal_code: &str) -> Destination {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Destination { country: country.to_owned(), region: text(region), postal_code: text(postal_code) }
    }

    #[test]
    fn region_is_compared_without_letter_case_and_country() {
        for (country, region, key) in [
            ("US", "CA", "ca"),
            ("US", " us-ca ", "ca"),
            ("GB", "GB-SCT", "sct"),
            ("CA", "US-CA", "us-ca"),
            ("US", "US-", "us-"),
            ("ES", "Álava", "álava"),
        ] {
            assert_eq!(region_key(country, region), key, "{region:?} of {country}");
        }
    }

    #[test]
    fn destination_of_an_admin_is_in_a_known_country_and_short() {
        let field = |country: &str, region: &str, postal_code: &str| {
            destination(country, region, postal_code).check("location").map_err(|error| error.fields[0].field.clone())
        };
        assert_eq!(field("BE", "", "1000"), Ok(()));
        assert_eq!(field("BX", "", "1000"), Err("location.country".to_owned()));
        assert_eq!(field("US", &"x".repeat(101), "1000"), Err("location.region".to_owned()));
        assert_eq!(field("BE", "", &"1".repeat(17)), Err("location.postalCode".to_owned()));
        let blank = Destination { region: Some(String::new()), ..destination("US", "", "") };
        assert_eq!(blank.check("location").unwrap_err().fields[0].code, "invalid_value");
    }
}
