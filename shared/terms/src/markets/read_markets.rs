//! Use cases: read markets as an admin, from the table.

use values::{Error, Result};

use crate::TermsService;
use crate::markets::market::Market;
use crate::markets::market_set::MarketSet;
use crate::slug::MarketKey;

impl TermsService {
    /// All markets by key, also those that are not active. A shop without stored markets has the one that is implied. 1 round trip.
    pub async fn markets(&self) -> Result<Vec<Market>> {
        Ok(self.market_set().await?.all().cloned().collect())
    }

    /// One market, active or not. 404. 1 round trip.
    pub async fn market(&self, key: &MarketKey) -> Result<Market> {
        self.market_set().await?.get(key).cloned().ok_or_else(|| Error::not_found("market"))
    }

    pub(crate) async fn market_set(&self) -> Result<MarketSet> {
        MarketSet::new(self.terms.store.read_markets().await?, self.terms.currency)
    }
}
