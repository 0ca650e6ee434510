//! The taxes that a provider calculates and records: those of its countries. All others are by the shop's own rates.

use std::str::FromStr;

use aws_kit::{Aws, Settings, Table};
use tracing::warn;
use values::{Error, Kind, Result};

use crate::country::check_country;
use crate::destination::Destination;
use crate::tax::custom_provider::CustomProvider;
use crate::tax::provider::{TaxProvider, TaxRecord, TaxRefund};
use crate::tax::taxation::{TaxQuery, Taxation};

/// A provider, and what it is for.
#[derive(Debug)]
pub(crate) struct ProviderTaxes<P> {
    provider: P,
    /// Empty: all countries.
    countries: Vec<String>,
    fallback: Fallback,
}

/// What a sale does in an outage of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fallback {
    /// The shop's own rates are good enough.
    Tables,
    /// No sale without the provider.
    Refuse,
}

impl FromStr for Fallback {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "tables" => Ok(Self::Tables),
            "refuse" => Ok(Self::Refuse),
            _ => Err(()),
        }
    }
}

impl ProviderTaxes<CustomProvider> {
    /// The provider that the environment configures, with the row of its circuit in `table`; none if it configures none. Reads
    /// `SOUK_TAX_PROVIDER_URL`, `SOUK_SECRET_TAX_PROVIDER`, `SOUK_TAX_PROVIDER_COUNTRIES` and `SOUK_TAX_FALLBACK`.
    pub(crate) fn from_env(aws: &Aws, table: &Table) -> Result<Option<Self>> {
        let Some(provider) = CustomProvider::from_env(aws, table)? else { return Ok(None) };
        let countries = parse_countries(&Settings.optional("SOUK_TAX_PROVIDER_COUNTRIES").unwrap_or_default())?;
        Ok(Some(Self { provider, countries, fallback: Settings.parsed("SOUK_TAX_FALLBACK")? }))
    }
}

impl<P: TaxProvider> ProviderTaxes<P> {
    /// The taxes of a sale; none if the shop's own rates apply, because the country is not one of the provider's, or because there is an
    /// outage of it and they may take its place. 503 `tax_unavailable` if they may not. Other errors of the provider are returned.
    pub(crate) async fn calculate(&self, query: &TaxQuery) -> Result<Option<Taxation>> {
        if !self.knows(&query.destination) {
            return Ok(None);
        }
        let error = match self.provider.calculate(query).await {
            Ok(taxation) => return Ok(Some(taxation)),
            Err(error) if !error.is_outage() => return Err(error),
            Err(error) => error,
        };
        match self.fallback {
            Fallback::Tables => {
                warn!(
                    error.code = error.code,
                    error.cause = error.causes(),
                    "tax provider unavailable, own rates used"
                );
                Ok(None)
            }
            Fallback::Refuse => {
                let detail = "The taxes could not be calculated in time. Try again.";
                Err(Error::new(Kind::Unavailable(2), "tax_unavailable", detail).caused_by(error))
            }
        }
    }

    /// Records the taxes of an order, if its country is one of the provider's: also of an order that had the shop's own rates in an outage.
    pub(crate) async fn commit(&self, taxes: &TaxRecord) -> Result<()> {
        match self.knows(&taxes.destination) {
            true => self.provider.commit(taxes).await,
            false => Ok(()),
        }
    }

    /// Records the taxes of a refund in the same way.
    pub(crate) async fn refund(&self, taxes: &TaxRefund) -> Result<()> {
        match self.knows(&taxes.destination) {
            true => self.provider.refund(taxes).await,
            false => Ok(()),
        }
    }

    /// Is the country one of the provider's?
    pub(crate) fn knows(&self, destination: &Destination) -> bool {
        self.countries.is_empty() || self.countries.contains(&destination.country)
    }
}

/// The countries of a setting such as `US,CA`.
fn parse_countries(setting: &str) -> Result<Vec<String>> {
    let countries = setting.split(',').map(str::trim).filter(|country| !country.is_empty());
    let countries: Vec<String> = countries.map(str::to_owned).collect();
    for country in &countries {
        check_country(country, "TaxProviderCountries").map_err(Error::internal)?;
    }
    Ok(countries)
}

#[cfg(test)]
#[path = "provider_taxes_tests.rs"]
mod tests;
