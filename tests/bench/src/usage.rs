//! From the acts of an order's life to what AWS bills for them.

use crate::meter::{Call, Purpose};
use crate::prices::{Item, Usage};
use crate::stage::{Act, Trigger};
use crate::statistics::median;

/// SQS bills every 64 KB of a request.
const SQS_REQUEST_BYTES: usize = 64 * 1024;
/// What Lambda itself writes into a log for each invocation, in its text format.
const PLATFORM_LOG: &str = "START RequestId: 00000000-0000-4000-8000-000000000000 Version: $LATEST\n\
    END RequestId: 00000000-0000-4000-8000-000000000000\n\
    REPORT RequestId: 00000000-0000-4000-8000-000000000000\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 512 MB\tMax Memory Used: 27 MB\t\n";

/// How long Lambda bills an act, in milliseconds: the median of its likes, up to the next whole one.
pub(crate) fn billed_ms(act: &Act, timed: &[Vec<Act>]) -> Option<f64> {
    let alike = |other: &&Act| other.function == act.function && other.does == act.does;
    let walls: Vec<f64> = timed.iter().flatten().filter(alike).map(|act| act.wall_ms).collect();
    (!walls.is_empty()).then(|| median(&walls).ceil())
}

/// What the acts of one order use, each billed for so many milliseconds. `memory_mb` is a function's.
pub(crate) fn of(acts: &[Act], billed_ms: &[f64], memory_mb: impl Fn(&str) -> f64) -> Usage {
    let mut usage = Usage::default();
    for (act, billed_ms) in acts.iter().zip(billed_ms) {
        for call in act.calls.iter().filter(|call| call.purpose == Purpose::Work) {
            add_call(&mut usage, call);
        }
        match act.trigger {
            Trigger::Http => usage.add(Item::HttpRequests, 1.0),
            Trigger::Stream => usage.add(Item::StreamRecords, 1.0),
            // Lambda's poller receives a batch by one request and deletes it by another; here a batch is one message.
            Trigger::Queue => {
                usage.add(Item::Receives, 1.0);
                usage.add(Item::Deletes, 1.0);
            }
        }
        usage.add(Item::Invocations, 1.0);
        usage.add(Item::Compute, gigabyte_seconds(*billed_ms, memory_mb(act.function)));
        usage.add(Item::Logs, act.log_bytes as f64 + PLATFORM_LOG.len() as f64);
    }
    usage
}

fn add_call(usage: &mut Usage, call: &Call) {
    usage.add(Item::WriteUnits, call.write_units);
    usage.add(Item::ReadUnits, call.read_units);
    match call.operation.as_str() {
        "SendEmail" => usage.add(Item::Mails, 1.0),
        "GetSecretValue" => usage.add(Item::SecretReads, 1.0),
        "SendMessage" | "SendMessageBatch" => {
            let bytes: usize = call.sent.iter().map(|sent| sent.body.len()).sum();
            usage.add(Item::Sends, bytes.div_ceil(SQS_REQUEST_BYTES).max(1) as f64);
        }
        _ => {}
    }
}

/// Memory times time, as Lambda bills it.
pub(crate) fn gigabyte_seconds(milliseconds: f64, memory_mb: f64) -> f64 {
    milliseconds / 1000.0 * memory_mb / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Sent;

    fn call(operation: &str, purpose: Purpose, units: (f64, f64), sent: Vec<Sent>) -> Call {
        let (operation, (read_units, write_units)) = (operation.to_owned(), units);
        Call { operation, actions: 1, purpose, read_units, write_units, status: 200, sent, began_us: 0, ended_us: 1 }
    }

    fn act(function: &'static str, trigger: Trigger, wall_ms: f64, calls: Vec<Call>) -> Act {
        Act { function, does: "it".to_owned(), trigger, wall_ms, calls, log_bytes: 100 }
    }

    fn message(bytes: usize) -> Sent {
        Sent { queue: "q".to_owned(), body: "x".repeat(bytes), delay_seconds: 0 }
    }

    #[test]
    fn an_act_is_billed_the_median_of_its_likes_in_whole_milliseconds() {
        let asked = act("orders", Trigger::Http, 9.0, Vec::new());
        let likes = |walls: &[f64]| walls.iter().map(|wall| act("orders", Trigger::Http, *wall, Vec::new())).collect();
        let others = vec![act("relay", Trigger::Stream, 50.0, Vec::new())];
        assert_eq!(billed_ms(&asked, &[likes(&[2.1, 8.0]), likes(&[2.4]), others]), Some(3.0));
        assert_eq!(billed_ms(&asked, &[]), None);
    }

    #[test]
    fn half_a_gigabyte_for_ten_milliseconds_is_five_thousandths() {
        assert!((gigabyte_seconds(10.0, 512.0) - 0.005).abs() < 1e-12);
    }

    #[test]
    fn a_life_uses_what_its_acts_use() {
        let acts = [
            act("orders", Trigger::Http, 4.0, vec![call("TransactWriteItems", Purpose::Work, (0.0, 25.0), vec![])]),
            act(
                "relay",
                Trigger::Stream,
                2.0,
                vec![call("SendMessageBatch", Purpose::Work, (0.0, 0.0), vec![message(500)])],
            ),
            act(
                "payments-worker",
                Trigger::Queue,
                2.0,
                vec![
                    call("GetItem", Purpose::Work, (1.0, 0.0), vec![]),
                    call("GetItem", Purpose::Cached, (1.0, 0.0), vec![]),
                    call("POST /v1/refunds", Purpose::Provider, (0.0, 0.0), vec![]),
                ],
            ),
            act("notifier", Trigger::Queue, 2.0, vec![call("SendEmail", Purpose::Work, (0.0, 0.0), vec![])]),
        ];
        let usage = of(&acts, &[4.0, 2.0, 2.0, 2.0], |_| 1024.0);
        let counts = [
            (Item::WriteUnits, 25.0),
            (Item::ReadUnits, 1.0),
            (Item::StreamRecords, 1.0),
            (Item::Sends, 1.0),
            (Item::Receives, 2.0),
            (Item::Deletes, 2.0),
            (Item::Invocations, 4.0),
            (Item::Compute, 0.01),
            (Item::HttpRequests, 1.0),
            (Item::Logs, 4.0 * (100.0 + PLATFORM_LOG.len() as f64)),
            (Item::Mails, 1.0),
        ];
        for (item, count) in counts {
            assert!((usage.count(item) - count).abs() < 1e-9, "{}: {}", item.name(), usage.count(item));
        }
    }

    #[test]
    fn a_long_send_is_billed_as_several() {
        let send = call("SendMessageBatch", Purpose::Work, (0.0, 0.0), vec![message(60_000), message(60_000)]);
        let usage = of(&[act("relay", Trigger::Stream, 1.0, vec![send])], &[1.0], |_| 512.0);
        assert_eq!(usage.count(Item::Sends), 2.0);
    }
}
