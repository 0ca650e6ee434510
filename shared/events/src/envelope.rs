//! The envelope around every event: its id, time, order, and the request or event that caused it.

use serde::{Deserialize, Serialize};
use values::{Actor, Clock, EventId, Timestamp, Trace};

use crate::Event;

/// Twice the time that an access token may stay valid after its session has ended.
const SECOND_ERASURE_DELAY_SECONDS: i64 = 120;

/// An event with its metadata, as queues and outboxes hold it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// A UUIDv7, so an outbox sorts by age.
    pub event_id: EventId,
    /// The version of the event's schema. Additive changes keep it; a breaking change adds a new version beside the old one.
    pub version: u32,
    /// When the change happened.
    pub timestamp: Timestamp,
    /// The id of the entity that changed.
    pub subject: String,
    /// The version of that entity after the change. Consumers order events by it, never by arrival.
    pub sequence: u64,
    /// The id of the request that began the chain of events.
    pub correlation_id: String,
    /// The event that caused this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// `eventType` and `data`.
    #[serde(flatten)]
    pub event: Event,
}

impl Envelope {
    /// Wraps an event about `subject`, whose version is now `sequence`.
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

    /// Is this a hint of the reconciler? A hint reports no change, so it has no sequence. The reconciler sends it again until
    /// the work is done.
    pub fn is_repeated(&self) -> bool {
        self.sequence == 0
    }

    /// When the erasure of a deleted account has to run a second time; none if that time has passed. Access tokens outlive
    /// their account by up to a minute, and with one of them a caller can still write what was just erased.
    pub fn second_erasure_at(&self, now: Timestamp) -> Option<Timestamp> {
        let at = self.timestamp.plus_seconds(SECOND_ERASURE_DELAY_SECONDS);
        (now < at).then_some(at)
    }

    /// The trace of the work that a function does for this event.
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
    fn envelope_survives_a_json_round_trip() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        let event = Event::PaymentRequested(PaymentRequested { payment_id: clock.mint(), order_id: clock.mint() });
        let envelope = Envelope::new(&clock, &trace, "pay_x", 3, event);
        let text = serde_json::to_string(&envelope).unwrap();
        assert!(text.contains(r#""eventType":"payment.requested""#) && text.contains(r#""data":{"#), "{text}");
        assert_eq!(serde_json::from_str::<Envelope>(&text).unwrap(), envelope);
    }

    #[test]
    fn erasure_runs_again_after_old_tokens_have_expired() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        let event = Event::UserDeleted(crate::UserDeleted {
            user_id: clock.mint(),
            orders_before: None,
            is_second_pass: false,
        });
        let envelope = Envelope::new(&clock, &trace, "usr_x", 2, event);
        let (now, later) = (envelope.timestamp, envelope.timestamp.plus_seconds(SECOND_ERASURE_DELAY_SECONDS));
        assert_eq!((envelope.second_erasure_at(now), envelope.second_erasure_at(later)), (Some(later), None));
        let text = serde_json::to_string(&envelope).unwrap();
        assert!(!text.contains("ordersBefore"), "only a worker sets its position: {text}");
    }
}
