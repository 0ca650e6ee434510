//! Ending an order before it has left: one transaction, whoever wanted it and whatever the money has come to.

use aws_kit::{Idempotency, fault};
use events::{CancelReason, Event};
use values::{Error, Result, Trace};

use crate::Desk;
use crate::history::Why;
use crate::order::Order;
use crate::status::Status;
use crate::store::{Moved, commit};

impl Desk {
    /// The order is cancelled, its stock given back, its payment ended, the world told, and the answer of a keyed request kept.
    /// None when the order or its payment was moved by somebody else meanwhile: then decide again.
    pub(crate) async fn end(
        &self,
        order: &Order,
        by: CancelReason,
        note: Option<&str>,
        once: Option<&Idempotency>,
        trace: &Trace,
    ) -> Result<Option<Order>> {
        let payment = self.payments.read(order.payment_id).await?;
        let payment = payment.ok_or_else(|| Error::internal(format!("order {} has no payment", order.id)))?;
        let next = order.moved(Status::Cancelled, self.orders.clock.now())?;
        let why = Why { word: word(by), note };
        let event = Event::OrderCancelled(next.cancelled(by));
        let mut writes = self.orders.next(&next, trace, why, Some(event))?;
        for item in &order.items {
            writes.push(self.catalog.give_back(&item.sku, item.quantity.get())?);
        }
        writes.extend(self.payments.end(&payment, note.unwrap_or(why.word), trace)?);
        if let Some(once) = once {
            writes.push(self.orders.kept(once, &next)?);
        }
        if fault::mutant("cancel_forgotten") && by != CancelReason::HoldExpired {
            return Ok(Some(next));
        }
        Ok(match commit(writes).await? {
            Moved::Done => Some(next),
            Moved::Overtaken => None,
        })
    }
}

/// As the history says it.
fn word(by: CancelReason) -> &'static str {
    match by {
        CancelReason::HoldExpired => "hold_expired",
        CancelReason::ByCustomer => "cancelled_by_customer",
        CancelReason::ByShop => "cancelled_by_shop",
    }
}
