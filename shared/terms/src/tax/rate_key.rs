//! What identifies a tax rate.

use values::{Error, Result};

use crate::country::check_country;
use crate::day::Day;
use crate::destination::region_key;
use crate::tax::postal_prefix::is_postal_prefix;
use crate::tax::tax_key::TaxKey;

/// Of a region in the form that is compared, which can be longer than what was written. A table key has at most 1,024 bytes.
const MAX_REGION_BYTES: usize = 400;

/// What identifies a tax rate: its place, its class and its first day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateKey {
    pub(crate) country: String,
    /// In the form that is compared: letter case makes no difference.
    pub(crate) region: Option<String>,
    pub(crate) postal_prefix: Option<String>,
    pub(crate) tax_class: TaxKey,
    pub(crate) from: Day,
}

impl RateKey {
    /// The key of a rate that begins on that day.
    pub fn new(country: &str, region: Option<&str>, postal_prefix: Option<&str>, tax_class: TaxKey, from: Day) -> Self {
        let region = region.map(|region| region_key(country, region));
        Self { country: country.to_owned(), region, postal_prefix: postal_prefix.map(str::to_owned), tax_class, from }
    }

    /// Checks input. 422 `country_unknown` or `invalid_value`.
    pub(crate) fn check(&self) -> Result<()> {
        check_country(&self.country, "country")?;
        // A table key has `#` between its parts.
        if self.region.as_ref().is_some_and(|region| region.contains('#') || region.len() > MAX_REGION_BYTES) {
            let message = format!("must be at most {MAX_REGION_BYTES} bytes without `#`");
            return Err(Error::invalid("region", "invalid_value", message));
        }
        match self.postal_prefix.as_deref().is_none_or(is_postal_prefix) {
            true => Ok(()),
            false => {
                let message = "must be 1 to 10 capital letters and digits, without spaces and dashes";
                Err(Error::invalid("postalPrefix", "invalid_value", message))
            }
        }
    }

    /// Is it for the same place and the same class?
    pub(crate) fn has_subject_of(&self, other: &Self) -> bool {
        self.country == other.country
            && self.region == other.region
            && self.postal_prefix == other.postal_prefix
            && self.tax_class == other.tax_class
    }
}
