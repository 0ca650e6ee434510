//! Waits until no work is pending. Messages and payments in progress are correct states, so the checks run only after all work has
//! ended.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::emulator::{Depth, depths};
use crate::observed::{Notification, ObservedState, OrderStatus, PaymentStatus, RefundStatus};
use crate::run::Run;

/// Longer than a hold, a visibility timeout and the retry pauses after an outage together.
pub const QUIESCENCE_TIMEOUT: Duration = Duration::from_secs(150);
/// Between two readings.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Between two runs of housekeeping. Its schedules are minutes, so the proof invokes it more often.
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(4);

/// The result of waiting.
#[derive(Debug)]
pub struct Quiescence {
    /// The last reading.
    pub state: ObservedState,
    /// Work that had not ended at the timeout. Empty if all work ended.
    pub pending_work: Vec<String>,
}

/// The work that has not ended, one sentence each.
pub fn pending_work(state: &ObservedState, depths: &BTreeMap<String, Depth>) -> Vec<String> {
    let mut pending = Vec::new();
    for (queue, depth) in depths.iter().filter(|(_, depth)| !depth.is_empty()) {
        pending.push(format!("the queue {queue} holds {depth:?}"));
    }
    pending.extend(state.outboxes.iter().map(|event| format!("an outbox holds {event}")));
    for (sku, offer) in &state.offers {
        let (logged, changes) = (state.movements_of(sku).count() as u64, state.stock_changes(offer));
        if logged < changes {
            pending.push(format!("{logged} of {changes} changes of the stock of {sku} are logged"));
        }
    }
    for order in state.orders.iter().filter(|order| order.status == OrderStatus::Pending) {
        pending.push(format!("{} is pending, held until {}", order.id, order.hold_expires_at));
    }
    for payment in &state.payments {
        let order = state.order(&payment.order_id).map(|order| order.status);
        let waits_for_shipment =
            state.rules.captures_at_shipment && matches!(order, Some(OrderStatus::Confirmed | OrderStatus::Processing));
        let is_pending = match payment.status {
            PaymentStatus::Open | PaymentStatus::RequiresAction | PaymentStatus::Cancelling => true,
            // Between its authorisation and its capture.
            PaymentStatus::Authorized => !waits_for_shipment,
            // It waits for another card while its order is pending.
            PaymentStatus::Failed => order == Some(OrderStatus::Cancelled),
            _ => false,
        };
        if is_pending {
            pending.push(format!("{} is {:?}, and its order {order:?}", payment.id, payment.status));
        }
    }
    for payment in state.payments.iter().filter(|payment| payment.captured_at.is_some()) {
        let is_about = |mail: &Notification| mail.event_type == "payment.completed" && mail.subject == payment.id;
        if !state.notifications.iter().any(is_about) {
            pending.push(format!("nobody has a mail about the capture of {}", payment.id));
        }
    }
    for refund in state.refunds.iter().filter(|refund| refund.status == RefundStatus::Pending) {
        pending.push(format!("{} of {} is pending", refund.id, refund.payment_id));
    }
    pending
}

impl Run {
    /// Waits until no work is pending, and runs housekeeping meanwhile. Two readings in a row must be quiet: during one reading,
    /// work may move from a place not yet read to a place already read.
    pub async fn await_quiescence(&self, timeout: Duration) -> Quiescence {
        let started = Instant::now();
        let (mut quiet_readings, mut last_housekeeping) = (0, None::<Instant>);
        loop {
            let depths = depths(&self.emulator, &self.test_stack.stack.queues).await;
            let in_time = started.elapsed() < timeout;
            if depths.values().all(|depth| depth.is_empty()) || !in_time {
                let state = self.observe().await;
                let pending_work = pending_work(&state, &depths);
                quiet_readings = if pending_work.is_empty() { quiet_readings + 1 } else { 0 };
                if quiet_readings == 2 || !in_time {
                    self.recorder.note(format!(
                        "quiescence after {:.1} s, pending: {pending_work:?}",
                        started.elapsed().as_secs_f32()
                    ));
                    return Quiescence { state, pending_work };
                }
            } else {
                quiet_readings = 0;
            }
            if quiet_readings == 0
                && last_housekeeping.is_none_or(|last_housekeeping| last_housekeeping.elapsed() > HOUSEKEEPING_INTERVAL)
            {
                self.run_housekeeping().await;
                last_housekeeping = Some(Instant::now());
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Runs all tasks of housekeeping now.
    pub async fn run_housekeeping(&self) {
        let tasks = [
            "republish-outbox",
            "reconcile-orders",
            "reconcile-payments",
            "expire-holds",
            "remind-mails",
            "rebalance-buckets",
        ];
        for task in tasks {
            self.run_housekeeping_task(task).await;
        }
        // By itself it walks through the days that are over. A run may have begun yesterday.
        let yesterday = OffsetDateTime::now_utc().date().previous_day();
        let from = yesterday.unwrap_or_else(|| panic!("there was no day before today")).to_string();
        self.invoke_housekeeping("walk-orders", &json!({ "task": "walk-orders", "from": from })).await;
    }

    /// Runs one task of housekeeping. It may fail or be killed by a fault; a later run repeats it.
    pub async fn run_housekeeping_task(&self, task: &str) {
        self.invoke_housekeeping(task, &json!({ "task": task })).await;
    }

    async fn invoke_housekeeping(&self, task: &str, event: &Value) {
        let function = self.test_stack.stack.functions.get("housekeeping");
        let function = function.unwrap_or_else(|| panic!("stack.json names no function housekeeping"));
        let request = self.emulator.lambda(Method::POST, &format!("/functions/{function}/invocations"));
        let request = request.header("content-type", "application/json").body(event.to_string());
        let report = match request.send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        self.recorder.note(format!("housekeeping {task}: {report}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn empty_queues() -> BTreeMap<String, Depth> {
        BTreeMap::from([("orders".to_owned(), Depth::default())])
    }

    #[test]
    fn valid_run_has_no_pending_work() {
        assert_eq!(pending_work(&fixture::valid_run().0, &empty_queues()), Vec::<String>::new());
    }

    #[test]
    fn queued_message_is_pending_work() {
        let (state, _) = fixture::valid_run();
        for depth in [
            Depth { visible: 1, ..Depth::default() },
            Depth { in_flight: 1, ..Depth::default() },
            Depth { delayed: 1, ..Depth::default() },
        ] {
            let depths = BTreeMap::from([("orders".to_owned(), depth)]);
            fixture::assert_one_finding(&pending_work(&state, &depths), &["the queue orders holds"]);
        }
    }

    #[test]
    fn unfinished_rows_are_pending_work() {
        let (mut state, _) = fixture::valid_run();
        state.order_mut(fixture::CANCELLED).status = OrderStatus::Pending;
        fixture::assert_one_finding(&pending_work(&state, &empty_queues()), &["ord_gone is pending, held until 2026"]);
        for status in
            [PaymentStatus::Open, PaymentStatus::RequiresAction, PaymentStatus::Cancelling, PaymentStatus::Failed]
        {
            let (mut state, _) = fixture::valid_run();
            state.payment_mut("pay_gone").status = status;
            fixture::assert_one_finding(&pending_work(&state, &empty_queues()), &["pay_gone is"]);
        }
        let (mut state, _) = fixture::valid_run();
        state.refunds[0].status = RefundStatus::Pending;
        fixture::assert_one_finding(&pending_work(&state, &empty_queues()), &["rfd_1 of pay_paid is pending"]);
        let (mut state, _) = fixture::valid_run();
        state.outboxes.push("orders: {}".into());
        fixture::assert_one_finding(&pending_work(&state, &empty_queues()), &["an outbox holds orders: {}"]);
        let (mut state, _) = fixture::valid_run();
        state.movements.pop();
        fixture::assert_one_finding(&pending_work(&state, &empty_queues()), &["4 of 5 changes of the stock of MUG"]);
        let (mut state, _) = fixture::valid_run();
        state.notifications.retain(|mail| mail.event_type != "payment.completed");
        fixture::assert_one_finding(&pending_work(&state, &empty_queues()), &["a mail about the capture of pay_paid"]);
    }

    #[test]
    fn authorised_payment_may_wait_for_shipment_if_configured() {
        let (mut state, _) = fixture::valid_run();
        state.payment_mut("pay_paid").status = PaymentStatus::Authorized;
        fixture::assert_one_finding(&pending_work(&state, &empty_queues()), &["pay_paid is Authorized"]);
        state.rules.captures_at_shipment = true;
        assert!(pending_work(&state, &empty_queues()).is_empty());
    }
}
