//! Telling somebody of an event, at most once: its customer, or, where something is badly wrong, who runs the shop.

use aws_kit::{Aws, fault};
use events::{Envelope, Event, PaymentMismatched};
use identity::{Channel as ContactChannel, Contacts, TokenMail};
use tracing::{error, info, warn};
use values::{Clock, Email, Error, Result};

use crate::link::Pages;
use crate::mail::{Mailer, Outcome, operator_address};
use crate::message::{Audience, Mail, audience, render};
use crate::store::{Channel, Message, Status, Store};

/// What telling needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notifier {
    store: Store,
    contacts: Contacts,
    mailer: Mailer,
    operator: Email,
    pages: Pages,
    clock: Clock,
}

/// What is to be told, and where.
struct Letter {
    email: Email,
    content: Content,
}

enum Content {
    /// All of it.
    Written(Mail),
    /// A one-time token, whose secret is made when it is certain that this mail is ours to send.
    Secret(TokenMail),
}

impl Notifier {
    /// With the notifications and identity tables and the mail service.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            store: Store::new(aws.table("SOUK_TABLE_NOTIFICATIONS")?),
            contacts: Contacts::new(aws.table("SOUK_TABLE_IDENTITY")?),
            mailer: Mailer::from_env(aws)?,
            operator: operator_address()?,
            pages: Pages::from_env()?,
            clock: Clock::System,
        })
    }

    /// What to write, and where to; none when nobody is there.
    async fn letter(&self, audience: Audience, event: &Event) -> Result<Option<Letter>> {
        let (email, name) = match audience {
            Audience::Holder(token) => {
                let mail = self.contacts.token_mail(token, self.clock.now()).await?;
                return Ok(mail.map(|mail| Letter { email: mail.email.clone(), content: Content::Secret(mail) }));
            }
            Audience::Customer(recipient) => match self.contacts.find(recipient).await? {
                Some(contact) if contact.wants(event.name(), ContactChannel::Email) => (contact.email, contact.name),
                Some(_) => {
                    info!(recipient = %audience, event.kind = event.name(), "this recipient wants no mail of it");
                    return Ok(None);
                }
                None => return Ok(None),
            },
            Audience::Operator => (self.operator.clone(), String::new()),
        };
        Ok(render(event, &name).map(|mail| Letter { email, content: Content::Written(mail) }))
    }

    /// The mail as it is sent; none when the token that it was to bring has gone.
    async fn seal(&self, content: Content) -> Result<Option<Mail>> {
        match content {
            Content::Written(mail) => Ok(Some(mail)),
            Content::Secret(mail) => {
                let token = self.contacts.issue_secret(&mail).await?;
                Ok(token.map(|token| self.pages.mail(mail.purpose, &token, &mail.name)))
            }
        }
    }
}

/// Sends what this event has to say. An error means that nothing was sent and it may come again.
/// 1 read (none for the operator, 3 for a one-time token), 2 writes (3 for a token), 1 mail.
pub async fn notify(notifier: &Notifier, envelope: &Envelope) -> Result<()> {
    let Some(audience) = audience(&envelope.event) else { return Ok(()) };
    if let Event::PaymentMismatched(mismatch) = &envelope.event {
        raise(mismatch);
    }
    let Some(Letter { email, content }) = notifier.letter(audience, &envelope.event).await? else {
        info!(recipient = %audience, "skipped: there is nobody to write to");
        return Ok(());
    };
    let message = Message::new(envelope, Channel::Email, audience);
    let known = notifier.store.claim(&message, envelope, notifier.clock.now()).await?;
    match known.filter(|_| !fault::mutant("mail_twice")) {
        None => {
            fault::point("notifier.claimed");
            let outcome = match notifier.seal(content).await {
                Ok(Some(mail)) => notifier.mailer.send(&email, &mail).await?,
                Ok(None) => Outcome::Refused(Error::not_found("token")),
                Err(cause) => Outcome::NotSent(cause),
            };
            conclude(notifier, &message, outcome).await
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
