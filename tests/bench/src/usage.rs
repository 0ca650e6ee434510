//! Computes what AWS bills for the invocations of an order.

use crate::emulator::FunctionSettings;
use crate::meter::{Call, Purpose};
use crate::prices::{Item, Usage};
use crate::statistics::median;
use crate::trigger_simulator::{InvocationRecord, Trigger};

/// SQS bills each 64 KB of a request.
const SQS_REQUEST_BYTES: usize = 64 * 1024;
/// The log lines that Lambda writes for each invocation, in its text format, unless its level is WARN.
const PLATFORM_LOG: &str = "START RequestId: 00000000-0000-4000-8000-000000000000 Version: $LATEST\n\
    END RequestId: 00000000-0000-4000-8000-000000000000\n\
    REPORT RequestId: 00000000-0000-4000-8000-000000000000\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 512 MB\tMax Memory Used: 27 MB\t\n";

/// The billed duration of an invocation in milliseconds: the median of equal invocations, rounded up.
pub(crate) fn billed_ms(invocation: &InvocationRecord, timed: &[Vec<InvocationRecord>]) -> Option<f64> {
    let is_equal =
        |other: &&InvocationRecord| other.function == invocation.function && other.operation == invocation.operation;
    let walls: Vec<f64> = timed.iter().flatten().filter(is_equal).map(|invocation| invocation.wall_ms).collect();
    (!walls.is_empty()).then(|| median(&walls).ceil())
}

/// The usage of the invocations of one order, with their billed durations. `settings` returns the settings of a
/// function.
pub(crate) fn of_invocations(
    invocations: &[InvocationRecord],
    billed_ms: &[f64],
    settings: impl Fn(&str) -> FunctionSettings,
) -> Usage {
    let mut usage = Usage::default();
    for (invocation, billed_ms) in invocations.iter().zip(billed_ms) {
        let is_billed = |call: &&Call| matches!(call.purpose, Purpose::Work | Purpose::RateLimit);
        for call in invocation.calls.iter().filter(is_billed) {
            add_call(&mut usage, call);
        }
        match invocation.trigger {
            Trigger::Http => usage.add(Item::HttpRequests, 1.0),
            Trigger::Stream => usage.add(Item::StreamRecords, 1.0),
            // The poller of Lambda receives a batch with one request and deletes it with another. Here a batch is one
            // message.
            Trigger::Queue => {
                usage.add(Item::Receives, 1.0);
                usage.add(Item::Deletes, 1.0);
            }
        }
        usage.add(Item::Invocations, 1.0);
        let settings = settings(invocation.function);
        let platform_log = if settings.logs_each_invocation { PLATFORM_LOG.len() } else { 0 };
        usage.add(Item::Compute, gigabyte_seconds(*billed_ms, settings.memory_mb));
        usage.add(Item::Logs, invocation.log_bytes as f64 + platform_log as f64);
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
            let bytes: usize = call.messages.iter().map(|message| message.body.len()).sum();
            usage.add(Item::Sends, bytes.div_ceil(SQS_REQUEST_BYTES).max(1) as f64);
        }
        _ => {}
    }
}

/// Memory multiplied by time, as Lambda bills it.
pub(crate) fn gigabyte_seconds(milliseconds: f64, memory_mb: f64) -> f64 {
    milliseconds / 1000.0 * memory_mb / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::QueuedMessage;

    fn call(operation: &str, purpose: Purpose, units: (f64, f64), messages: Vec<QueuedMessage>) -> Call {
        let (operation, rows, (read_units, write_units)) = (operation.to_owned(), Vec::new(), units);
        let (start_us, end_us) = (0, 1);
        Call { operation, actions: 1, purpose, read_units, write_units, status: 200, messages, rows, start_us, end_us }
    }

    fn invocation(function: &'static str, trigger: Trigger, wall_ms: f64, calls: Vec<Call>) -> InvocationRecord {
        let (operation, writes) = ("it".to_owned(), Vec::new());
        InvocationRecord { function, operation, trigger, wall_ms, calls, writes, log_bytes: 100 }
    }

    fn settings(memory_mb: f64, logs_each_invocation: bool) -> FunctionSettings {
        FunctionSettings { memory_mb, logs_each_invocation }
    }

    fn message(bytes: usize) -> QueuedMessage {
        QueuedMessage { queue: "q".to_owned(), body: "x".repeat(bytes), delay_seconds: 0 }
    }

    #[test]
    fn billed_duration_is_the_rounded_up_median_of_equal_invocations() {
        let subject = invocation("orders", Trigger::Http, 9.0, Vec::new());
        let equals =
            |walls: &[f64]| walls.iter().map(|wall| invocation("orders", Trigger::Http, *wall, Vec::new())).collect();
        let others = vec![invocation("relay", Trigger::Stream, 50.0, Vec::new())];
        assert_eq!(billed_ms(&subject, &[equals(&[2.1, 8.0]), equals(&[2.4]), others]), Some(3.0));
        assert_eq!(billed_ms(&subject, &[]), None);
    }

    #[test]
    fn gigabyte_seconds_are_memory_times_time() {
        assert!((gigabyte_seconds(10.0, 512.0) - 0.005).abs() < 1e-12);
    }

    #[test]
    fn usage_of_an_order_is_the_sum_of_its_invocations() {
        let invocations = [
            invocation(
                "orders",
                Trigger::Http,
                4.0,
                vec![call("TransactWriteItems", Purpose::Work, (0.0, 25.0), vec![])],
            ),
            invocation(
                "relay",
                Trigger::Stream,
                2.0,
                vec![call("SendMessageBatch", Purpose::Work, (0.0, 0.0), vec![message(500)])],
            ),
            invocation(
                "payments-worker",
                Trigger::Queue,
                2.0,
                vec![
                    call("GetItem", Purpose::Work, (1.0, 0.0), vec![]),
                    call("GetItem", Purpose::Cached, (1.0, 0.0), vec![]),
                    call("POST /v1/refunds", Purpose::Provider, (0.0, 0.0), vec![]),
                ],
            ),
            invocation("notifier", Trigger::Queue, 2.0, vec![call("SendEmail", Purpose::Work, (0.0, 0.0), vec![])]),
        ];
        let usage = of_invocations(&invocations, &[4.0, 2.0, 2.0, 2.0], |_| settings(1024.0, false));
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
            (Item::Logs, 400.0),
            (Item::Mails, 1.0),
        ];
        for (item, count) in counts {
            assert!((usage.count(item) - count).abs() < 1e-9, "{}: {}", item.name(), usage.count(item));
        }
    }

    #[test]
    fn lines_of_lambda_are_billed_where_it_writes_them() {
        let invocations =
            [invocation("orders", Trigger::Http, 1.0, vec![]), invocation("cart", Trigger::Http, 1.0, vec![])];
        let usage = of_invocations(&invocations, &[1.0, 1.0], |function| settings(512.0, function == "cart"));
        assert_eq!(usage.count(Item::Logs), 200.0 + PLATFORM_LOG.len() as f64);
    }

    #[test]
    fn long_send_is_billed_as_several() {
        let send = call("SendMessageBatch", Purpose::Work, (0.0, 0.0), vec![message(60_000), message(60_000)]);
        let usage = of_invocations(&[invocation("relay", Trigger::Stream, 1.0, vec![send])], &[1.0], |_| {
            settings(512.0, false)
        });
        assert_eq!(usage.count(Item::Sends), 2.0);
    }
}
