//! Read the label of an order, for a mail to its buyer.

use events::Recipient;
use values::{OrderId, Result};

use crate::store::Orders;

impl Orders {
    /// The lines of the order's postal address. None if another buyer placed it, because a forged event must not mail an address to a
    /// stranger; and none after an erasure. 1 read.
    pub async fn read_label(&self, id: OrderId, buyer: Recipient) -> Result<Option<Vec<String>>> {
        let details = self.read_details(id).await?.filter(|details| details.order.buyer == buyer);
        Ok(details.and_then(|details| details.personal).map(|personal| personal.shipping_address.lines()))
    }
}
