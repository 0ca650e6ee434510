//! What an order uses, in counts that depend neither on the machine nor on the profile of the build.
//!
//! Leases of the rate limiter and cached reads do not count: whether an order needs one depends on the time.

use crate::meter::{Call, Purpose};
use crate::scenarios::Scenario;
use crate::trigger_simulator::InvocationRecord;

/// The figures, in the order of the columns. Calls are those of AWS; messages are those that functions send to queues, and each of
/// them is received and deleted once.
pub(crate) const FIGURES: [&str; 7] = ["calls", "WCU", "RCU", "invocations", "messages", "provider calls", "mails"];

/// The counts of an order, in the order of [`FIGURES`].
pub(crate) type Counts = [f64; FIGURES.len()];

/// The counts of some invocations.
pub(crate) fn counts(invocations: &[InvocationRecord]) -> Counts {
    let calls = |purpose: Purpose| {
        invocations.iter().flat_map(|invocation| &invocation.calls).filter(move |call| call.purpose == purpose)
    };
    let sum = |figure: fn(&Call) -> f64| calls(Purpose::Work).fold(0.0, |sum, call| sum + figure(call));
    [
        sum(|_| 1.0),
        sum(|call| call.write_units),
        sum(|call| call.read_units),
        invocations.len() as f64,
        sum(|call| call.messages.len() as f64),
        calls(Purpose::Provider).count() as f64,
        sum(|call| if call.operation == "SendEmail" { 1.0 } else { 0.0 }),
    ]
}

/// The write units that further lines add to an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LineUnits {
    pub(crate) second: f64,
    /// The third and the fourth line, each.
    pub(crate) further: f64,
}

impl LineUnits {
    /// From the write units of the lives with one, two and four lines; none if one of them is missing.
    pub(crate) fn new(write_units: impl Fn(Scenario) -> Option<f64>) -> Option<Self> {
        let (one, two) = (write_units(Scenario::Paid)?, write_units(Scenario::PaidTwoLines)?);
        let four = write_units(Scenario::PaidFourLines)?;
        Some(Self { second: two - one, further: (four - two) / 2.0 })
    }

    pub(crate) fn sentence(self) -> String {
        let Self { second, further } = self;
        format!("A second line adds {second} WCU, and lines 3 and 4 add {further} WCU each.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::QueuedMessage;
    use crate::trigger_simulator::Trigger;

    fn call(operation: &str, purpose: Purpose, (read_units, write_units): (f64, f64), messages: usize) -> Call {
        let message = QueuedMessage { queue: "q".to_owned(), body: "b".to_owned(), delay_seconds: 0 };
        Call { purpose, read_units, write_units, messages: vec![message; messages], ..Call::free(operation) }
    }

    #[test]
    fn leases_and_cached_reads_do_not_count() {
        let calls = vec![
            call("UpdateItem", Purpose::RateLimit, (0.0, 1.0), 0),
            call("Query", Purpose::Cached, (0.5, 0.0), 0),
            call("GetItem", Purpose::Work, (0.5, 0.0), 0),
            call("TransactWriteItems", Purpose::Work, (0.0, 29.0), 0),
            call("SendMessageBatch", Purpose::Work, (0.0, 0.0), 3),
            call("SendEmail", Purpose::Work, (0.0, 0.0), 0),
            call("POST /v1/payment_intents", Purpose::Provider, (0.0, 0.0), 0),
        ];
        let (operation, trigger, writes) = ("it".to_owned(), Trigger::Queue, Vec::new());
        let invocation =
            InvocationRecord { function: "orders", operation, trigger, wall_ms: 1.0, calls, writes, log_bytes: 100 };
        assert_eq!(counts(&[invocation]), [4.0, 29.0, 0.5, 1.0, 3.0, 1.0, 1.0]);
    }

    #[test]
    fn lines_are_compared_with_the_life_of_one_line() {
        let units = |scenario| match scenario {
            Scenario::Paid => Some(45.0),
            Scenario::PaidTwoLines => Some(48.0),
            Scenario::PaidFourLines => Some(55.0),
            _ => None,
        };
        let lines = LineUnits::new(units);
        assert_eq!(lines, Some(LineUnits { second: 3.0, further: 3.5 }));
        let sentence = lines.map(LineUnits::sentence);
        let expected = "A second line adds 3 WCU, and lines 3 and 4 add 3.5 WCU each.";
        assert_eq!(sentence.as_deref(), Some(expected));
        assert_eq!(LineUnits::new(|scenario| units(scenario).filter(|_| scenario != Scenario::Paid)), None);
    }
}
