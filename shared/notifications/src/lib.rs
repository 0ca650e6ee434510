//! Telling customers what happened, and who runs the shop when something is badly wrong or a SKU runs low; by mail for now.
//!
//! Invariants:
//! - A message is sent at most once per event, channel and recipient. Its row is written before it is sent; if the outcome
//!   of a send was lost, the row says `unknown` and nobody tries again, because mail has no idempotency key.
//! - Events bring ids; identity knows the addresses. Neither a row nor a log line holds one.
//! - A secret that a mail brings is made after the mail was claimed, and nowhere kept: if the mail is lost, another is asked for.
//! - What a mail says is true whatever its event does not know: a cancelled order may have been paid or not.

mod draft;
mod link;
mod mail;
mod message;
mod notify;
mod store;

pub use mail::Mailer;
pub use message::Mail;
pub use notify::{Notifier, notify};
