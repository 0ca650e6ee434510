//! Record the taxes of an order with its tax provider, after its payment was captured.

use aws_kit::fault;
use terms::Terms;
use tracing::info;
use values::{Error, OrderId, Result};

use crate::due_taxes::TaxOutcome;
use crate::service::OrderService;

impl OrderService {
    /// Records the due taxes of an order. Does nothing if none are due, or if they are recorded. An outage leaves them due, and the next
    /// sweep finds them. 409 `tax_record_refused` or `tax_record_mismatch` of the provider: no sweep finds them any more, but a repetition of
    /// the message tries again. 2 reads, 1 call of the provider, 1 write.
    pub async fn record_taxes(&self, terms: &Terms, id: OrderId) -> Result<()> {
        let due = self.orders.read_due_taxes(id).await?;
        let Some(due) = due.filter(|due| due.outcome != Some(TaxOutcome::Recorded)) else { return Ok(()) };
        let order = self.orders.read(id).await?.ok_or_else(|| Error::not_found("order"))?;
        let Some(record) = due.record(&order) else { return Ok(()) };
        let result = match terms.records_taxes_of(&record.destination) {
            true => terms.commit_taxes(&record).await,
            // The settings have changed since the order was placed. That is no reason to call the taxes recorded.
            false => Err(Error::conflict("tax_record_refused", "No tax provider records the taxes of this country.")),
        };
        if result.as_ref().is_err_and(|error| error.is_outage()) {
            return result;
        }
        let outcome = match result.is_ok() {
            true => TaxOutcome::Recorded,
            false => TaxOutcome::Refused,
        };
        fault::point("taxes.recorded");
        self.orders.save_outcome(&due, outcome).await?;
        if outcome == TaxOutcome::Recorded {
            info!(order.id = %id, "taxes recorded");
        }
        result
    }
}
