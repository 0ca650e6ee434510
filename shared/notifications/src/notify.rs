//! Telling somebody of an event, at most once: its customer, or, where something is badly wrong, who runs the shop.

use aws_kit::{Aws, fault};
use events::{Envelope, Event, PaymentMismatched};
use identity::{Channel as Way, Contact, Contacts, Preferences};
use tracing::{error, info, warn};
use values::{Clock, Email, Error, Result};

use crate::mail::{Mailer, Outcome, operator_address};
use crate::message::{Audience, audience, render};
use crate::store::{Channel, Message, Status, Store};

/// What telling needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notifier {
    store: Store,
    contacts: Contacts,
    mailer: Mailer,
    operator: Email,
    clock: Clock,
}

impl Notifier {
    /// With the notifications and identity tables and the mail service.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            store: Store::new(aws.table("SOUK_TABLE_NOTIFICATIONS")?),
            contacts: Contacts::new(aws.table("SOUK_TABLE_IDENTITY")?),
            mailer: Mailer::from_env(aws)?,
            operator: operator_address()?,
            clock: Clock::System,
        })
    }

    /// Where to write to, the name to greet with, and what is to be told.
    async fn contact_of(&self, audience: Audience) -> Result<Option<Contact>> {
        match audience {
            Audience::Customer(recipient) => self.contacts.reach(recipient).await,
            Audience::Operator => Ok(Some(Contact {
                email: self.operator.clone(),
                name: String::new(),
                preferences: Preferences::default(),
            })),
        }
    }
}

/// Sends what this event has to say. An error means that nothing was sent and it may come again.
/// 1 read (none for the operator), 2 writes, 1 mail.
pub async fn notify(notifier: &Notifier, envelope: &Envelope) -> Result<()> {
    let Some(audience) = audience(&envelope.event) else { return Ok(()) };
    if let Event::PaymentMismatched(mismatch) = &envelope.event {
        raise(mismatch);
    }
    let Some(contact) = notifier.contact_of(audience).await? else {
        info!(recipient = %audience, "skipped: this recipient has no address");
        return Ok(());
    };
    if !contact.wants(envelope.event.name(), Way::Email) {
        info!(recipient = %audience, event.kind = envelope.event.name(), "skipped: this recipient wants no mail of it");
        return Ok(());
    }
    let Some(mail) = render(&envelope.event, &contact.name) else { return Ok(()) };
    let message = Message::new(envelope, Channel::Email, audience);
    let known = notifier.store.claim(&message, envelope, notifier.clock.now()).await?;
    match known.filter(|_| !fault::mutant("mail_twice")) {
        None => {
            fault::point("notifier.claimed");
            conclude(notifier, &message, notifier.mailer.send(&contact.email, &mail).await?).await
        }
        Some(Status::Sending) => {
            // Whoever claimed it died in the middle, or is still at it; then it will say so.
            warn!(recipient = %audience, "a redelivery found this message half sent: its outcome is unknown, it is not sent again");
            notifier.store.give_up(&message).await
        }
        Some(known) => {
            info!(recipient = %audience, message.status = ?known, "told before");
            Ok(())
        }
    }
}

/// The line that an alarm is made of. At every delivery: a mail may get lost or fail, and an alarm twice is better than none.
fn raise(mismatch: &PaymentMismatched) {
    error!(
        alarm = "payment.mismatched",
        order.id = %mismatch.order_id,
        order.number = mismatch.order_number,
        payment.id = %mismatch.payment_id,
        payment.intent = mismatch.intent,
        payment.expected = %mismatch.expected,
        payment.seen_amount = mismatch.seen_amount,
        payment.seen_currency = mismatch.seen_currency,
        "the provider holds another amount or currency than this order costs"
    );
}

async fn conclude(notifier: &Notifier, message: &Message, outcome: Outcome) -> Result<()> {
    let store = &notifier.store;
    match outcome {
        Outcome::Sent => {
            fault::point("notifier.sent");
            store.conclude(message, Status::Sent).await.or_else(kept_quiet)
        }
        Outcome::Refused(cause) => {
            error!(error.cause = cause.causes(), "the mail service refuses this message");
            store.conclude(message, Status::Failed).await.or_else(kept_quiet)
        }
        Outcome::Lost(cause) => {
            error!(
                error.cause = cause.causes(),
                "the mail service did not answer: it is unknown whether this message was sent"
            );
            store.conclude(message, Status::Unknown).await.or_else(kept_quiet)
        }
        Outcome::NotSent(cause) => {
            store.release(message).await?;
            Err(cause)
        }
    }
}

/// The send is over and its claim stands, so a redelivery would only find out less: the row stays `sending`.
fn kept_quiet(error: Error) -> Result<()> {
    error!(error.code = error.code, error.cause = error.causes(), "the outcome of a message could not be written");
    Ok(())
}
