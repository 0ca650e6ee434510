//! Read an order for a caller. For a caller who may not read it, the order does not exist.

use aws_kit::matches_digest;
use events::Recipient;
use values::{Caller, Error, OrderId, Permission, Result};

use crate::order::OrderDetails;
use crate::store::Orders;

impl Orders {
    /// The order, for its buyer, a holder of its token, and callers who may read orders; 404 for all others. 1 round trip.
    pub async fn read_visible(&self, id: OrderId, caller: &Caller, order_token: Option<&str>) -> Result<OrderDetails> {
        let details = self.read_details(id).await?;
        let can_read =
            |details: &OrderDetails| caller.may(Permission::ReadOrders) || self.is_buyer(details, caller, order_token);
        details.filter(can_read).ok_or_else(|| Error::not_found("order"))
    }

    /// The order, for its buyer, a holder of its token, and callers who may move orders; 404 for all others. The permission to
    /// read orders is not enough. 1 round trip.
    pub(crate) async fn read_changeable(
        &self,
        id: OrderId,
        caller: &Caller,
        order_token: Option<&str>,
    ) -> Result<OrderDetails> {
        let details = self.read_details(id).await?;
        let can_change =
            |details: &OrderDetails| caller.may(Permission::MoveOrders) || self.is_buyer(details, caller, order_token);
        details.filter(can_change).ok_or_else(|| Error::not_found("order"))
    }

    /// Is the caller the account that bought, or do they hold the token of the order, which has not ended?
    fn is_buyer(&self, details: &OrderDetails, caller: &Caller, order_token: Option<&str>) -> bool {
        let OrderDetails { order, personal } = details;
        let bought = matches!((order.buyer, caller.user()), (Recipient::User(buyer), Some(user)) if buyer == user);
        let digest = personal.as_ref().and_then(|personal| personal.token_digest.as_deref());
        bought || matches_digest(order_token, digest) && !order.has_token_ended(self.clock.now())
    }
}
