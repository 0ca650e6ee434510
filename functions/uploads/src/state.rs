//! The state that the handler shares.

use aws_kit::{Aws, Bucket, Table};
use catalog::{CatalogService, JobService};
use values::Result;

/// What the handler shares.
pub struct State {
    pub(crate) products: CatalogService,
    pub(crate) jobs: JobService,
    pub(crate) bucket: Bucket,
}

impl State {
    /// From the environment variables that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let (products, bucket) = (CatalogService::from_env(aws)?, Bucket::from_env(aws)?);
        Ok(Self { jobs: JobService::new(products.clone(), bucket.clone()), products, bucket })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.products.catalog().table()
    }
}
