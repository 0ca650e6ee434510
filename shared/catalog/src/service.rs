//! The service of the catalog, and what all its writes share.

use aws_kit::{Aws, CommitError, Idempotency, Idempotent, Settings, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{Clock, Currency, Result};

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

    /// Commits a transaction and stores the response of an idempotent request in it. A repeated request gets the stored
    /// response.
    pub(crate) async fn commit<T: Serialize + DeserializeOwned>(
        &self,
        mut writes: Transaction,
        response: T,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<T>, CommitError> {
        let table = self.catalog.table();
        let store = idempotency.map(|idempotency| idempotency.keep(table, &response, self.clock.now())).transpose();
        let response_slot = store.map_err(CommitError::Failed)?.map(|write| writes.add(write));
        match writes.commit().await {
            Ok(()) => Ok(Idempotent::Fresh(response)),
            Err(CommitError::ConditionFailed(failures)) => {
                match (idempotency, response_slot.and_then(|slot| failures.of(slot))) {
                    (Some(idempotency), Some(failure)) => {
                        idempotency.recalled(failure).map(Idempotent::Replayed).map_err(CommitError::Failed)
                    }
                    _ => Err(CommitError::ConditionFailed(failures)),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// If an idempotent request failed because it was done before, returns the stored response.
    pub(crate) async fn or_earlier<T: DeserializeOwned>(
        &self,
        result: Result<Idempotent<T>>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<T>> {
        match (result, idempotency) {
            (Err(error), Some(idempotency)) => {
                idempotency.or_earlier(self.catalog.table(), self.clock.now(), error).await.map(Idempotent::Replayed)
            }
            (result, _) => result,
        }
    }
}
