//! The terms as a sale reads them: from memory, and from the table every 30 seconds.

use std::sync::Arc;

use aws_kit::{Aws, Settings, Table};
use values::{Currency, Result};

use crate::cached::Cached;
use crate::markets::market::Market;
use crate::markets::market_set::MarketSet;
use crate::shipping::offer::{OfferedMethod, ShippingQuery, offers};
use crate::shipping::zone_set::ZoneSet;
use crate::slug::MarketKey;
use crate::store::Store;
use crate::tax::rules::TaxRules;
use crate::tax::taxation::{TaxQuery, Taxation};

/// The terms of the shop. Clones are cheap and share their memory.
#[derive(Debug, Clone)]
pub struct Terms {
    pub(crate) store: Store,
    /// The currency of the shop, which the default market has.
    pub(crate) currency: Currency,
    memory: Arc<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    markets: Cached<MarketSet>,
    taxes: TaxRules,
    zones: Cached<ZoneSet>,
}

impl Terms {
    /// The table `SOUK_TABLE_TERMS` of a shop with the currency `SOUK_CURRENCY`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_TERMS")?, Settings.parsed("SOUK_CURRENCY")?))
    }

    /// A given table and currency.
    pub fn new(table: Table, currency: Currency) -> Self {
        Self { store: Store::new(table), currency, memory: Arc::default() }
    }

    /// The table, for example to open its connection early.
    pub fn table(&self) -> &Table {
        &self.store.table
    }

    /// The active markets, by key. 0 or 1 round trips.
    pub async fn markets(&self) -> Result<Vec<Market>> {
        Ok(self.market_set().await?.all().filter(|market| market.is_active()).cloned().collect())
    }

    /// The active market with that key, or the default market. A key that is not known is looked up in the table: an admin may have created
    /// the market a moment ago. 422 `market_unknown`. 0 or 1 round trips.
    pub async fn market(&self, key: Option<&MarketKey>) -> Result<Market> {
        if let Ok(market) = self.market_set().await?.find(key) {
            return Ok(market.clone());
        }
        self.forget_markets();
        self.market_set().await?.find(key).cloned()
    }

    /// The shipping methods for a destination, the cheapest first. None if the shop has no zones. 422 `destination_unserved` if it has, and
    /// none of their methods serves the destination, the weight and the value. 0 or 1 round trips.
    pub async fn shipping_methods(&self, query: &ShippingQuery<'_>) -> Result<Vec<OfferedMethod>> {
        let zones = self.memory.zones.get_or_read(async { Ok(ZoneSet::new(self.store.read_zones().await?)) }).await?;
        offers(&zones, query)
    }

    /// The taxes of a sale. 422 `tax_rate_missing`. 0 to 2 round trips.
    pub async fn taxes(&self, query: &TaxQuery) -> Result<Taxation> {
        self.memory.taxes.taxes(&self.store, query).await
    }

    /// Drops the cached markets after a change.
    pub(crate) fn forget_markets(&self) {
        self.memory.markets.clear();
    }

    /// Drops the cached zones after a change.
    pub(crate) fn forget_zones(&self) {
        self.memory.zones.clear();
    }

    async fn market_set(&self) -> Result<Arc<MarketSet>> {
        let read = async { MarketSet::new(self.store.read_markets().await?, self.currency) };
        self.memory.markets.get_or_read(read).await
    }
}
