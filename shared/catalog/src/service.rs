//! The catalog as the shop's pages and its admins use it, and what all changes of a product have in common.

use aws_kit::{Aws, CommitError, Idempotency, Idempotent, Settings, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{Clock, Currency, Result};

use crate::Catalog;

/// The use cases of products: each in the file of its name. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CatalogService {
    pub(crate) catalog: Catalog,
    pub(crate) clock: Clock,
    pub(crate) currency: Currency,
}

impl CatalogService {
    /// The table that `SOUK_TABLE_CATALOG` names; prices are in `SOUK_CURRENCY`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(Catalog::from_env(aws)?, Clock::System, Settings.parsed("SOUK_CURRENCY")?))
    }

    /// That catalog, with that clock and currency.
    pub fn new(catalog: Catalog, clock: Clock, currency: Currency) -> Self {
        Self { catalog, clock, currency }
    }

    /// The catalog underneath.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The currency of all prices.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Commits a change and, for a keyed request, its answer; a repetition gets the answer of the first time.
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

    /// A keyed request that failed may have been done before: then it is answered as it was then.
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
