//! The state that the handlers share.

use aws_kit::{Aws, Bucket, Table};
use axum::extract::FromRef;
use axum::response::Response;
use catalog::{CatalogService, JobService, Listing, Media, ProductOut, ShownStock};
use http_kit::{Cursors, IfNoneMatch, Verifier, with_etag};
use values::Result;

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) products: CatalogService,
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
        let shown_stock = ShownStock::from_env()?;
        Ok(Self { products, verifier, cursors, media, bucket, jobs, shown_stock })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.products.catalog().table()
    }

    /// The response to an admin's change: the product with its entity tag.
    pub(crate) fn product_response(&self, listing: Listing) -> Response {
        with_etag(listing.etag(), &IfNoneMatch::default(), ProductOut::new(listing, &self.media, ShownStock::ALL))
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
