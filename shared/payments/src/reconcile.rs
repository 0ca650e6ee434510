//! Reconcile a payment with the provider: authorise an open one, check whether the customer has acted, capture, void. A step is decided
//! here, and written together with the order.
//! The row and the provider's answer decide, never the message that arrived. So redeliveries, reordering, webhooks and
//! crashes lead to the same end.

use aws_kit::fault;
use events::{Event, PaymentMismatched};
use tracing::warn;
use values::{Error, Result, Trace};

use crate::attempt::{AttemptOutcome, Failure};
use crate::capture_at::CaptureAt;
use crate::payment::Payment;
use crate::service::PaymentService;
use crate::status::Status;
use crate::step::{Due, NextPayment, PaymentStep};
use crate::stripe::{Intent, IntentCreation, IntentState};
use crate::tells::Tells;

impl PaymentService {
    /// Decides the next step of a payment from its row and the answer of the provider, and writes nothing. A payment for which
    /// this is not due in its status is settled.
    pub async fn decide(&self, payment: &Payment, due: Due, trace: &Trace) -> Result<PaymentStep> {
        match (due, payment.status) {
            (Due::Authorisation(capture_at), Status::Open) => self.authorise(payment, capture_at, trace).await,
            (Due::Authorisation(capture_at), Status::RequiresAction) => {
                let intent = self.provider.fetch(payment.intent()?).await?;
                match intent.state()? {
                    IntentState::RequiresAction(_) => Ok(PaymentStep::Settled),
                    _ => self.conclude(payment, intent, capture_at, trace).await,
                }
            }
            (Due::Confirmation(capture_at), Status::Open) => self.confirm(payment, capture_at, trace).await,
            (Due::Capture, Status::Authorized) => self.capture(payment, trace).await,
            // A webhook or the schedule asked for a check: a provider releases a reservation after some days.
            (Due::Check, Status::Authorized) => match self.provider.fetch(payment.intent()?).await?.state()? {
                IntentState::Canceled => self.record_lost_authorisation(payment, trace),
                // A worker was killed after a capture that an admin requested, or that was due by another setting.
                IntentState::Captured => self.capture(payment, trace).await,
                _ => Ok(PaymentStep::Settled),
            },
            (Due::End, _) => self.cancel_first(payment, trace).await,
            (Due::Void, Status::Cancelling) => self.void(payment, trace).await,
            _ => Ok(PaymentStep::Settled),
        }
    }

    /// One step towards an authorisation.
    async fn authorise(&self, payment: &Payment, capture_at: CaptureAt, trace: &Trace) -> Result<PaymentStep> {
        // The customer must not be able to complete an earlier page beside the new attempt.
        for intent in payment.abandoned_intents() {
            self.provider.cancel(intent).await?.check_canceled()?;
        }
        let attempt = payment.attempt()?;
        let recorded = attempt.intent.as_ref().filter(|_| !fault::mutant("charge_posted_blindly"));
        let Some(intent) = recorded else {
            // An unconfirmed intent moves no money. If this answer or the next write is lost, the intent stays
            // unconfirmed for ever, and the retry creates another one.
            return match self.provider.create(payment, &attempt.method.token).await? {
                IntentCreation::Created(intent) if !intent.matches(payment) => {
                    self.reject_mismatch(payment, &intent, trace).await
                }
                IntentCreation::Created(intent) => {
                    fault::point("payments.intent_created");
                    let card = intent.fingerprint().map(|fingerprint| self.cards.digest(fingerprint));
                    let next = payment.with_intent(&intent.id, card, self.payments.clock.now());
                    self.step(next)
                }
                IntentCreation::Rejected(failure) => self.decline(payment, failure, None, trace),
            };
        };
        // An earlier attempt of a worker came as far as this intent, and perhaps further. The provider knows.
        let fetched = self.provider.fetch(intent).await?;
        let latest = match fetched.state()? {
            IntentState::Unconfirmed if fetched.matches(payment) => {
                if self.is_card_blocked(payment).await? {
                    return self.refuse_card(payment, trace);
                }
                self.provider.confirm(intent, payment.order_id).await?
            }
            _ => fetched,
        };
        self.conclude(payment, latest, capture_at, trace).await
    }

    /// Confirms the intent of a payment whose row has just got its id. The intent is new and unconfirmed, so there is no
    /// need to fetch it first.
    async fn confirm(&self, payment: &Payment, capture_at: CaptureAt, trace: &Trace) -> Result<PaymentStep> {
        fault::point("payments.intent_recorded");
        if self.is_card_blocked(payment).await? {
            return self.refuse_card(payment, trace);
        }
        let confirmed = self.provider.confirm(payment.intent()?, payment.order_id).await?;
        fault::point("payments.confirmed");
        self.conclude(payment, confirmed, capture_at, trace).await
    }

    /// Decides by the outcome that the provider reports for the current attempt.
    async fn conclude(
        &self,
        payment: &Payment,
        intent: Intent,
        capture_at: CaptureAt,
        trace: &Trace,
    ) -> Result<PaymentStep> {
        if !intent.matches(payment) {
            return self.reject_mismatch(payment, &intent, trace).await;
        }
        let now = self.payments.clock.now();
        match intent.state()? {
            IntentState::Authorized => {
                let next = payment.conclude(AttemptOutcome::Authorized, now)?;
                let row = match capture_at {
                    // Its order stays in the index of holds until the capture.
                    CaptureAt::Confirmation => self.payments.put_unlisted_step(&next)?,
                    CaptureAt::Shipment => self.payments.put_step(&next)?,
                };
                Ok(PaymentStep::WithOrder(Box::new(NextPayment { payment: next, writes: vec![row] })))
            }
            IntentState::Declined(failure) => self.decline_card(payment, failure).await,
            IntentState::Rejected(failure) => self.decline(payment, failure, None, trace),
            IntentState::RequiresAction(action) => {
                let next = payment.conclude(AttemptOutcome::RequiresAction(action), now)?;
                self.step(next)
            }
            IntentState::Canceled => {
                // Before we cancel an intent, the row says so, and the next attempt will see that. Otherwise the
                // intent was cancelled at the provider, without us.
                warn!(payment.id = %payment.id, "intent was cancelled at the provider, not by us");
                let message = "The payment was cancelled at the provider.".into();
                self.decline(payment, Failure { code: "payment_cancelled".into(), message }, None, trace)
            }
            IntentState::Unconfirmed => Err(Error::unavailable("payment provider", "the intent is still unconfirmed")),
            // Other workers may have authorised, confirmed and captured since we read our row. Then the next attempt
            // sees that.
            IntentState::Captured if self.read(payment.id).await?.version != payment.version => {
                Ok(PaymentStep::Changed)
            }
            IntentState::Captured => {
                Err(Error::internal(format!("payment {} was captured before its order was confirmed", payment.id)))
            }
        }
    }

    /// The provider's object has another amount or currency than our row. It is cancelled and not used, an alarm is
    /// raised, and the order is not confirmed.
    async fn reject_mismatch(&self, payment: &Payment, intent: &Intent, trace: &Trace) -> Result<PaymentStep> {
        self.provider.cancel(&intent.id).await?.check_canceled()?;
        let alarm = PaymentMismatched {
            payment_id: payment.id,
            order_id: payment.order_id,
            order_number: payment.order_number.clone(),
            intent: intent.id.clone(),
            expected: payment.amount,
            provider_amount: intent.amount,
            provider_currency: intent.currency.clone(),
        };
        let message = "The payment failed. You were not charged. Try another method.".into();
        let failure = Failure { code: "amount_mismatch".into(), message };
        self.decline(payment, failure, Some(Event::PaymentMismatched(alarm)), trace)
    }

    /// Were too many payments with the card of the current attempt declined? 1 round trip, if the card is known.
    async fn is_card_blocked(&self, payment: &Payment) -> Result<bool> {
        let Some(card) = &payment.attempt()?.card else { return Ok(false) };
        let declines = self.payments.read_card(card).await?;
        Ok(declines.reach(self.cards.declines, self.payments.clock.now()))
    }

    /// Declines without asking the provider. It is no answer of a bank, so it is not counted. The intent is not confirmed, and never
    /// charges.
    fn refuse_card(&self, payment: &Payment, trace: &Trace) -> Result<PaymentStep> {
        warn!(payment.id = %payment.id, "card refused after too many declines");
        let message = "Too many payments with this card were declined. Try another method.".into();
        self.decline(payment, Failure { code: "payment_blocked".into(), message }, None, trace)
    }

    /// The bank has declined the card: its declines are counted in the same transaction. 1 round trip, if the card is known.
    async fn decline_card(&self, payment: &Payment, failure: Failure) -> Result<PaymentStep> {
        let next = payment.conclude_bank_decline(failure, self.payments.clock.now())?.telling(Tells::Failed);
        let mut writes = vec![self.payments.put_step(&next)?];
        if let Some(card) = &payment.attempt()?.card {
            writes.push(self.payments.count_decline(card, self.payments.read_card(card).await?)?);
        }
        Ok(PaymentStep::WithOrder(Box::new(NextPayment { payment: next, writes })))
    }

    /// The attempt ends without an answer of a bank, so it is not counted.
    fn decline(&self, payment: &Payment, failure: Failure, alarm: Option<Event>, trace: &Trace) -> Result<PaymentStep> {
        let next = payment.conclude(AttemptOutcome::Declined(failure), self.payments.clock.now())?;
        self.step_with_order(next.telling(Tells::Failed), trace, alarm)
    }
}
