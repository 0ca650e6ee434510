//! The rows of taxes.
//!
//! | row | pk | sk |
//! |---|---|---|
//! | a rate | `TAX#{country}` | `{comparison key of the region}#{postalPrefix}#{class}#{from}` |
//! | the version of all rates of a country | `VERSIONS` | `TAX#{country}` |
//! | all registrations, and the country of dispatch | `REGISTRATIONS` | `REGISTRATIONS` |
//!
//! | access pattern | key condition | cost |
//! |---|---|---|
//! | rates of a country (a sale, at most every 30 s) | pk | 1 R per 4 KB, about 15 rates |
//! | registrations (a sale, at most every 30 s) | row | 1 R |
//! | put a rate | version; pk; rate and version, on the version, one transaction | 1 R and 1 R per 4 KB, 4 W |
//! | delete a rate | version; row; rate and version, on the version, one transaction | 2 R, 4 W |
//! | list the rates of a country | pk, in pages | 1 R per 4 KB |
//! | put registrations | row; put, on its version | 1 R, 1 W |

use aws_kit::{Key, Query, Write};
use serde::{Deserialize, Serialize};
use values::{Page, PageRequest, Result};

use crate::store::Store;
use crate::tax::rate::{MAX_RATES, TaxRate};
use crate::tax::rate_key::RateKey;
use crate::tax::registrations::Registrations;

/// The row of a country. Each change of one of its rates raises the version, so that what was decided from all of them stays true. The new
/// version is also that of the changed rate. It never comes back, not even if a rate is deleted and created again.
#[derive(Debug, Default, Serialize, Deserialize)]
struct CountryVersion {
    version: u64,
}

impl Store {
    /// All rates of a country. 1 round trip.
    pub(crate) async fn read_tax_rates(&self, country: &str) -> Result<Vec<TaxRate>> {
        Query::of(&self.table, rates_partition(country)).first(MAX_RATES).await
    }

    /// All rates of a country, with the version on which a change is conditioned. 2 round trips. The version is read first, so that a later
    /// change makes the condition fail.
    pub(crate) async fn read_versioned_tax_rates(&self, country: &str) -> Result<(u64, Vec<TaxRate>)> {
        let version = self.read_country_version(country).await?;
        Ok((version, self.read_tax_rates(country).await?))
    }

    /// A page of the rates of a country: by region, postal prefix, class and day. 1 round trip.
    pub(crate) async fn read_tax_rate_page(&self, country: &str, request: &PageRequest) -> Result<Page<TaxRate>> {
        Query::of(&self.table, rates_partition(country)).page(request).await
    }

    /// One rate. 1 round trip.
    pub(crate) async fn read_tax_rate(&self, key: &RateKey) -> Result<Option<TaxRate>> {
        self.table.get(rate_key(key)).await
    }

    /// The version of the rates of a country; 0 if none of them was ever changed. 1 round trip.
    pub(crate) async fn read_country_version(&self, country: &str) -> Result<u64> {
        let row = self.table.get::<CountryVersion>(version_key(country)).await?;
        Ok(row.unwrap_or_default().version)
    }

    /// The writes that store a rate. Their condition fails if the rates of the country are not at `version`.
    pub(crate) fn put_tax_rate(&self, rate: &TaxRate, version: u64) -> Result<Vec<Write>> {
        let put = Write::put(&self.table, rate_key(&rate.content.key()), rate)?;
        Ok(vec![put, self.raise_country_version(&rate.content.country, version)?])
    }

    /// The writes that delete a rate, under the same condition.
    pub(crate) fn delete_tax_rate(&self, key: &RateKey, version: u64) -> Result<Vec<Write>> {
        let delete = Write::delete(&self.table, rate_key(key));
        Ok(vec![delete, self.raise_country_version(&key.country, version)?])
    }

    fn raise_country_version(&self, country: &str, version: u64) -> Result<Write> {
        let put = Write::put(&self.table, version_key(country), &CountryVersion { version: version + 1 })?;
        if_at_version(put, version)
    }

    /// The registrations; none at version 0 before the first change. 1 round trip.
    pub(crate) async fn read_registrations(&self) -> Result<Registrations> {
        let row = self.table.get::<Registrations>(registrations_key()).await?;
        Ok(row.unwrap_or_default())
    }

    /// The write that stores registrations. Its condition fails if the stored ones are not at `version`.
    pub(crate) fn put_registrations(&self, registrations: &Registrations, version: u64) -> Result<Write> {
        if_at_version(Write::put(&self.table, registrations_key(), registrations)?, version)
    }
}

/// A row that does not exist is at version 0.
fn if_at_version(write: Write, version: u64) -> Result<Write> {
    match version {
        0 => Ok(write.when("attribute_not_exists(pk)")),
        _ => write.when("version = :v").value(":v", version),
    }
}

fn rates_partition(country: &str) -> String {
    format!("TAX#{country}")
}

fn rate_key(key: &RateKey) -> Key {
    let RateKey { country, region, postal_prefix, tax_class, from } = key;
    let (region, prefix) = (region.as_deref().unwrap_or_default(), postal_prefix.as_deref().unwrap_or_default());
    Key::new(rates_partition(country), format!("{region}#{prefix}#{tax_class}#{from}"))
}

fn version_key(country: &str) -> Key {
    Key::new("VERSIONS", format!("TAX#{country}"))
}

fn registrations_key() -> Key {
    Key::new("REGISTRATIONS", "REGISTRATIONS")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tax::rate::tests::rate;

    #[test]
    fn rates_of_different_places_classes_and_days_have_different_keys() {
        let keys = [
            (("US", "", ""), "standard", "2020-01-01"),
            (("US", "NY", ""), "standard", "2020-01-01"),
            (("US", "", "NY"), "standard", "2020-01-01"),
            (("US", "NY", "1"), "standard", "2020-01-01"),
            (("US", "NY", "1"), "reduced", "2020-01-01"),
            (("US", "NY", "1"), "reduced", "2021-01-01"),
            (("CA", "NY", "1"), "reduced", "2021-01-01"),
        ]
        .map(|(place, class, from)| rate_key(&rate(place, class, from, 0).content.key()));
        for (place, key) in keys.iter().enumerate() {
            assert!(!keys[..place].contains(key), "{key:?}");
        }
        assert_eq!(keys[0], Key::new("TAX#US", "##standard#2020-01-01"));
        assert_eq!(keys[3], Key::new("TAX#US", "ny#1#standard#2020-01-01"));
        let lower = rate(("US", "ny", ""), "standard", "2020-01-01", 0).content.key();
        assert_eq!(rate_key(&lower), keys[1], "letter case makes no other region");
    }
}
