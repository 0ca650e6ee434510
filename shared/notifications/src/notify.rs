//! Telling a customer of an event, at most once.

use aws_kit::Aws;
use events::Envelope;
use identity::Contacts;
use tracing::{error, info, warn};
use values::{Clock, Error, Result};

use crate::mail::{Mailer, Outcome};
use crate::message::{recipient, render};
use crate::store::{Channel, Message, Status, Store};

/// What telling needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notifier {
    store: Store,
    contacts: Contacts,
    mailer: Mailer,
    clock: Clock,
}

impl Notifier {
    /// With the notifications and identity tables and the mail service.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            store: Store::new(aws.table("SOUK_TABLE_NOTIFICATIONS")?),
            contacts: Contacts::new(aws.table("SOUK_TABLE_IDENTITY")?),
            mailer: Mailer::from_env(aws)?,
            clock: Clock::System,
        })
    }
}

/// Sends what this event has to say to its customer. An error means that nothing was sent and it may come again.
/// 1 read, 2 writes, 1 mail.
pub async fn notify(notifier: &Notifier, envelope: &Envelope) -> Result<()> {
    let Some(recipient) = recipient(&envelope.event) else { return Ok(()) };
    let Some((email, name)) = notifier.contacts.email_of(recipient).await? else {
        info!(recipient = %recipient, "skipped: this recipient has no address");
        return Ok(());
    };
    let Some(mail) = render(&envelope.event, &name) else { return Ok(()) };
    let message = Message::new(envelope, Channel::Email, recipient);
    match notifier.store.claim(&message, envelope, notifier.clock.now()).await? {
        None => conclude(notifier, &message, notifier.mailer.send(&email, &mail).await?).await,
        Some(Status::Sending) => {
            // Whoever claimed it died in the middle, or is still at it; then it will say so.
            warn!(recipient = %recipient, "a redelivery found this message half sent: its outcome is unknown, it is not sent again");
            notifier.store.give_up(&message).await
        }
        Some(known) => {
            info!(recipient = %recipient, message.status = ?known, "told before");
            Ok(())
        }
    }
}

async fn conclude(notifier: &Notifier, message: &Message, outcome: Outcome) -> Result<()> {
    let store = &notifier.store;
    match outcome {
        Outcome::Sent => store.conclude(message, Status::Sent).await.or_else(kept_quiet),
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
