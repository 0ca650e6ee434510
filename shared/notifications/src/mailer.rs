//! The client of the mail service, Amazon SES.

use std::error::Error as StdError;
use std::io;

use aws_kit::{Aws, Settings};
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::error::SdkError;
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use values::{Email, Error, Result};

use crate::mail::Mail;

/// Characters in an encoded word. It may have 75 characters itself: 12 around it, and 56 for ten characters of four bytes in base64.
const ENCODED_CHARACTERS: usize = 10;

/// The result of a send.
#[derive(Debug)]
pub(crate) enum SendOutcome {
    /// SES accepted the message.
    Sent,
    /// SES rejected the message for good.
    Rejected(Error),
    /// The message was certainly not sent. It can be retried.
    NotSent(Error),
    /// The message may have been sent or not.
    Lost(Error),
}

/// The email address for alarms: `SOUK_OPERATOR_EMAIL` or, if that is empty, the sender. An invalid address is an
/// error at start, because a lost alarm would not be noticed.
pub(crate) fn operator_address() -> Result<Email> {
    match Settings.optional("SOUK_OPERATOR_EMAIL") {
        Some(named) => named.parse(),
        None => Settings.required("SOUK_MAIL_SENDER")?.parse(),
    }
    .map_err(|_: Error| Error::internal("SOUK_OPERATOR_EMAIL, or SOUK_MAIL_SENDER without it, is not an email address"))
}

/// A sender with its name, such as `"Souk" <shop@example.com>` (RFC 5322, 3.4). A name that is not ASCII becomes encoded words
/// (RFC 2047).
fn sender(name: Option<&str>, address: &str) -> String {
    let Some(name) = name else { return address.to_owned() };
    if name.is_ascii() {
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("\"{quoted}\" <{address}>");
    }
    let characters: Vec<char> = name.chars().collect();
    let words = characters.chunks(ENCODED_CHARACTERS).map(|chunk| {
        let text: String = chunk.iter().collect();
        format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(text))
    });
    format!("{} <{address}>", words.collect::<Vec<_>>().join(" "))
}

/// Sends emails as the shop.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Client,
    sender: String,
}

impl Mailer {
    /// The sender is `SOUK_MAIL_SENDER`, with the name `SOUK_MAIL_SENDER_NAME`. The retries of the SDK are off: SES has no idempotency key, so a retry after
    /// a lost answer would be a second email.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let config = aws_sdk_sesv2::config::Builder::from(aws.config()).retry_config(RetryConfig::disabled()).build();
        let name = Settings.optional("SOUK_MAIL_SENDER_NAME");
        let sender = sender(name.as_deref(), &Settings.required("SOUK_MAIL_SENDER")?);
        Ok(Self { client: Client::from_conf(config), sender })
    }

    /// Sends one email, in one attempt.
    pub(crate) async fn send(&self, to: &Email, mail: &Mail) -> Result<SendOutcome> {
        let body = Body::builder().text(content(&mail.text)?).html(content(&mail.html)?).build();
        let message = Message::builder().subject(content(&mail.subject)?).body(body).build();
        let send = self.client.send_email().from_email_address(&self.sender);
        let send = send.destination(Destination::builder().to_addresses(to.as_str()).build());
        let answer = send.content(EmailContent::builder().simple(message).build()).send().await;
        Ok(answer.map_or_else(classify, |_| SendOutcome::Sent))
    }
}

fn content(text: &str) -> Result<Content> {
    Content::builder().data(text).charset("UTF-8").build().map_err(Error::internal)
}

fn classify(error: SdkError<SendEmailError>) -> SendOutcome {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let is_throttled = error.as_service_error().is_some_and(SendEmailError::is_too_many_requests_exception);
    let was_never_sent = matches!(error, SdkError::ConstructionFailure(_)) || is_connection_refused(&error);
    match status {
        Some(429) => SendOutcome::NotSent(service_error(error)),
        _ if is_throttled || was_never_sent => SendOutcome::NotSent(service_error(error)),
        // The configuration is at fault, not the message, and nothing was sent. The message is delivered again until
        // the role or the sender is fixed.
        _ if is_configuration_error(&error) => SendOutcome::NotSent(Error::internal(service_error(error))),
        Some(400..500) => SendOutcome::Rejected(service_error(error)),
        _ => SendOutcome::Lost(service_error(error)),
    }
}

/// Is it a missing permission, an unverified sender, or an account that may not send?
fn is_configuration_error(error: &SdkError<SendEmailError>) -> bool {
    let Some(inner) = error.as_service_error() else { return false };
    let is_denied = inner.meta().code().is_some_and(|code| code.starts_with("AccessDenied") || code.contains("Token"));
    is_denied
        || inner.is_mail_from_domain_not_verified_exception()
        || inner.is_account_suspended_exception()
        || inner.is_sending_paused_exception()
}

/// The error for the log: only its code, because SES names the addresses that it rejects.
fn service_error(error: SdkError<SendEmailError>) -> Error {
    let code = error.as_service_error().and_then(|inner| inner.meta().code()).map(str::to_owned);
    Error::unavailable("mail service", code.unwrap_or_else(|| error.to_string()))
}

/// Was the connection refused? Then nothing was sent.
fn is_connection_refused(error: &(dyn StdError + 'static)) -> bool {
    let mut chain = std::iter::successors(Some(error), |&inner| inner.source());
    chain.any(|inner| {
        inner.downcast_ref::<io::Error>().is_some_and(|inner| inner.kind() == io::ErrorKind::ConnectionRefused)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_has_a_name_that_every_mail_program_reads() {
        let sender = |name| sender(name, "shop@example.com");
        assert_eq!(sender(None), "shop@example.com");
        assert_eq!(sender(Some("The \"Souk\"")), r#""The \"Souk\"" <shop@example.com>"#);
        assert_eq!(sender(Some("Café")), "=?UTF-8?B?Q2Fmw6k=?= <shop@example.com>");
        // An encoded word has at most 75 characters, also if every character has four bytes.
        let long = sender(Some(&"🏺".repeat(64)));
        let words: Vec<&str> = long.split(' ').filter(|part| part.starts_with("=?")).collect();
        assert!(words.len() > 1 && words.iter().all(|word| word.len() <= 75), "{long}");
    }

    #[test]
    fn only_a_refused_connection_proves_that_nothing_was_sent() {
        let inner = |kind| Error::unavailable("mail service", io::Error::from(kind));
        assert!(is_connection_refused(&inner(io::ErrorKind::ConnectionRefused)));
        assert!(!is_connection_refused(&inner(io::ErrorKind::ConnectionReset)));
        assert!(!is_connection_refused(&inner(io::ErrorKind::TimedOut)));
    }
}
