//! The state that the handlers share.

use aws_kit::{Aws, Bucket, Table};
use axum::extract::FromRef;
use axum::response::Response;
use catalog::{CatalogService, JobService, Listing, Media, PriceList, ProductOut, ShownStock};
use http_kit::{Cursors, IfNoneMatch, Verifier, with_etag};
use terms::{MarketKey, Terms};
use values::{Caller, Permission, Result};

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) products: CatalogService,
    terms: Terms,
    pub(crate) verifier: Verifier,
    pub(crate) cursors: Cursors,
    pub(crate) media: Media,
    pub(crate) bucket: Bucket,
    pub(crate) jobs: JobService,
    pub(crate) shown_stock: ShownStock,
}

impl State {
    /// From the environment variables that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let (products, verifier) = (CatalogService::from_env(aws)?, Verifier::from_env(aws)?);
        let (cursors, media, bucket) = (Cursors::from_env()?, Media::from_env(), Bucket::from_env(aws)?);
        let jobs = JobService::new(products.clone(), bucket.clone());
        let (terms, shown_stock) = (Terms::from_env(aws)?, ShownStock::from_env()?);
        Ok(Self { products, terms, verifier, cursors, media, bucket, jobs, shown_stock })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.products.catalog().table()
    }

    /// The price list of a market, or of the default market. None for all prices, which an admin who names no market may change, and if the
    /// default market has the prices of all offers, as in a shop without price lists. The caller's account is not read, so nobody sees the
    /// prices of a customer group. 0 or 1 round trips.
    pub(crate) async fn price_list(&self, market: Option<&MarketKey>, caller: &Caller) -> Result<Option<PriceList>> {
        if market.is_none() && caller.may(Permission::ManageProducts) {
            return Ok(None);
        }
        let is_named = market.is_some();
        let market = self.terms.market(market).await?;
        let list = PriceList::new(market.price_list(), market.content.currency)?;
        Ok(Some(list).filter(|list| is_named || !list.list.is_default()))
    }

    /// The response to an admin's change: the product with its entity tag.
    pub(crate) fn product_response(&self, listing: Listing) -> Response {
        with_etag(listing.etag(), &IfNoneMatch::default(), ProductOut::new(listing, &self.media, ShownStock::ALL, None))
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

impl FromRef<State> for Cursors {
    fn from_ref(state: &State) -> Self {
        state.cursors.clone()
    }
}
