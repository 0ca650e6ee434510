//! Use cases: read tax rates as an admin, from the table.

use values::{Error, Page, PageRequest, Result};

use crate::TermsService;
use crate::country::check_country;
use crate::tax::rate::TaxRate;
use crate::tax::rate_key::RateKey;

impl TermsService {
    /// The tax rates of a country, in pages: by region, postal prefix, class and first day. 422 `country_unknown`. 1 round trip.
    pub async fn tax_rates(&self, country: &str, request: &PageRequest) -> Result<Page<TaxRate>> {
        check_country(country, "country")?;
        self.terms.store.read_tax_rate_page(country, request).await
    }

    /// One tax rate. 404; 422 `country_unknown` or `invalid_value`. 1 round trip.
    pub async fn tax_rate(&self, key: &RateKey) -> Result<TaxRate> {
        key.check()?;
        self.terms.store.read_tax_rate(key).await?.ok_or_else(|| Error::not_found("tax rate"))
    }
}
