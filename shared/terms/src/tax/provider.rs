//! The port for a tax provider: a service that knows the rates of each city, and that files tax returns.

use std::time::Duration;

use pricing::TaxSum;
use tokio::time::timeout;
use tracing::warn;
use values::{Error, Kind, OrderId, RefundId, Result, Timestamp};

use crate::destination::Destination;
use crate::tax::taxation::{TaxQuery, Taxation};

/// The time in which a provider has to answer a sale.
const LIMIT: Duration = Duration::from_secs(2);

/// A tax provider.
pub trait TaxProvider {
    /// The taxes of a sale.
    fn calculate(&self, query: &TaxQuery) -> impl Future<Output = Result<Taxation>> + Send;

    /// Records the taxes of an order, for the tax return. A repetition for the same order changes nothing.
    fn commit(&self, taxes: &TaxRecord) -> impl Future<Output = Result<()>> + Send;

    /// Records that taxes of an order were refunded. A repetition for the same refund changes nothing.
    fn refund(&self, taxes: &TaxRefund) -> impl Future<Output = Result<()>> + Send;
}

/// The taxes of an order, as a provider records them.
#[derive(Debug, Clone)]
pub struct TaxRecord {
    pub order: OrderId,
    pub destination: Destination,
    pub taxes: Vec<TaxSum>,
    /// When the tax is due.
    pub at: Timestamp,
}

/// The taxes that a refund returns, as a provider records them.
#[derive(Debug, Clone)]
pub struct TaxRefund {
    pub order: OrderId,
    pub refund: RefundId,
    pub taxes: Vec<TaxSum>,
    pub at: Timestamp,
}

/// What to do while a provider does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// The shop's own rates are good enough.
    Tables,
    /// No sale without the provider.
    Refuse,
}

/// The taxes of a sale by a provider, which has 2 seconds. In an outage of it: none if the tables are allowed, or else 503
/// `tax_unavailable`. Its other errors are returned.
pub async fn calculate_taxes<P: TaxProvider>(
    provider: &P,
    query: &TaxQuery,
    fallback: Fallback,
) -> Result<Option<Taxation>> {
    calculate_within(LIMIT, provider, query, fallback).await
}

async fn calculate_within<P: TaxProvider>(
    limit: Duration,
    provider: &P,
    query: &TaxQuery,
    fallback: Fallback,
) -> Result<Option<Taxation>> {
    let error = match timeout(limit, provider.calculate(query)).await {
        Ok(Ok(taxation)) => return Ok(Some(taxation)),
        Ok(Err(error)) if !error.is_outage() => return Err(error),
        Ok(Err(error)) => error,
        Err(elapsed) => Error::unavailable("tax provider", elapsed),
    };
    match fallback {
        Fallback::Tables => {
            warn!(error.code = error.code, error.cause = error.causes(), "tax provider unavailable, own rates used");
            Ok(None)
        }
        Fallback::Refuse => {
            let detail = "The taxes could not be calculated in time. Try again.";
            Err(Error::new(Kind::Unavailable(2), "tax_unavailable", detail).caused_by(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::tests::destination;
    use crate::tax::buyer::BuyerTax;
    use pricing::ShippingTax;

    /// A provider that gives this answer, or none at all.
    struct Scripted(Option<fn() -> Result<Taxation>>);

    impl TaxProvider for Scripted {
        async fn calculate(&self, _: &TaxQuery) -> Result<Taxation> {
            match self.0 {
                Some(answer) => answer(),
                None => std::future::pending().await,
            }
        }

        async fn commit(&self, _: &TaxRecord) -> Result<()> {
            Ok(())
        }

        async fn refund(&self, _: &TaxRefund) -> Result<()> {
            Ok(())
        }
    }

    fn untaxed() -> Result<Taxation> {
        Ok(Taxation { classes: Vec::new(), shipping: ShippingTax::Never, exemption: None })
    }

    async fn provided(
        answer: Option<fn() -> Result<Taxation>>,
        fallback: Fallback,
    ) -> Result<Option<Taxation>, &'static str> {
        let at = "2026-11-21T12:00:00Z".parse().unwrap();
        let (classes, buyer) = (["standard".to_owned()].into(), BuyerTax::default());
        let query = TaxQuery { destination: destination("US", "NY", "10001"), classes, buyer, at };
        let provided = calculate_within(Duration::from_millis(20), &Scripted(answer), &query, fallback).await;
        provided.map_err(|error| error.code)
    }

    #[tokio::test]
    async fn answer_of_the_provider_counts() {
        for fallback in [Fallback::Tables, Fallback::Refuse] {
            assert_eq!(provided(Some(untaxed), fallback).await, Ok(untaxed().ok()));
        }
    }

    #[tokio::test]
    async fn outage_falls_back_to_the_tables_or_refuses_the_sale() {
        let outage: fn() -> Result<Taxation> = || Err(Error::unavailable("tax provider", "no answer"));
        for answer in [None, Some(outage)] {
            assert_eq!(provided(answer, Fallback::Tables).await, Ok(None));
            assert_eq!(provided(answer, Fallback::Refuse).await, Err("tax_unavailable"));
        }
    }

    #[tokio::test]
    async fn other_errors_are_returned() {
        let refusal: fn() -> Result<Taxation> =
            || Err(Error::invalid("postalCode", "postal_code_invalid", "is unknown"));
        for fallback in [Fallback::Tables, Fallback::Refuse] {
            assert_eq!(provided(Some(refusal), fallback).await, Err("validation_failed"));
        }
    }
}
