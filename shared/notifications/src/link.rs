//! Mails with a link that is good once: whoever opens it has shown that they read the mail of that address.

use aws_kit::Settings;
use identity::TokenPurpose;
use values::{Error, Result};

use crate::Mail;
use crate::draft::Draft;

/// Where links lead: the shop's own pages, which hand the token to the API.
#[derive(Debug, Clone)]
pub(crate) struct Pages(String);

impl Pages {
    /// Below `SOUK_FRONTEND_URL`.
    pub(crate) fn from_env() -> Result<Self> {
        Self::new(&Settings.required("SOUK_FRONTEND_URL")?)
    }

    fn new(base: &str) -> Result<Self> {
        let base = base.trim_end_matches('/');
        match base.starts_with("https://") || base.starts_with("http://") {
            true => Ok(Self(base.to_owned())),
            false => Err(Error::internal("SOUK_FRONTEND_URL is no address of a web page")),
        }
    }

    /// The mail that brings `name` a token. Its text is all of a URL's own characters.
    pub(crate) fn mail(&self, purpose: TokenPurpose, token: &str, name: &str) -> Mail {
        let Self(base) = self;
        let draft = match purpose {
            TokenPurpose::Reset => Draft {
                subject: "Choose a new password".to_owned(),
                paragraphs: vec![
                    "Somebody, hopefully you, wants a new password for your account. The link below lets you choose one. \
                     It is good idempotency, and for half an hour."
                        .to_owned(),
                ],
                link: Some(("Choose a new password", format!("{base}/reset-password?token={token}"))),
                closing: "If it was not you, you need not do anything: your password stays as it is.",
                ..Draft::default()
            },
            TokenPurpose::Verification => Draft {
                subject: "Is this your address?".to_owned(),
                paragraphs: vec![
                    "An account was made with this address. The link below shows us that it is yours. It is good once, \
                     and for a day."
                        .to_owned(),
                ],
                link: Some(("This is my address", format!("{base}/verify-email?token={token}"))),
                closing: "If it was not you, leave the link alone: it would give somebody else's account your address.",
                ..Draft::default()
            },
        };
        draft.into_mail(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_page_of_the_shop_with_the_token() {
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
    fn what_is_no_address_of_a_page_stops_the_start() {
        for bad in ["shop.example.com", "javascript:alert(1)", "ftp://shop.example.com"] {
            assert!(Pages::new(bad).is_err(), "{bad}");
        }
    }
}
