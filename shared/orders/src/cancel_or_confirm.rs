//! End an order before it is shipped, in one transaction: it is cancelled, or confirmed if its hold ended but it was
//! paid in time.

use aws_kit::{MAX_TRANSACTION_WRITES, Write};
use cart::Cart;
use events::{CancelReason, Event};
use payments::{NextPayment, Payment, PaymentEnd};
use values::{Error, Result, Trace};

use crate::history::Reason;
use crate::order::Order;
use crate::service::OrderService;
use crate::status::{PaymentStatus, Status};

/// Order, history, event; the counters of network and buyer, and of their cancellations; payment, its refund and the event of that;
/// stored response.
const OTHER_WRITES: usize = 11;
const _: () =
    assert!(Cart::MAX_LINES + OTHER_WRITES <= MAX_TRANSACTION_WRITES, "the end of an order must fit one transaction");

/// The end of an order.
pub(crate) struct Ending {
    /// The order as it is then.
    pub(crate) order: Order,
    pub(crate) writes: Vec<Write>,
    /// Whether money was authorised or captured for it.
    pub(crate) was_paid: bool,
}

impl OrderService {
    /// The writes that cancel the order, release its stock, end its payment and publish the event; and the order as it is
    /// then. If a hold has ended and the order was paid in time, they confirm the order instead. Their conditions fail
    /// when a concurrent update changed the order or its payment: then the caller decides again. 1 round trip, 1 more for a
    /// decline that the order did not know yet.
    pub(crate) async fn cancel_or_confirm(
        &self,
        order: &Order,
        by: CancelReason,
        note: Option<&str>,
        trace: &Trace,
    ) -> Result<Ending> {
        let payment = self.read_payment(order).await?;
        match was_paid_in_time(order.status, by, payment.status) {
            true => self.confirm(order, &payment, trace),
            false => self.cancel_with_payment(order, &payment, (by, note), trace).await,
        }
    }

    /// The payment of an order. 1 round trip.
    pub(crate) async fn read_payment(&self, order: &Order) -> Result<Payment> {
        let payment = self.payments.read(order.payment_id).await?;
        payment.ok_or_else(|| Error::internal(format!("order {} has no payment", order.id)))
    }

    /// The same as [`OrderService::cancel_or_confirm`], if it cancels the order, with the payment as the caller has read it. A worker
    /// voids the payment afterwards.
    pub(crate) async fn cancel_with_payment(
        &self,
        order: &Order,
        payment: &Payment,
        (by, note): (CancelReason, Option<&str>),
        trace: &Trace,
    ) -> Result<Ending> {
        let end = self.payments.end(payment, note.unwrap_or(reason_code(by)), trace)?;
        let next = order.transition(Status::Cancelled, self.orders.clock.now())?;
        self.cancel_to((order, next), payment, (by, note), end, trace).await
    }

    /// The same for a declined payment that the provider has cancelled before. Order and payment end at the same time.
    pub(crate) async fn expire_with_payment(
        &self,
        order: &Order,
        payment: &Payment,
        ended: NextPayment,
        trace: &Trace,
    ) -> Result<Ending> {
        let NextPayment { payment: cancelled, writes } = ended;
        let next = order.transition(Status::Cancelled, cancelled.updated_at)?;
        let next = Order { payment_status: PaymentStatus::Voided, payment_sequence: cancelled.version, ..next };
        let end = PaymentEnd { writes, awaits_void: false };
        self.cancel_to((order, next), payment, (CancelReason::HoldExpired, None), end, trace).await
    }

    /// The transaction that cancels an order, from the order as it was and as it is then.
    async fn cancel_to(
        &self,
        (order, mut next): (&Order, Order),
        payment: &Payment,
        (by, note): (CancelReason, Option<&str>),
        end: PaymentEnd,
        trace: &Trace,
    ) -> Result<Ending> {
        let reason = Reason { code: reason_code(by), note };
        let cancelled_at = next.updated_at;
        let event = Event::OrderCancelled(order.cancelled_event(by, payment.status, !end.awaits_void, cancelled_at));
        let declined = match order.misses_decline(payment) {
            true => self.orders.read_own_counters(order).await?,
            false => None,
        };
        let mut writes =
            self.orders.put_next_after_decline(&mut next, trace, reason, Some(event), declined.as_ref())?;
        let named = order.named_return(cancelled_at);
        for item in &order.items {
            writes.push(self.catalog.release_stock(&item.sku, item.quantity.get(), named.as_ref())?);
        }
        writes.extend(end.writes);
        Ok(Ending { order: next, writes, was_paid: was_paid(payment.status) })
    }

    /// The writes that confirm an order that was paid in time, as the payment event of the release before would have done. Today the
    /// transaction that authorises a payment confirms its order. The event wakes the worker for the capture.
    ///
    /// The version of the payment is not a condition here; that of the order is enough. We end an authorisation only
    /// in a transaction that also changes the order. What the provider does by itself is reported with a higher
    /// sequence, as after any confirmation.
    fn confirm(&self, order: &Order, payment: &Payment, trace: &Trace) -> Result<Ending> {
        let mut next = order.follow(PaymentStatus::Authorized, payment.version, self.orders.clock.now())?;
        let event = Event::OrderConfirmed(next.confirmed_event());
        let writes = self.orders.put_next(&mut next, trace, "payment.authorized", Some(event))?;
        Ok(Ending { order: next, writes, was_paid: true })
    }
}

/// Was money authorised or captured? Its void or refund costs fees.
fn was_paid(payment: payments::Status) -> bool {
    use payments::Status::{Authorized, Captured, PartiallyRefunded, Refunded};
    matches!(payment, Authorized | Captured | PartiallyRefunded | Refunded)
}

/// Is the event late, and not the payment? Then the end of the hold must not cancel the order. A cancellation by a
/// person cancels it, paid or not.
fn was_paid_in_time(order: Status, by: CancelReason, payment: payments::Status) -> bool {
    by == CancelReason::HoldExpired && order == Status::Pending && payment == payments::Status::Authorized
}

/// The reason in the history.
fn reason_code(by: CancelReason) -> &'static str {
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
    fn only_the_end_of_a_hold_confirms_a_paid_order() {
        assert!(was_paid_in_time(Status::Pending, CancelReason::HoldExpired, Authorized));
        for by in [CancelReason::ByCustomer, CancelReason::ByShop] {
            assert!(!was_paid_in_time(Status::Pending, by, Authorized));
        }
        for unpaid in [Open, RequiresAction, Failed, Cancelled] {
            assert!(!was_paid_in_time(Status::Pending, CancelReason::HoldExpired, unpaid));
        }
    }
}
