//! Reading an order: its buyer, an admin, or a guest who holds its token. To anybody else it does not exist.

use aws_kit::matches_digest;
use events::Recipient;
use values::{Caller, Error, OrderId, Permission, Result};

use crate::order::{Order, Private};
use crate::store::Orders;

/// An order with its personal data, unless that was erased.
#[derive(Debug, Clone)]
pub struct Full {
    /// The order.
    pub order: Order,
    /// Where it goes and how a guest is reached.
    pub private: Option<Private>,
}

impl Orders {
    /// The order, for whoever may see it.
    pub async fn show(&self, id: OrderId, caller: &Caller, order_token: Option<&str>) -> Result<Full> {
        let full = self.read_full(id).await?;
        full.filter(|full| may_see(full, caller, order_token)).ok_or_else(|| Error::not_found("order"))
    }

    /// The same for whoever may do something with it: who bought it, and who moves orders. Seeing it is not enough.
    pub(crate) async fn touch(&self, id: OrderId, caller: &Caller, order_token: Option<&str>) -> Result<Full> {
        let full = self.read_full(id).await?;
        let may = |full: &Full| caller.may(Permission::MoveOrders) || is_theirs(full, caller, order_token);
        full.filter(may).ok_or_else(|| Error::not_found("order"))
    }
}

fn may_see(full: &Full, caller: &Caller, order_token: Option<&str>) -> bool {
    caller.may(Permission::ReadOrders) || is_theirs(full, caller, order_token)
}

fn is_theirs(full: &Full, caller: &Caller, order_token: Option<&str>) -> bool {
    let bought = matches!((full.order.buyer, caller.user()), (Recipient::User(buyer), Some(user)) if buyer == user);
    let digest = full.private.as_ref().and_then(|private| private.token_digest.as_deref());
    bought || matches_digest(order_token, digest)
}
