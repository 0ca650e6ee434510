//! The port to the mail service: Amazon SES.

use std::error::Error as StdError;
use std::io;

use aws_kit::{Aws, Settings};
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::error::SdkError;
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use values::{Email, Error, Result};

use crate::Mail;

/// What became of a send.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// SES took it.
    Sent,
    /// SES will not take it, now or later.
    Refused(Error),
    /// It certainly did not leave: worth another try.
    NotSent(Error),
    /// It may have left or not: nobody knows.
    Lost(Error),
}

/// Where alarms go: `SOUK_OPERATOR_EMAIL`, or, where that is empty, back to the sender. One that does not read stops the start,
/// because nobody would miss an alarm that never comes.
pub(crate) fn operator_address() -> Result<Email> {
    match Settings.optional("SOUK_OPERATOR_EMAIL") {
        Some(named) => named.parse(),
        None => bare(&Settings.required("SOUK_MAIL_SENDER")?).parse(),
    }
    .map_err(|_: Error| Error::internal("SOUK_OPERATOR_EMAIL, or without it SOUK_MAIL_SENDER, is no mail address"))
}

/// The address alone, of one that may have a name before it: `Souk <shop@example.com>` (RFC 5322, 3.4).
fn bare(sender: &str) -> &str {
    sender.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(sender, |(address, _)| address)
}

/// Sends mail in the shop's name.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Client,
    sender: String,
}

impl Mailer {
    /// From the address in `SOUK_MAIL_SENDER`. Without the SDK's retries: SES has no idempotency key, so a second attempt
    /// after a lost answer would be a second mail.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let config = aws_sdk_sesv2::config::Builder::from(aws.config()).retry_config(RetryConfig::disabled()).build();
        Ok(Self { client: Client::from_conf(config), sender: Settings.required("SOUK_MAIL_SENDER")? })
    }

    /// Sends one mail, in one attempt.
    pub(crate) async fn send(&self, to: &Email, mail: &Mail) -> Result<Outcome> {
        let body = Body::builder().text(content(&mail.text)?).html(content(&mail.html)?).build();
        let message = Message::builder().subject(content(&mail.subject)?).body(body).build();
        let send = self.client.send_email().from_email_address(&self.sender);
        let send = send.destination(Destination::builder().to_addresses(to.as_str()).build());
        let answer = send.content(EmailContent::builder().simple(message).build()).send().await;
        Ok(answer.map_or_else(judge, |_| Outcome::Sent))
    }
}

fn content(text: &str) -> Result<Content> {
    Content::builder().data(text).charset("UTF-8").build().map_err(Error::internal)
}

fn judge(error: SdkError<SendEmailError>) -> Outcome {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let throttled = error.as_service_error().is_some_and(SendEmailError::is_too_many_requests_exception);
    let never_left = matches!(error, SdkError::ConstructionFailure(_)) || connection_refused(&error);
    match status {
        Some(429) => Outcome::NotSent(told(error)),
        _ if throttled || never_left => Outcome::NotSent(told(error)),
        // Not the message's fault but ours, and nothing left: it comes again until somebody mends the role or the sender.
        _ if ours(&error) => Outcome::NotSent(Error::internal(told(error))),
        Some(400..500) => Outcome::Refused(told(error)),
        _ => Outcome::Lost(told(error)),
    }
}

/// A missing permission, an unverified sender, an account that may not send.
fn ours(error: &SdkError<SendEmailError>) -> bool {
    let Some(inner) = error.as_service_error() else { return false };
    let denied = inner.meta().code().is_some_and(|code| code.starts_with("AccessDenied") || code.contains("Token"));
    denied
        || inner.is_mail_from_domain_not_verified_exception()
        || inner.is_account_suspended_exception()
        || inner.is_sending_paused_exception()
}

/// The error for the log: its code alone, because SES names the addresses that it refuses.
fn told(error: SdkError<SendEmailError>) -> Error {
    let code = error.as_service_error().and_then(|inner| inner.meta().code()).map(str::to_owned);
    Error::unavailable("mail service", code.unwrap_or_else(|| error.to_string()))
}

/// Nobody listened there, so nothing was sent.
fn connection_refused(error: &(dyn StdError + 'static)) -> bool {
    let mut chain = std::iter::successors(Some(error), |&inner| inner.source());
    chain.any(|inner| {
        inner.downcast_ref::<io::Error>().is_some_and(|inner| inner.kind() == io::ErrorKind::ConnectionRefused)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_with_a_name_has_an_address_all_the_same() {
        assert_eq!(bare("Souk <shop@example.com>"), "shop@example.com");
        assert_eq!(bare("shop@example.com"), "shop@example.com");
    }

    #[test]
    fn only_a_refused_connection_surely_sent_nothing() {
        let inner = |kind| Error::unavailable("mail service", io::Error::from(kind));
        assert!(connection_refused(&inner(io::ErrorKind::ConnectionRefused)));
        assert!(!connection_refused(&inner(io::ErrorKind::ConnectionReset)));
        assert!(!connection_refused(&inner(io::ErrorKind::TimedOut)));
    }
}
