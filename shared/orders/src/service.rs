//! The service that moves orders: the orders, with the stock and the payments that belong to them.

use aws_kit::Aws;
use catalog::Catalog;
use payments::Payments;
use values::{Clock, Result};

use crate::store::Orders;

/// Moves orders that exist.
#[derive(Debug, Clone)]
pub struct OrderService {
    pub orders: Orders,
    /// Holds the stock, which is released when an order is cancelled.
    pub catalog: Catalog,
    pub payments: Payments,
}

impl OrderService {
    /// The tables are named by the environment.
    pub fn from_env(aws: &Aws, clock: Clock) -> Result<Self> {
        Ok(Self {
            orders: Orders::from_env(aws, clock.clone())?,
            catalog: Catalog::from_env(aws)?,
            payments: Payments::from_env(aws, clock)?,
        })
    }
}
