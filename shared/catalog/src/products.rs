//! The catalog as the shop's pages and its admins use it, and what all changes of a product have in common.

use aws_kit::{Attempt, Aws, CommitError, Idempotency, Settings, Transaction, outbox_put};
use events::{Envelope, Event, ProductChanged};
use values::{Clock, Currency, Error, ProductId, Result, Trace};

use crate::{Catalog, Listing, Status};

/// The use cases of products: each in the file of its name. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Products {
    pub(crate) catalog: Catalog,
    pub(crate) clock: Clock,
    pub(crate) currency: Currency,
}

impl Products {
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

    /// The listing that is to be changed, if it is in the shop and at `version`.
    pub(crate) async fn at_version(&self, id: ProductId, version: Option<u64>) -> Result<Listing> {
        let listing = self.catalog.listing(id).await?.ok_or_else(|| Error::not_found("product"))?;
        if version.is_some_and(|version| version != listing.product.version) {
            return Err(Error::version_mismatch("product"));
        }
        match listing.product.status {
            Status::Active => Ok(listing),
            Status::Archived => Err(Error::conflict("product_archived", "An archived product stays as it is.")),
        }
    }

    /// Writes `after` over `before`, with the event that tells of it: product and, if it says anything else now, offer.
    pub(crate) async fn save(
        &self,
        before: &Listing,
        after: Listing,
        event: fn(ProductChanged) -> Event,
        trace: &Trace,
        once: Option<&Idempotency>,
    ) -> Result<Attempt<Listing>> {
        let mut writes = Transaction::new();
        let product = writes.add(self.catalog.put_product_over(before.product.version, &after.product)?);
        if before.offer != after.offer {
            writes.add(self.catalog.change_offer(&after.offer)?);
        }
        let told = self.tell(&after, event, trace);
        match self.commit(writes, &told, after, once).await {
            Err(CommitError::Refused(refusals)) if refusals.of(product).is_some() => {
                Err(Error::version_mismatch("product"))
            }
            done => Ok(done?),
        }
    }

    /// The event of a product as it is after a change.
    pub(crate) fn tell(&self, after: &Listing, event: fn(ProductChanged) -> Event, trace: &Trace) -> Envelope {
        let product = &after.product;
        let changed = event(ProductChanged { product_id: product.id, sku: product.sku.clone() });
        Envelope::new(&self.clock, trace, product.id, product.version, changed)
    }

    /// Commits a change with its event and, for a keyed request, its answer; a repetition gets the answer of the first time.
    pub(crate) async fn commit(
        &self,
        mut writes: Transaction,
        event: &Envelope,
        answer: Listing,
        once: Option<&Idempotency>,
    ) -> Result<Attempt<Listing>, CommitError> {
        let table = self.catalog.table();
        writes.add(outbox_put(table, event).map_err(CommitError::Failed)?);
        let keep = once.map(|once| once.keep(table, &answer, self.clock.now())).transpose();
        let kept = keep.map_err(CommitError::Failed)?.map(|write| writes.add(write));
        match writes.commit().await {
            Ok(()) => Ok(Attempt::Fresh(answer)),
            Err(CommitError::Refused(refusals)) => match (once, kept.and_then(|slot| refusals.of(slot))) {
                (Some(once), Some(refused)) => {
                    once.recalled(refused).map(Attempt::Replayed).map_err(CommitError::Failed)
                }
                _ => Err(CommitError::Refused(refusals)),
            },
            Err(failed) => Err(failed),
        }
    }

    /// A keyed request that failed may have been done before: then it is answered as it was then.
    pub(crate) async fn or_earlier(
        &self,
        tried: Result<Attempt<Listing>>,
        once: Option<&Idempotency>,
    ) -> Result<Attempt<Listing>> {
        match (tried, once) {
            (Err(error), Some(once)) => {
                once.or_earlier(self.catalog.table(), self.clock.now(), error).await.map(Attempt::Replayed)
            }
            (tried, _) => tried,
        }
    }
}
