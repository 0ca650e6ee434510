//! The worker that carries an order and its payment: it authorises for a placed order and confirms it, captures, ends the hold of an
//! order that is not paid, voids for a cancelled order, and makes the refunds that were requested. It believes the rows of orders,
//! payments and refunds. An event only says which order to look at. A new order comes by the stream of its table, all else by the queue.

use aws_kit::{Aws, Batch, BatchResponse, Queue, Settings, Table, consume_batch, report_forged_event};
use events::{Envelope, Event};
use orders::{Expiry, Order, OrderService, SettleRules, Status, placed_event};
use payments::{CaptureAt, CardLimit, PaymentService, Payments, Stripe};
use values::{Clock, OrderId, PaymentId, Result, Timestamp, Trace};

/// The name of this function as an actor.
const NAME: &str = "payments-worker";

/// What the handler works with.
pub struct State {
    orders: OrderService,
    payments: PaymentService,
    queue: Queue,
    rules: SettleRules,
}

impl State {
    /// Reads the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let clock = Clock::System;
        let payments = PaymentService {
            payments: Payments::from_env(aws, clock.clone())?,
            provider: Stripe::from_env(aws)?,
            cards: CardLimit::from_env()?,
        };
        let queue = Queue::from_env(aws, "SOUK_QUEUE_PAYMENTS", clock.clone())?;
        let rules = SettleRules {
            capture_at: Settings.parsed("SOUK_CAPTURE_AT")?,
            declined_hold_seconds: Settings.parsed("SOUK_DECLINED_HOLD_SECONDS")?,
        };
        Ok(Self { orders: OrderService::from_env(aws, clock)?, payments, queue, rules })
    }

    /// The table to which a connection is opened at start.
    pub fn table(&self) -> &Table {
        self.payments.payments.table()
    }
}

/// Handles a batch of the payments queue, or of new orders in the stream of the orders table.
pub async fn handle(state: &State, batch: Batch) -> BatchResponse {
    consume_batch(&state.queue, batch, placed_event, async |envelope| handle_message(state, envelope).await).await
}

async fn handle_message(state: &State, envelope: Envelope) -> Result<()> {
    let trace = envelope.trace(NAME);
    let ids = match &envelope.event {
        Event::OrderCreated(order) => (order.order_id, order.payment_id),
        Event::OrderConfirmed(order) => (order.order_id, order.payment_id),
        Event::OrderShipped(order) => (order.order_id, order.payment_id),
        Event::OrderCancelled(order) => (order.order_id, order.payment_id),
        Event::PaymentRequested(request) | Event::PaymentCaptureRequested(request) => {
            (request.order_id, request.payment_id)
        }
        Event::PaymentRefundRequested(request) => {
            return state.orders.refund(&state.payments, (request.payment_id, request.refund_id), &trace).await;
        }
        _ => return Ok(()),
    };
    match read_order(state, ids, &envelope).await? {
        Some(order) => settle(state, order, &envelope, &trace).await,
        None => Ok(()),
    }
}

/// Settles the order of an event. If it is still pending, this worker gets a message about the end of its hold.
async fn settle(state: &State, order: Order, envelope: &Envelope, trace: &Trace) -> Result<()> {
    let rules = match envelope.event {
        // An admin need not wait for the shipment.
        Event::PaymentCaptureRequested(_) => SettleRules { capture_at: CaptureAt::Confirmation, ..state.rules },
        _ => state.rules,
    };
    let hint = end_of_hold(&order, envelope, trace);
    let before = order.hold_expires_at;
    match state.orders.settle(&state.payments, order, rules, trace).await? {
        Expiry::NotBefore(at) if needs_hint(&envelope.event, before, at) => state.queue.send_later(&hint, at).await,
        _ => Ok(()),
    }
}

/// The message about the end of an order's hold: the event of the order itself, so that a message that comes too early sends itself on.
fn end_of_hold(order: &Order, envelope: &Envelope, trace: &Trace) -> Envelope {
    match envelope.event {
        Event::OrderCreated(_) => envelope.clone(),
        _ => Envelope::new(&Clock::System, trace, order.id, order.version, Event::OrderCreated(order.created_event())),
    }
}

/// Does a pending order need a message about the end of its hold at this time? The first event of an order sends one, and the message
/// itself sends the next one, because the hold may be longer by then, and a queue delays for 15 minutes at most. Another event does so only
/// if it has made the hold shorter, by a decline.
fn needs_hint(event: &Event, end_before: Timestamp, end: Timestamp) -> bool {
    matches!(event, Event::OrderCreated(_)) || end < end_before
}

/// Reads the order of an event. None, and a report, if the rows contradict the event: there is no such order, it has another payment,
/// or it is pending although the event says that it was confirmed or shipped.
async fn read_order(
    state: &State,
    (order, payment): (OrderId, PaymentId),
    envelope: &Envelope,
) -> Result<Option<Order>> {
    let found = state.orders.orders.read(order).await?;
    let says_confirmed = matches!(envelope.event, Event::OrderConfirmed(_) | Event::OrderShipped(_));
    let contradiction = match &found {
        None => Some("the order does not exist"),
        Some(order) if order.payment_id != payment => Some("the payment belongs to another order"),
        Some(order) if says_confirmed && order.status == Status::Pending => Some("the order is pending"),
        Some(_) => None,
    };
    match contradiction {
        Some(reason) => {
            report_forged_event(envelope, reason);
            Ok(None)
        }
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(event_type: &str) -> Event {
        let data = json!({
            "orderId": "ord_01h455vb4pex5vsknk084sn02q", "orderNumber": "7KQ4M-2XD9A",
            "paymentId": "pay_01h455vb4pex5vsknk084sn02q", "total": { "amount": 900, "currency": "EUR" },
            "holdExpiresAt": "2026-11-21T08:10:00.000Z",
        });
        serde_json::from_value(json!({ "eventType": event_type, "data": data })).unwrap()
    }

    #[test]
    fn end_of_a_hold_has_one_message_and_a_shorter_hold_another_one() {
        let before: Timestamp = "2026-11-21T08:10:00.000Z".parse().unwrap();
        let needs = |event_type, seconds| needs_hint(&event(event_type), before, before.plus_seconds(seconds));
        for seconds in [-60, 0, 60] {
            assert!(needs("order.created", seconds), "{seconds}");
        }
        assert!(needs("payment.requested", -60), "a decline");
        assert!(!needs("payment.requested", 0), "a check of a page that is still open");
        assert!(!needs("payment.requested", 60), "the message comes early, and sends itself on");
    }
}
