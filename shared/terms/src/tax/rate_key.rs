//! What identifies a tax rate.

use values::comparison_key;

use crate::day::Day;
use crate::tax::tax_key::TaxKey;

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
        let (country, region) = (country.to_owned(), region.map(comparison_key));
        Self { country, region, postal_prefix: postal_prefix.map(str::to_owned), tax_class, from }
    }

    /// Is it for the same place and the same class?
    pub(crate) fn has_subject_of(&self, other: &Self) -> bool {
        self.country == other.country
            && self.region == other.region
            && self.postal_prefix == other.postal_prefix
            && self.tax_class == other.tax_class
    }
}
