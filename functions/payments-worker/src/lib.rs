//! The worker that carries an order and its payment: it authorises for a placed order and confirms it, captures, ends the hold of an
//! order that is not paid, voids for a cancelled order, and makes the refunds that were requested. It believes the rows of orders,
//! payments and refunds. An event only says which order to look at.

use aws_kit::{Aws, MAX_DELAY_SECONDS, Queue, Settings, Table, consume, report_forged_event};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use events::{Envelope, Event, OrderCreated};
use orders::{Expiry, Order, OrderService, SettleRules, Status};
use payments::{CaptureAt, CardLimit, PaymentService, Payments, Stripe};
use values::{Clock, OrderId, PaymentId, Result, Timestamp, Trace};

const CLOCK_TOLERANCE_SECONDS: i64 = 5;

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

/// Handles a batch of the payments queue.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| handle_message(state, envelope).await).await
}

async fn handle_message(state: &State, envelope: Envelope) -> Result<()> {
    let trace = envelope.trace("payments-worker");
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

/// Settles the order of an event.
async fn settle(state: &State, order: Order, envelope: &Envelope, trace: &Trace) -> Result<()> {
    let rules = match envelope.event {
        // An admin need not wait for the shipment.
        Event::PaymentCaptureRequested(_) => SettleRules { capture_at: CaptureAt::Confirmation, ..state.rules },
        _ => state.rules,
    };
    let expiry = state.orders.settle(&state.payments, order, rules, trace).await?;
    match (&envelope.event, expiry) {
        // The hold may have been extended since, and a queue delays a message by 15 minutes at most.
        (Event::OrderCreated(created), Expiry::NotBefore(at)) if is_delayed(created, envelope, Clock::System.now()) => {
            state.queue.send_later(envelope, at).await
        }
        _ => Ok(()),
    }
}

/// Is this the second message about an order, which waits for the end of the hold? The first one comes at once. The clocks of functions
/// differ by less than the tolerance. A first message that is so late is sent on like the second one, which does no harm.
fn is_delayed(created: &OrderCreated, envelope: &Envelope, now: Timestamp) -> bool {
    let due = created.hold_expires_at.min(envelope.timestamp.plus_seconds(MAX_DELAY_SECONDS));
    now.plus_seconds(CLOCK_TOLERANCE_SECONDS) >= due
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

    #[test]
    fn second_message_comes_at_the_end_of_the_hold_or_after_the_longest_delay() {
        let sent = |hold_ends: &str| {
            serde_json::from_value::<Envelope>(json!({
                "eventId": "evt_01h455vb4pex5vsknk084sn02q", "version": 1, "timestamp": "2026-11-21T08:00:00.000Z",
                "subject": "ord_01h455vb4pex5vsknk084sn02q", "sequence": 1, "correlationId": "test",
                "eventType": "order.created", "data": {
                    "orderId": "ord_01h455vb4pex5vsknk084sn02q", "orderNumber": "7KQ4M-2XD9A",
                    "paymentId": "pay_01h455vb4pex5vsknk084sn02q", "total": { "amount": 900, "currency": "EUR" },
                    "holdExpiresAt": hold_ends,
                },
            }))
            .unwrap()
        };
        let is_delayed = |envelope: &Envelope, seconds| {
            let Event::OrderCreated(created) = &envelope.event else { panic!("{envelope:?}") };
            is_delayed(created, envelope, envelope.timestamp.plus_seconds(seconds))
        };
        let of_ten_minutes = sent("2026-11-21T08:10:00.000Z");
        assert!(!is_delayed(&of_ten_minutes, 1) && !is_delayed(&of_ten_minutes, 594));
        assert!(is_delayed(&of_ten_minutes, 595) && is_delayed(&of_ten_minutes, 601));
        let of_an_hour = sent("2026-11-21T09:00:00.000Z");
        assert!(!is_delayed(&of_an_hour, 894) && is_delayed(&of_an_hour, 901));
    }
}
