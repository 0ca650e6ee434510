//! The terms as a sale reads them: from memory, and from the table every 30 seconds.

use std::sync::Arc;

use aws_kit::{Aws, Settings, Table};
use values::{Currency, Result};

use crate::cached::Cached;
use crate::destination::Destination;
use crate::markets::market::Market;
use crate::markets::market_set::MarketSet;
use crate::shipping::offer::{OfferedMethod, ShippingQuery, offers};
use crate::shipping::zone_set::ZoneSet;
use crate::slug::MarketKey;
use crate::store::Store;
use crate::tax::custom_provider::CustomProvider;
use crate::tax::provider::{TaxRecord, TaxRefund};
use crate::tax::provider_taxes::ProviderTaxes;
use crate::tax::rules::TaxRules;
use crate::tax::taxation::{TaxQuery, Taxation};

/// The terms of the shop. Clones are cheap and share their memory.
#[derive(Debug, Clone)]
pub struct Terms {
    pub(crate) store: Store,
    /// The currency of the shop, which the default market has.
    pub(crate) currency: Currency,
    memory: Arc<Memory>,
    /// None: the shop's own rates alone.
    provider: Option<Arc<ProviderTaxes<CustomProvider>>>,
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
        Self { store: Store::new(table), currency, memory: Arc::default(), provider: None }
    }

    /// These terms with the tax provider of `SOUK_TAX_PROVIDER_URL` (docs/tax-provider.md), if it is set. Only functions that price or record
    /// orders need it.
    pub fn with_tax_provider(self, aws: &Aws) -> Result<Self> {
        let provider = ProviderTaxes::from_env(aws, self.table())?.map(Arc::new);
        Ok(Self { provider, ..self })
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

    /// The taxes of a sale: of the provider, if it knows the country, or else by the shop's own rates. 422 `tax_rate_missing`, or
    /// `destination_untaxable` of the provider; 503 `tax_unavailable` in an outage of it. 0 to 2 round trips, or 1 call of the provider.
    pub async fn taxes(&self, query: &TaxQuery) -> Result<Taxation> {
        if let Some(provider) = &self.provider
            && let Some(taxation) = provider.calculate(query).await?
        {
            return Ok(taxation);
        }
        self.memory.taxes.taxes(&self.store, query).await
    }

    /// Does the provider record the taxes of orders to this place?
    pub fn records_taxes_of(&self, place: &Destination) -> bool {
        self.provider.as_ref().is_some_and(|provider| provider.knows(place))
    }

    /// Records the taxes of an order with the provider, when they are due. Without a provider for the country it does nothing, and so does a
    /// repetition. An outage is to be tried again; 409 `tax_record_refused` and `tax_record_mismatch` are not. At most 1 call.
    pub async fn commit_taxes(&self, taxes: &TaxRecord) -> Result<()> {
        match &self.provider {
            Some(provider) => provider.commit(taxes).await,
            None => Ok(()),
        }
    }

    /// Records the taxes of a refund in the same way, after those of its order.
    pub async fn refund_taxes(&self, taxes: &TaxRefund) -> Result<()> {
        match &self.provider {
            Some(provider) => provider.refund(taxes).await,
            None => Ok(()),
        }
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
