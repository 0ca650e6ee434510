//! What a payment tells its customer. The row itself is the event: the version that tells names it in `tells`, and the stream of the table
//! brings it to the notifier. Housekeeping makes the same event of the row, should the stream lose the record.

use aws_kit::event_id_of;
use events::{Envelope, Event, PaymentFailed, Recipient};
use serde_json::Value;
use values::{Error, Result};

use crate::attempt::Failure;
use crate::payment::Payment;
use crate::payment_row::PaymentRow;
use crate::tells::Tells;

impl Payment {
    /// The same version, which tells what has just happened.
    pub(crate) fn telling(self, tells: Tells) -> Self {
        let captured_at = if tells == Tells::Completed { Some(self.updated_at) } else { self.captured_at };
        Self { tells: Some(tells), captured_at, ..self }
    }
}

/// The event that a payment tells; none if it tells nothing. It is always the same event with the same id: of the capture, also after
/// refunds; else of the last attempt, while the payment is declined. Payments of earlier releases tell nothing, because their events
/// have rows of their own.
pub fn customer_event(payment: &Payment) -> Option<Envelope> {
    let completed = payment.captured_at.map(|at| {
        let name = format!("payment.completed#{}", payment.id);
        (name, at, Event::PaymentCompleted(payment.event_data()))
    });
    let (name, timestamp, event) = completed.or_else(|| {
        let failure = payment.failure().filter(|_| payment.tells == Some(Tells::Failed))?;
        let name = format!("payment.failed#{}#{}", payment.id, payment.attempts.len());
        Some((name, payment.updated_at, Event::PaymentFailed(declined_data(payment, failure.clone()))))
    })?;
    Some(Envelope {
        event_id: event_id_of(&name),
        version: 1,
        timestamp,
        subject: payment.id.to_string(),
        sequence: payment.version,
        // A row does not name the request that caused its change.
        correlation_id: payment.order_id.to_string(),
        causation_id: None,
        event,
    })
}

/// The event that a row of the table tells with this version, as the stream shows the row; none if this version tells nothing.
pub fn customer_event_of_image(image: Value) -> Result<Option<Envelope>> {
    let payment = Payment::from(serde_json::from_value::<PaymentRow>(image).map_err(Error::internal)?);
    Ok(payment.tells.and_then(|_| customer_event(&payment)))
}

/// The data of `payment.failed`. It becomes a mail.
fn declined_data(payment: &Payment, failure: Failure) -> PaymentFailed {
    let failure = match payment.payer {
        Recipient::User(_) => failure,
        Recipient::Contact(_) => Failure::for_guests(),
    };
    PaymentFailed {
        payment_id: payment.id,
        order_id: payment.order_id,
        order_number: payment.order_number.clone(),
        recipient: payment.payer,
        amount: payment.amount,
        code: failure.code,
        message: failure.message,
        order_changed: true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};
    use values::{Clock, Timestamp};

    use super::*;
    use crate::attempt::AttemptOutcome;
    use crate::payment::tests::payment;
    use crate::payment_method::PaymentMethod;

    fn captured() -> Payment {
        let authorised = payment().conclude(AttemptOutcome::Authorized, payment().created_at).unwrap();
        authorised.capture(authorised.created_at.plus_seconds(5)).unwrap().telling(Tells::Completed)
    }

    fn declined() -> Payment {
        let failure = Failure { code: "card_declined".into(), message: "No.".into() };
        payment().conclude(AttemptOutcome::Declined(failure), payment().created_at).unwrap().telling(Tells::Failed)
    }

    fn image(payment: &Payment) -> Value {
        to_value(PaymentRow::from(payment)).unwrap()
    }

    #[test]
    fn payment_tells_one_capture_with_one_id() {
        let captured = captured();
        let event = customer_event_of_image(image(&captured)).unwrap().unwrap();
        assert_eq!(customer_event(&captured), Some(event.clone()));
        assert_eq!((event.event.name(), event.sequence), ("payment.completed", captured.version));
        assert_eq!(event.timestamp, captured.updated_at);
        let refunding = captured.reserve_refund(captured.amount, captured.updated_at.plus_seconds(9)).unwrap();
        assert_eq!(
            customer_event_of_image(image(&refunding)).unwrap(),
            None,
            "only the version of the capture tells it"
        );
        let again = customer_event(&refunding).unwrap();
        assert_eq!((again.event_id, again.timestamp, again.event), (event.event_id, event.timestamp, event.event));
    }

    #[test]
    fn each_declined_attempt_makes_one_event() {
        let first = declined();
        let event = customer_event(&first).unwrap();
        assert_eq!((event.event.name(), event.sequence), ("payment.failed", first.version));
        assert_eq!(customer_event_of_image(image(&first)).unwrap(), Some(event.clone()));
        let method = PaymentMethod { provider: None, token: "pm_x".into() };
        let again = first.retry(method, first.created_at).unwrap();
        assert_eq!(customer_event(&again), None);
        let failure = Failure { code: "card_declined".into(), message: "No.".into() };
        let second = again.conclude(AttemptOutcome::Declined(failure), again.created_at).unwrap();
        assert_eq!(customer_event(&second), None, "of an earlier release");
        assert_ne!(customer_event(&second.telling(Tells::Failed)).unwrap().event_id, event.event_id);
    }

    #[test]
    fn guest_learns_nothing_that_helps_to_test_cards() {
        let message = |payment: &Payment| match customer_event(payment).map(|event| event.event) {
            Some(Event::PaymentFailed(failed)) => (failed.code, failed.message),
            other => panic!("{other:?}"),
        };
        assert_eq!(message(&declined()).0, "card_declined");
        let guests = Payment { payer: Recipient::Contact(Clock::System.mint()), ..declined() };
        let Failure { code, message: sentence } = Failure::for_guests();
        assert_eq!(message(&guests), (code, sentence));
    }

    #[test]
    fn row_names_what_it_tells() {
        let row = image(&captured());
        assert_eq!(row["tells"], "payment.completed");
        assert_eq!(row["capturedAt"], json!(Timestamp::from_millis(1_764_000_005_000)));
        assert_eq!(image(&declined())["tells"], "payment.failed");
        assert!(image(&declined()).get("capturedAt").is_none() && image(&payment()).get("tells").is_none());
    }
}
