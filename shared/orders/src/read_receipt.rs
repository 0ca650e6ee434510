//! Read the receipt of an order, for a mail to its buyer.

use events::{Line, Recipient};
use values::{OrderId, Result};

use crate::store::Orders;

/// What a mail about a paid order shows of it.
#[derive(Debug, Clone, Default)]
pub struct Receipt {
    pub lines: Vec<Line>,
    /// The lines of the postal address. Empty after an erasure.
    pub label: Vec<String>,
}

impl Orders {
    /// The receipt of the order. None if another buyer placed it, because a forged event must not mail an address to a stranger. 1 read.
    pub async fn read_receipt(&self, id: OrderId, buyer: Recipient) -> Result<Option<Receipt>> {
        let details = self.read_details(id).await?.filter(|details| details.order.buyer == buyer);
        Ok(details.map(|details| Receipt {
            lines: details.order.event_lines(),
            label: details.personal.map(|personal| personal.shipping_address.lines()).unwrap_or_default(),
        }))
    }
}
