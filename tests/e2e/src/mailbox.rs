//! The mails that the emulator's SES was asked to send.

use reqwest::Client;
use serde::Deserialize;
use serde_json::Value;

use crate::{SOON, Stack, await_until};

/// All mails that were sent.
#[derive(Debug, Clone)]
pub struct Mailbox {
    http: Client,
    url: String,
}

/// A mail.
#[derive(Debug, Clone)]
pub struct Mail {
    pub subject: String,
    /// The text part and the HTML part, one after the other.
    pub text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SesMessage {
    to: Vec<String>,
    subject: String,
    body_text: Option<String>,
    body_html: Option<String>,
}

impl Mailbox {
    pub(crate) fn new(http: &Client, stack: &Stack) -> Self {
        Self { http: http.clone(), url: stack.mail_url.clone() }
    }

    /// All mails to an email address, oldest first.
    pub async fn of(&self, email: &str) -> Vec<Mail> {
        let response =
            self.http.get(&self.url).send().await.unwrap_or_else(|error| panic!("the mailbox should respond: {error}"));
        let listed: Value =
            response.json().await.unwrap_or_else(|error| panic!("the mailbox should be a list: {error}"));
        // Mails are listed by account; the stack has one.
        let sent = listed["messages"].as_object().into_iter().flat_map(|accounts| accounts.values());
        let sent = sent.flat_map(|mails| mails.as_array().cloned().unwrap_or_default());
        sent.filter_map(|mail| serde_json::from_value::<SesMessage>(mail).ok())
            .filter(|mail| mail.to.iter().any(|to| to.contains(email)))
            .map(|mail| Mail {
                subject: mail.subject,
                text: format!("{}\n{}", mail.body_text.unwrap_or_default(), mail.body_html.unwrap_or_default()),
            })
            .collect()
    }

    /// Waits for a mail to an email address that mentions all of these, in its subject or its text.
    pub async fn awaits(&self, email: &str, mentions: &[&str]) -> Mail {
        await_until(format_args!("a mail to {email} mentions {mentions:?}"), SOON, async || {
            let mails = self.of(email).await;
            let found = mails.iter().find(|mail| mentions.iter().all(|text| mail.mentions(text)));
            found.cloned().ok_or_else(|| format!("{mails:#?}"))
        })
        .await
    }
}

impl Mail {
    /// Does the mail mention the text, in any case?
    pub fn mentions(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.subject.to_lowercase().contains(&text) || self.text.to_lowercase().contains(&text)
    }
}
