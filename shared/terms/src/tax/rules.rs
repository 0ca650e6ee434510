//! The tax rules that an execution environment keeps in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use values::Result;

use crate::cached::Cached;
use crate::store::Store;
use crate::tax::rate::TaxRate;
use crate::tax::registrations::Registrations;
use crate::tax::taxation::{TaxQuery, Taxation};

/// The countries whose rates are in memory. ISO 3166-1 has 249 codes.
const MAX_COUNTRIES: usize = 250;

type CachedRates = Arc<Cached<Vec<TaxRate>>>;

/// Registrations, and the rates of countries, at most 30 seconds old.
#[derive(Debug, Default)]
pub(crate) struct TaxRules {
    registrations: Cached<Registrations>,
    rates: Mutex<HashMap<String, CachedRates>>,
}

impl TaxRules {
    /// The taxes of a sale. 422 `tax_rate_missing`. 1 round trip every 30 seconds; 2 the first time that the country of dispatch taxes a
    /// sale to another one.
    pub(crate) async fn taxes(&self, store: &Store, query: &TaxQuery) -> Result<Taxation> {
        let registrations = self.registrations.get_or_read(store.read_registrations());
        // Most often the destination is where the sale is taxed.
        let rates = self.rates_of(store, &query.destination.country);
        let (registrations, mut rates) = tokio::try_join!(registrations, rates)?;
        let registrations = &registrations.content;
        let place = registrations.place_of_taxation(&query.destination, query.day()?);
        if let Some(place) = place.as_ref().filter(|place| place.country != query.destination.country) {
            rates = self.rates_of(store, &place.country).await?;
        }
        Taxation::decide(query, registrations, place.as_ref(), &rates)
    }

    async fn rates_of(&self, store: &Store, country: &str) -> Result<Arc<Vec<TaxRate>>> {
        let cached = {
            let mut countries = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
            if countries.len() >= MAX_COUNTRIES && !countries.contains_key(country) {
                countries.clear();
            }
            Arc::clone(countries.entry(country.to_owned()).or_default())
        };
        cached.get_or_read(store.read_tax_rates(country)).await
    }
}
