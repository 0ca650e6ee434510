//! Doing what a payment's state asks for: authorise an open one, void a cancelling one. Decided by the row and by the
//! provider's own word, never by which message came, so redeliveries, reordering and crashes lead to the same end.

use events::{Event, PaymentFailed, PaymentNeedsAction};
use tracing::{info, warn};
use values::{Error, PaymentId, Result, Trace};

use crate::Till;
use crate::payment::{Failure, Outcome, Payment, Status};
use crate::stripe::{Created, Intent, State};

/// How often a decision is made anew because somebody else moved the payment.
const MOST_ROUNDS: usize = 8;

/// What settling came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled(pub Status);

impl Till {
    /// Brings a payment to rest: authorised, failed, waiting for the customer, or cancelled.
    pub async fn settle(&self, id: PaymentId, trace: &Trace) -> Result<Settled> {
        for _ in 0..MOST_ROUNDS {
            let payment = self.read(id).await?;
            let moved = match payment.status {
                Status::Open => self.authorise(&payment, trace).await?,
                Status::Cancelling => self.void(&payment, trace).await?,
                status => return Ok(Settled(status)),
            };
            if moved {
                info!(payment.id = %id, "settled");
            }
        }
        Err(Error::unavailable("payment", "it was moved by somebody else again and again"))
    }

    pub(crate) async fn read(&self, id: PaymentId) -> Result<Payment> {
        self.payments.read(id).await?.ok_or_else(|| Error::internal(format!("there is no payment {id}")))
    }

    /// One step towards an authorisation; `false` when somebody else moved the payment meanwhile.
    async fn authorise(&self, payment: &Payment, trace: &Trace) -> Result<bool> {
        let attempt = payment.attempt()?;
        let Some(intent) = &attempt.intent else {
            // Creating an unconfirmed intent moves no money: if this answer or the next write is lost, the intent stays
            // unconfirmed for ever, and the next try makes another.
            return match self.provider.create(payment, &attempt.method.token).await? {
                Created::Intent(intent) => {
                    let next = payment.with_intent(&intent.id, self.payments.clock.now());
                    if !self.payments.save(&next, trace, None).await? {
                        return Ok(false);
                    }
                    // Known to be new and unconfirmed: no need to ask for the truth first.
                    let confirmed = self.provider.confirm(&intent.id).await?;
                    self.conclude(&next, confirmed, trace).await
                }
                Created::Refused(failure) => self.decline(payment, failure, trace).await,
            };
        };
        // An earlier run of this came as far as the intent, and perhaps further: the provider knows.
        let truth = self.provider.fetch(intent).await?;
        let concluded = match truth.state()? {
            State::Unconfirmed => self.provider.confirm(intent).await?,
            _ => truth,
        };
        self.conclude(payment, concluded, trace).await
    }

    /// Writes down what the provider says of the present attempt.
    async fn conclude(&self, payment: &Payment, truth: Intent, trace: &Trace) -> Result<bool> {
        truth.check(payment)?;
        let now = self.payments.clock.now();
        match truth.state()? {
            State::Authorized => {
                let next = payment.concluded(Outcome::Authorized, now)?;
                let event = Event::PaymentAuthorized(next.done());
                self.payments.save(&next, trace, Some(event)).await
            }
            State::Declined(failure) => self.decline(payment, failure, trace).await,
            State::RequiresAction(action) => {
                let url = action.url.clone();
                let next = payment.concluded(Outcome::RequiresAction(action), now)?;
                let data = PaymentNeedsAction { payment_id: next.id, order_id: next.order_id, url };
                self.payments.save(&next, trace, Some(Event::PaymentRequiresAction(data))).await
            }
            State::Canceled => {
                // Only we cancel intents, and then the row says so first; the next round will see it.
                warn!(payment.id = %payment.id, "the provider says cancelled while our row says open");
                let failure = Failure {
                    code: "payment_cancelled".into(),
                    message: "The payment was cancelled at the provider.".into(),
                };
                self.decline(payment, failure, trace).await
            }
            State::Unconfirmed => Err(Error::unavailable("payment provider", "the intent is still unconfirmed")),
            State::Captured => {
                Err(Error::internal(format!("payment {} was captured before its order was confirmed", payment.id)))
            }
        }
    }

    async fn decline(&self, payment: &Payment, failure: Failure, trace: &Trace) -> Result<bool> {
        let next = payment.concluded(Outcome::Declined(failure.clone()), self.payments.clock.now())?;
        let data = PaymentFailed {
            payment_id: next.id,
            order_id: next.order_id,
            order_number: next.order_number.clone(),
            recipient: next.payer,
            amount: next.amount,
            code: failure.code,
            message: failure.message,
        };
        self.payments.save(&next, trace, Some(Event::PaymentFailed(data))).await
    }

    /// Lets go what any attempt may have reserved.
    async fn void(&self, payment: &Payment, trace: &Trace) -> Result<bool> {
        // Every attempt, not only the last: voiding a declined one is answered by its state and costs a call.
        for intent in payment.attempts.iter().filter_map(|attempt| attempt.intent.as_deref()) {
            let truth = self.provider.cancel(intent).await?;
            if matches!(truth.state()?, State::Captured) {
                return Err(Error::internal(format!(
                    "payment {} is captured at the provider and cannot be voided",
                    payment.id
                )));
            }
        }
        let next = payment.concluded(Outcome::Voided, self.payments.clock.now())?;
        self.payments.save(&next, trace, Some(Event::PaymentCancelled(next.done()))).await
    }
}
