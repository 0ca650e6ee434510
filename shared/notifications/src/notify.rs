//! Notify the customer, the user or the operator of an event, at most once.

use aws_kit::fault;
use events::{Envelope, Event, PaymentMismatched, Recipient};
use identity::{Channel as ContactChannel, Contact, TokenMail};
use orders::Receipt;
use tracing::{error, info, warn};
use values::{Email, Error, Result, Timestamp};

use crate::audience::Audience;
use crate::event_mail::render;
use crate::mail::Mail;
use crate::mailer::SendOutcome;
use crate::notifier::Notifier;
use crate::store::{Channel, Claim, Message, Status};

/// The content of a message, and the address to which it is sent.
struct OutgoingMail {
    email: Email,
    content: MailContent,
}

enum MailContent {
    /// The whole email.
    Ready(Mail),
    /// A one-time token. Its secret is made once this worker has claimed the message.
    Token(TokenMail),
}

impl Notifier {
    /// Notifies the audience of this event. An error means that a message was not sent, and the event may be delivered again.
    /// 2 reads side by side (1 for a guest, none for the operator, 4 for a one-time token), 1 more for the receipt of a paid
    /// order, 3 writes (4 for a token; 1 less without a budget), 1 email; for all admins 4 queries more, and that for each of them.
    pub async fn notify(&self, envelope: &Envelope) -> Result<()> {
        match Audience::of(&envelope.event) {
            Some(Audience::AdminsExcept(user)) => {
                for admin in self.contacts.admins().await?.into_iter().filter(|admin| *admin != user) {
                    self.notify_one(Audience::Customer(Recipient::User(admin)), envelope).await?;
                }
                Ok(())
            }
            Some(audience) => self.notify_one(audience, envelope).await,
            None => Ok(()),
        }
    }

    /// Sends one message, unless it was sent before.
    async fn notify_one(&self, audience: Audience, envelope: &Envelope) -> Result<()> {
        if let Event::PaymentMismatched(mismatch) = &envelope.event {
            log_alarm(mismatch);
        }
        let Some(OutgoingMail { email, content }) = self.compose(audience, &envelope.event).await? else {
            info!(recipient = %audience, "notification skipped: no recipient");
            return Ok(());
        };
        let now = self.clock.now();
        let message = Message::new(envelope, Channel::Email, (audience, &email), &self.digest_key, now);
        let claim = match self.store.claim(&message, envelope, now).await? {
            Claim::Granted => self.count(&message, now).await?,
            refused => refused,
        };
        match claim {
            Claim::Granted => self.send(&message, &email, content).await,
            Claim::Known(_) if fault::mutant("mail_twice") => self.send(&message, &email, content).await,
            Claim::Known(Status::Sending) => {
                // The worker that claimed it has crashed, or is still sending it and will save the result.
                warn!(recipient = %audience, "message was claimed before and its result is unknown; it is not sent again");
                self.store.mark_unknown(&message).await
            }
            Claim::Known(status) => {
                info!(recipient = %audience, message.status = ?status, "message was handled before");
                Ok(())
            }
            Claim::Suppressed => {
                info!(recipient = %audience, event.kind = envelope.event.name(), "message suppressed: its budget does not allow it");
                Ok(())
            }
        }
    }

    /// Counts a message that was claimed. The message is suppressed if its budget is used up, and its claim is released if the count fails.
    async fn count(&self, message: &Message, now: Timestamp) -> Result<Claim> {
        fault::point("notifier.claimed");
        match self.store.count(message, now).await {
            Ok(true) => {
                fault::point("notifier.counted");
                Ok(Claim::Granted)
            }
            Ok(false) => {
                self.store.suppress(message).await?;
                Ok(Claim::Suppressed)
            }
            Err(cause) => {
                // Nothing was sent. A claim that stays would keep the next delivery from sending it.
                self.store.release_uncounted(message).await?;
                Err(cause)
            }
        }
    }

    /// Sends a message that was claimed and counted, and saves the result.
    async fn send(&self, message: &Message, email: &Email, content: MailContent) -> Result<()> {
        let outcome = match self.finish(content).await {
            Ok(Some(mail)) => self.mailer.send(email, &mail).await?,
            Ok(None) => SendOutcome::Rejected(Error::not_found("token")),
            Err(cause) => SendOutcome::NotSent(cause),
        };
        self.save_result(message, outcome).await
    }

    /// The message and its email address; none when there is no one to notify.
    async fn compose(&self, audience: Audience, event: &Event) -> Result<Option<OutgoingMail>> {
        let (email, name, receipt) = match audience {
            Audience::TokenHolder(token) => {
                let token_mail = self.contacts.token_mail(token, self.clock.now()).await?;
                return Ok(token_mail.map(|token_mail| OutgoingMail {
                    email: token_mail.email.clone(),
                    content: MailContent::Token(token_mail),
                }));
            }
            Audience::Customer(recipient) => match self.contacts.find(recipient).await? {
                Some(contact) if contact.wants(event.name(), ContactChannel::Email) => {
                    let receipt = self.receipt(event, &contact).await?;
                    (contact.email, contact.name, receipt)
                }
                Some(_) => {
                    info!(recipient = %audience, event.kind = event.name(), "recipient has unsubscribed from this email");
                    return Ok(None);
                }
                None => return Ok(None),
            },
            // They are notified one by one.
            Audience::AdminsExcept(_) => return Ok(None),
            Audience::Operator => (self.operator.clone(), String::new(), Receipt::default()),
        };
        Ok(render(event, &name, &receipt).map(|mail| OutgoingMail { email, content: MailContent::Ready(mail) }))
    }

    /// The receipt of a paid order, for its mail. It has no label while the email address is not verified, as the name is: a stranger may
    /// have chosen both.
    async fn receipt(&self, event: &Event, contact: &Contact) -> Result<Receipt> {
        let Event::PaymentCompleted(payment) = event else { return Ok(Receipt::default()) };
        let receipt = self.orders.read_receipt(payment.order_id, payment.recipient).await?.unwrap_or_default();
        match contact.name.is_empty() {
            true => Ok(Receipt { label: Vec::new(), ..receipt }),
            false => Ok(receipt),
        }
    }

    /// The email as it is sent; none when its token no longer exists.
    async fn finish(&self, content: MailContent) -> Result<Option<Mail>> {
        match content {
            MailContent::Ready(mail) => Ok(Some(mail)),
            MailContent::Token(token_mail) => {
                let token = self.contacts.issue_secret(&token_mail).await?;
                Ok(token.map(|token| self.pages.mail(token_mail.purpose, &token, &token_mail.name)))
            }
        }
    }

    async fn save_result(&self, message: &Message, outcome: SendOutcome) -> Result<()> {
        let store = &self.store;
        match outcome {
            SendOutcome::Sent => {
                fault::point("notifier.sent");
                store.save_result(message, Status::Sent).await.or_else(log_unsaved_result)
            }
            SendOutcome::Rejected(cause) => {
                error!(error.cause = cause.causes(), "mail service rejected the message");
                store.save_result(message, Status::Failed).await.or_else(log_unsaved_result)
            }
            SendOutcome::Lost(cause) => {
                error!(
                    error.cause = cause.causes(),
                    "mail service did not answer; it is unknown whether the message was sent"
                );
                store.save_result(message, Status::Unknown).await.or_else(log_unsaved_result)
            }
            SendOutcome::NotSent(cause) => {
                store.release(message).await?;
                Err(cause)
            }
        }
    }
}

/// Logs the line that raises the alarm. It is logged at every delivery: an email may get lost, and two alarms are
/// better than none.
fn log_alarm(mismatch: &PaymentMismatched) {
    error!(
        alarm = "payment.mismatched",
        order.id = %mismatch.order_id,
        order.number = mismatch.order_number,
        payment.id = %mismatch.payment_id,
        payment.intent = mismatch.intent,
        payment.expected = %mismatch.expected,
        payment.provider_amount = mismatch.provider_amount,
        payment.provider_currency = mismatch.provider_currency,
        "provider has another amount or currency than the order"
    );
}

/// The message was sent and its claim stands, so a redelivery would only know less. The row stays `sending`.
fn log_unsaved_result(error: Error) -> Result<()> {
    error!(error.code = error.code, error.cause = error.causes(), "result of a message could not be saved");
    Ok(())
}
