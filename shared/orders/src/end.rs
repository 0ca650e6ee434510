//! Ending an order before it has left: one transaction, whoever wanted it and whatever the money has come to.

use aws_kit::{Idempotency, MAX_TRANSACTION_WRITES, fault};
use cart::Cart;
use events::{CancelReason, Event};
use payments::Payment;
use values::{Error, Result, Trace};

use crate::Desk;
use crate::history::Why;
use crate::order::Order;
use crate::status::Status;
use crate::store::{Moved, commit};

/// Order, history, event; payment, its refund and the event of that; kept answer.
const OTHER_WRITES: usize = 7;
const _: () =
    assert!(Cart::MOST_LINES + OTHER_WRITES <= MAX_TRANSACTION_WRITES, "the end of an order must fit one transaction");

impl Desk {
    /// The order is cancelled, its stock given back, its payment ended, the world told, and the answer of a keyed request kept.
    /// None when the order or its payment was moved by somebody else meanwhile: then decide again. The end of a hold confirms an
    /// order that was paid in time instead.
    pub(crate) async fn end(
        &self,
        order: &Order,
        by: CancelReason,
        note: Option<&str>,
        idempotency: Option<&Idempotency>,
        trace: &Trace,
    ) -> Result<Option<Order>> {
        let payment = self.payments.read(order.payment_id).await?;
        let payment = payment.ok_or_else(|| Error::internal(format!("order {} has no payment", order.id)))?;
        if paid_in_time(order.status, by, payment.status) {
            return self.confirm(order, &payment, trace).await;
        }
        let next = order.moved(Status::Cancelled, self.orders.clock.now())?;
        let why = Why { word: word(by), note };
        let event = Event::OrderCancelled(next.cancelled(by));
        let mut writes = self.orders.next(&next, trace, why, Some(event))?;
        for item in &order.items {
            writes.push(self.catalog.release_stock(&item.sku, item.quantity.get())?);
        }
        writes.extend(self.payments.end(&payment, note.unwrap_or(why.word), trace)?);
        let kept = idempotency.map(|idempotency| self.orders.kept(idempotency, &next)).transpose()?;
        if fault::mutant("cancel_forgotten") && by != CancelReason::HoldExpired {
            return Ok(Some(next));
        }
        Ok(match commit(writes, kept).await? {
            Moved::Done => Some(next),
            Moved::Overtaken => None,
        })
    }

    /// The order was paid in time, though nobody told it yet: it is confirmed, as the event of that would have done it. None
    /// when it was moved by somebody else meanwhile.
    ///
    /// The payment's version is no condition here, for the order's says enough: what ends a reservation of ours is a move of the
    /// order in the same transaction. What a provider does by itself is told with a higher sequence, as after any confirmation.
    async fn confirm(&self, order: &Order, payment: &Payment, trace: &Trace) -> Result<Option<Order>> {
        let next = order.authorized(payment.version, self.orders.clock.now())?;
        let event = Event::OrderConfirmed(next.confirmed());
        let writes = self.orders.next(&next, trace, "payment.authorized", Some(event))?;
        Ok(match commit(writes, None).await? {
            Moved::Done => Some(next),
            Moved::Overtaken => None,
        })
    }
}

/// Is it only the event that is late, and not the payment? Then the end of the hold ends nothing. Whoever else ends an order
/// wants it ended, paid or not.
fn paid_in_time(order: Status, by: CancelReason, payment: payments::Status) -> bool {
    by == CancelReason::HoldExpired && order == Status::Pending && payment == payments::Status::Authorized
}

/// As the history says it.
fn word(by: CancelReason) -> &'static str {
    match by {
        CancelReason::HoldExpired => "hold_expired",
        CancelReason::ByCustomer => "cancelled_by_customer",
        CancelReason::ByShop => "cancelled_by_shop",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use payments::Status::{Authorized, Cancelled, Failed, Open, RequiresAction};

    #[test]
    fn only_the_end_of_a_hold_yields_to_a_payment_in_time() {
        assert!(paid_in_time(Status::Pending, CancelReason::HoldExpired, Authorized));
        for by in [CancelReason::ByCustomer, CancelReason::ByShop] {
            assert!(!paid_in_time(Status::Pending, by, Authorized));
        }
        for unpaid in [Open, RequiresAction, Failed, Cancelled] {
            assert!(!paid_in_time(Status::Pending, CancelReason::HoldExpired, unpaid));
        }
    }
}
