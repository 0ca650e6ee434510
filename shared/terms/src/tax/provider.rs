//! The port for a tax provider: a service that knows the rates of each city, and that files tax returns.

use pricing::TaxSum;
use values::{OrderId, RefundId, Result, Timestamp};

use crate::destination::Destination;
use crate::tax::taxation::{TaxQuery, Taxation};

/// A tax provider. It answers soon, or fails with an outage.
pub(crate) trait TaxProvider {
    /// The taxes of a sale.
    fn calculate(&self, query: &TaxQuery) -> impl Future<Output = Result<Taxation>> + Send;

    /// Records the taxes of an order, for the tax return. A repetition for the same order changes nothing.
    fn commit(&self, taxes: &TaxRecord) -> impl Future<Output = Result<()>> + Send;

    /// Records that taxes of an order were refunded. A repetition for the same refund changes nothing.
    fn refund(&self, taxes: &TaxRefund) -> impl Future<Output = Result<()>> + Send;
}

/// The taxes of an order, as a provider records them. A repetition has the same content.
#[derive(Debug, Clone)]
pub struct TaxRecord {
    pub order: OrderId,
    pub destination: Destination,
    pub taxes: Vec<TaxSum>,
    /// When the tax is due.
    pub at: Timestamp,
}

/// The taxes that a refund returns, as a provider records them. A repetition has the same content.
#[derive(Debug, Clone)]
pub struct TaxRefund {
    pub order: OrderId,
    pub refund: RefundId,
    /// That of the order.
    pub destination: Destination,
    pub taxes: Vec<TaxSum>,
    pub at: Timestamp,
}
