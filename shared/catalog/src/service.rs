//! The service of the catalog, and what all its writes share.

use aws_kit::{Aws, ConditionFailures, Decision, Idempotency, Idempotent, OptimisticWrite, Settings};
use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{Clock, Currency, ProductId, Result};

use crate::Catalog;

/// The use cases of the catalog. Each is in a file of its room. Clones are cheap.
#[derive(Debug, Clone)]
pub struct CatalogService {
    pub(crate) catalog: Catalog,
    pub(crate) clock: Clock,
    pub(crate) currency: Currency,
}

impl CatalogService {
    /// A service on the table `SOUK_TABLE_CATALOG`, with prices in `SOUK_CURRENCY`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(Catalog::from_env(aws)?, Clock::System, Settings.parsed("SOUK_CURRENCY")?))
    }

    /// A service with a given catalog, clock and currency.
    pub fn new(catalog: Catalog, clock: Clock, currency: Currency) -> Self {
        Self { catalog, clock, currency }
    }

    /// The catalog's table.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The currency of all prices.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The write of all use cases: it decides again after a concurrent update.
    pub(crate) fn write(&self) -> OptimisticWrite<'_> {
        OptimisticWrite::new(self.catalog.table(), &self.clock)
    }

    /// A write that changes one product or its rating. The cache forgets the product after each attempt, because the
    /// attempt or a concurrent update may have changed it.
    pub(crate) async fn write_product<'a, T, F, Fut>(
        &'a self,
        id: ProductId,
        idempotency: Option<&Idempotency>,
        mut decide: F,
    ) -> Result<Idempotent<T>>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(Option<ConditionFailures>) -> Fut,
        Fut: Future<Output = Result<Decision<'a, T>>>,
    {
        let decide = |failed: Option<ConditionFailures>| {
            if failed.is_some() {
                self.catalog.evict(id);
            }
            decide(failed)
        };
        let result = self.write().run_idempotent(idempotency, decide).await;
        self.catalog.evict(id);
        result
    }
}
