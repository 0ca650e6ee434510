//! The envelope around every event: who, when, in which order, and as part of what.

use serde::{Deserialize, Serialize};
use values::{Actor, Clock, EventId, Timestamp, Trace};

use crate::Event;

/// Twice what a token may outlive its session by.
const SECOND_LOOK_SECONDS: i64 = 120;

/// One event on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Unique; UUIDv7, so an outbox sorts by age.
    pub event_id: EventId,
    /// Of the event's shape. Additive changes keep it; a breaking one makes a new version beside the old.
    pub version: u32,
    /// When it happened.
    pub timestamp: Timestamp,
    /// The id of the entity it is about.
    pub subject: String,
    /// The version of that entity after the change: arrival order means nothing, this does.
    pub sequence: u64,
    /// The request that began the chain.
    pub correlation_id: String,
    /// The event that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// `eventType` and `data`.
    #[serde(flatten)]
    pub event: Event,
}

impl Envelope {
    /// Wraps an event of `subject`, whose version is now `sequence`.
    pub fn new(clock: &Clock, trace: &Trace, subject: impl ToString, sequence: u64, event: Event) -> Self {
        Self {
            event_id: clock.mint(),
            version: 1,
            timestamp: clock.now(),
            subject: subject.to_string(),
            sequence,
            correlation_id: trace.correlation_id.clone(),
            causation_id: trace.causation_id,
            event,
        }
    }

    /// A hint of reconciliation: it tells of no change, so it has no sequence, and it is sent again for as long as there is need.
    pub fn is_repeated(&self) -> bool {
        self.sequence == 0
    }

    /// When an erasure is looked at once more, or none if it is time already: access tokens of before end within a minute, and
    /// until then somebody may write what was just erased.
    pub fn second_look(&self, now: Timestamp) -> Option<Timestamp> {
        let at = self.timestamp.plus_seconds(SECOND_LOOK_SECONDS);
        (now < at).then_some(at)
    }

    /// The trace of what a function does because of this event.
    pub fn trace(&self, function: &str) -> Trace {
        Trace {
            correlation_id: self.correlation_id.clone(),
            causation_id: Some(self.event_id),
            actor: Actor::system(function),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, PaymentRequested};

    #[test]
    fn an_envelope_reads_back_as_it_was_written() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        let event = Event::PaymentRequested(PaymentRequested { payment_id: clock.mint(), order_id: clock.mint() });
        let envelope = Envelope::new(&clock, &trace, "pay_x", 3, event);
        let text = serde_json::to_string(&envelope).unwrap();
        assert!(text.contains(r#""eventType":"payment.requested""#) && text.contains(r#""data":{"#), "{text}");
        assert_eq!(serde_json::from_str::<Envelope>(&text).unwrap(), envelope);
    }

    #[test]
    fn an_erasure_is_looked_at_once_more_when_old_tokens_have_ended() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        let event =
            Event::UserDeleted(crate::UserDeleted { user_id: clock.mint(), orders_before: None, once_more: false });
        let envelope = Envelope::new(&clock, &trace, "usr_x", 2, event);
        let (now, later) = (envelope.timestamp, envelope.timestamp.plus_seconds(SECOND_LOOK_SECONDS));
        assert_eq!((envelope.second_look(now), envelope.second_look(later)), (Some(later), None));
        let text = serde_json::to_string(&envelope).unwrap();
        assert!(!text.contains("ordersBefore"), "only a worker says where it was: {text}");
    }
}
