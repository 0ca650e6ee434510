//! Notifications: emails to customers about their orders and accounts, and to the operator about alarms and low stock.
//!
//! Invariants:
//! - A message is sent at most once per event, channel and recipient. Its row is written before it is sent. If the result of a
//!   send was lost, the row says `unknown` and the message is not sent again, because the mail service has no idempotency key.
//! - Events have ids; identity has the email addresses. No row and no log line has one.
//! - The secret of an email is made after the message was claimed, and is stored nowhere. If the email is lost, the user
//!   requests another one.
//! - A mail is sent only within its budget ([`budget.rs`](budget)). A message is counted after its claim and before it is sent, in one
//!   conditional write. After a crash or a lost answer the count may be too high, but never too low.
//! - A name is only written to an email address that its owner has verified: a stranger may have chosen both.
//! - The text of an email is true whatever its event does not know: a cancelled order may have been paid or not.

mod audience;
mod budget;
mod claims;
mod event_mail;
mod mail;
mod mailer;
mod notifier;
mod notify;
mod security_mail;
mod store;
mod token_mail;

pub use claims::Claims;
pub use mail::Mail;
pub use mailer::Mailer;
pub use notifier::Notifier;
