//! Doing what a payment's state asks for: authorise an open one, look whether the customer has acted, void a cancelling one.
//! Decided by the row and by the provider's own word, never by which message came, so redeliveries, reordering, webhooks and
//! crashes lead to the same end.

use aws_kit::fault;
use events::{Event, PaymentFailed, PaymentMismatched, PaymentNeedsAction};
use tracing::{info, warn};
use values::{Error, PaymentId, Result, Trace};

use crate::Till;
use crate::payment::{Failure, Outcome, Payment, Status};
use crate::store::{MOST_ROUNDS, overtaken};
use crate::stripe::{Created, Intent, State};

impl Till {
    /// Brings a payment to rest: authorised, failed, waiting for the customer, or cancelled; and tells which it is.
    pub async fn settle(&self, id: PaymentId, trace: &Trace) -> Result<Status> {
        let mut moved = false;
        for _ in 0..MOST_ROUNDS {
            let payment = self.read(id).await?;
            moved = match payment.status {
                Status::Open => self.authorise(&payment, trace).await?,
                Status::RequiresAction => match self.provider.fetch(payment.intent()?).await? {
                    truth if matches!(truth.state()?, State::RequiresAction(_)) => return Ok(payment.status),
                    truth => self.conclude(&payment, truth, trace).await?,
                },
                // Somebody has us look: a provider lets a reservation go after some days.
                Status::Authorized if !moved => match self.provider.fetch(payment.intent()?).await?.state()? {
                    State::Canceled => self.lapsed(&payment, trace).await?,
                    _ => return Ok(payment.status),
                },
                Status::Cancelling => self.void(&payment, trace).await?,
                status => return Ok(status),
            };
            if moved {
                info!(payment.id = %id, "settled");
            }
        }
        Err(overtaken())
    }

    pub(crate) async fn read(&self, id: PaymentId) -> Result<Payment> {
        self.payments.read(id).await?.ok_or_else(|| Error::internal(format!("there is no payment {id}")))
    }

    /// One step towards an authorisation; `false` when somebody else moved the payment meanwhile.
    async fn authorise(&self, payment: &Payment, trace: &Trace) -> Result<bool> {
        // A page that the customer left open must not be finished beside the new attempt.
        for intent in payment.abandoned_intents() {
            self.provider.cancel(intent).await?.check_canceled()?;
        }
        let attempt = payment.attempt()?;
        let known = attempt.intent.as_ref().filter(|_| !fault::mutant("charge_posted_blindly"));
        let Some(intent) = known else {
            // Creating an unconfirmed intent moves no money: if this answer or the next write is lost, the intent stays
            // unconfirmed for ever, and the next try makes another.
            return match self.provider.create(payment, &attempt.method.token).await? {
                Created::Intent(intent) if !intent.is_of(payment) => self.refuse(payment, &intent, trace).await,
                Created::Intent(intent) => {
                    fault::point("payments.intent_created");
                    let next = payment.with_intent(&intent.id, self.payments.clock.now());
                    if !self.payments.save(&next, trace, None).await? {
                        return Ok(false);
                    }
                    fault::point("payments.intent_recorded");
                    // Known to be new and unconfirmed: no need to ask for the truth first.
                    let confirmed = self.provider.confirm(&intent.id, payment.order_id).await?;
                    fault::point("payments.confirmed");
                    self.conclude(&next, confirmed, trace).await
                }
                Created::Refused(failure) => self.decline(payment, failure, None, trace).await,
            };
        };
        // An earlier run of this came as far as the intent, and perhaps further: the provider knows.
        let truth = self.provider.fetch(intent).await?;
        let concluded = match truth.state()? {
            State::Unconfirmed if truth.is_of(payment) => self.provider.confirm(intent, payment.order_id).await?,
            _ => truth,
        };
        self.conclude(payment, concluded, trace).await
    }

    /// Writes down what the provider says of the present attempt.
    async fn conclude(&self, payment: &Payment, truth: Intent, trace: &Trace) -> Result<bool> {
        if !truth.is_of(payment) {
            return self.refuse(payment, &truth, trace).await;
        }
        let now = self.payments.clock.now();
        match truth.state()? {
            State::Authorized => {
                let next = payment.concluded(Outcome::Authorized, now)?;
                let event = Event::PaymentAuthorized(next.done());
                self.payments.save(&next, trace, [event]).await
            }
            State::Declined(failure) => self.decline(payment, failure, None, trace).await,
            State::RequiresAction(action) => {
                let next = payment.concluded(Outcome::RequiresAction(action), now)?;
                let data = PaymentNeedsAction { payment_id: next.id, order_id: next.order_id };
                self.payments.save(&next, trace, [Event::PaymentRequiresAction(data)]).await
            }
            State::Canceled => {
                // When we cancel an intent the row says so first, and the next round will see it. Otherwise somebody did so at
                // the provider.
                warn!(payment.id = %payment.id, "the provider says cancelled while our row says otherwise");
                let message = "The payment was cancelled at the provider.".into();
                self.decline(payment, Failure { code: "payment_cancelled".into(), message }, None, trace).await
            }
            State::Unconfirmed => Err(Error::unavailable("payment provider", "the intent is still unconfirmed")),
            // Others may have authorised, confirmed and captured since we read our row: then the next round sees it.
            State::Captured if self.read(payment.id).await?.version != payment.version => Ok(false),
            State::Captured => {
                Err(Error::internal(format!("payment {} was captured before its order was confirmed", payment.id)))
            }
        }
    }

    /// The provider's object is of another amount or currency than our row. Nothing rests on it: it is let go, somebody is
    /// called, and the order is not confirmed.
    async fn refuse(&self, payment: &Payment, truth: &Intent, trace: &Trace) -> Result<bool> {
        self.provider.cancel(&truth.id).await?.check_canceled()?;
        let alarm = PaymentMismatched {
            payment_id: payment.id,
            order_id: payment.order_id,
            order_number: payment.order_number.clone(),
            intent: truth.id.clone(),
            expected: payment.amount,
            provider_amount: truth.amount,
            provider_currency: truth.currency.clone(),
        };
        let message = "The payment could not be made. Nothing was taken; try another method.".into();
        let failure = Failure { code: "amount_mismatch".into(), message };
        self.decline(payment, failure, Some(Event::PaymentMismatched(alarm)), trace).await
    }

    async fn decline(&self, payment: &Payment, failure: Failure, alarm: Option<Event>, trace: &Trace) -> Result<bool> {
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
        self.payments.save(&next, trace, [Event::PaymentFailed(data)].into_iter().chain(alarm)).await
    }
}
