//! Emails with a link that works once. A user who opens it has shown that they read the mail of that address.

use aws_kit::Settings;
use identity::TokenPurpose;
use values::{Error, Result};

use crate::mail::{Mail, MailDraft};

/// The pages of the shop to which links lead. They pass the token to the API.
#[derive(Debug, Clone)]
pub(crate) struct Pages(String);

impl Pages {
    /// The pages are below `SOUK_FRONTEND_URL`.
    pub(crate) fn from_env() -> Result<Self> {
        Self::new(&Settings.required("SOUK_FRONTEND_URL")?)
    }

    fn new(base: &str) -> Result<Self> {
        let base = base.trim_end_matches('/');
        match base.starts_with("https://") || base.starts_with("http://") {
            true => Ok(Self(base.to_owned())),
            false => Err(Error::internal("SOUK_FRONTEND_URL is not a URL of a web page")),
        }
    }

    /// The email that brings `name` a token. A token consists of characters that a URL allows.
    pub(crate) fn mail(&self, purpose: TokenPurpose, token: &str, name: &str) -> Mail {
        let Self(base) = self;
        let draft = match purpose {
            TokenPurpose::Reset => MailDraft {
                subject: "Choose a new password".to_owned(),
                paragraphs: vec![
                    "We received a request for a new password for your account. With the link below you can choose one. The \
                     link works once, within half an hour."
                        .to_owned(),
                ],
                link: Some(("Choose a new password", format!("{base}/reset-password?token={token}"))),
                closing: "If you did not request this, you can ignore this email. Your password stays the same.",
                ..MailDraft::default()
            },
            TokenPurpose::Verification => MailDraft {
                subject: "Confirm your email address".to_owned(),
                paragraphs: vec![
                    "An account was created with this email address. Open the link below to confirm that the address is \
                     yours. The link works once, within a day."
                        .to_owned(),
                ],
                link: Some(("Confirm my address", format!("{base}/verify-email?token={token}"))),
                closing: "If you did not create this account, do not open the link: it would confirm your address for the account of \
                          another person.",
                ..MailDraft::default()
            },
        };
        draft.into_mail(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_leads_to_a_page_of_the_shop_with_the_token() {
        let pages = Pages::new("https://shop.example.com/").unwrap();
        let mail = pages.mail(TokenPurpose::Reset, "AbC.d-_9", "Ada");
        let url = "https://shop.example.com/reset-password?token=AbC.d-_9";
        assert!(mail.text.contains(&format!("\n\nChoose a new password: {url}\n\n")), "{}", mail.text);
        assert!(mail.html.contains(&format!("<a href=\"{url}\">Choose a new password</a>")), "{}", mail.html);
        assert!(!mail.subject.contains("AbC"));
        let mail = pages.mail(TokenPurpose::Verification, "AbC.d-_9", "Ada");
        assert!(mail.text.contains("https://shop.example.com/verify-email?token=AbC.d-_9\n"), "{}", mail.text);
    }

    #[test]
    fn invalid_frontend_url_is_refused() {
        for bad in ["shop.example.com", "javascript:alert(1)", "ftp://shop.example.com"] {
            assert!(Pages::new(bad).is_err(), "{bad}");
        }
    }
}
