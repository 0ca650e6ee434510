//! The state of the handler.

use aws_kit::{Aws, Bucket, Queue, Table};
use cart::Carts;
use catalog::CatalogService;
use identity::AccountService;
use orders::Orders;
use payments::Payments;
use values::{Clock, Result};

/// The services of every context that stores personal data.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) accounts: AccountService,
    pub(crate) orders: Orders,
    pub(crate) payments: Payments,
    pub(crate) products: CatalogService,
    pub(crate) carts: Carts,
    pub(crate) bucket: Bucket,
    pub(crate) queue: Queue,
    pub(crate) clock: Clock,
}

impl State {
    /// Reads the environment.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let clock = Clock::System;
        Ok(Self {
            accounts: AccountService::from_env(aws)?,
            orders: Orders::from_env(aws, clock.clone())?,
            payments: Payments::from_env(aws, clock.clone())?,
            products: CatalogService::from_env(aws)?,
            carts: Carts::from_env(aws)?,
            bucket: Bucket::from_env(aws)?,
            queue: Queue::from_env(aws, "SOUK_QUEUE_PRIVACY", clock.clone())?,
            clock,
        })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.accounts.table()
    }
}
