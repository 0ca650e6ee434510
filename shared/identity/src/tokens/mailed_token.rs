//! A one-time token as a mail brings it: `<its id, base64url>.<256 bits, base64url>`.

use std::str::FromStr;

use aws_kit::{random_token, sha256_hex};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use values::{Id, Result, TokenId};

/// It has no `Debug`, so that it cannot get into a log.
pub(crate) struct MailedToken {
    pub(crate) id: TokenId,
    pub(crate) secret: String,
}

impl MailedToken {
    /// A token with a new secret.
    pub(crate) fn random(id: TokenId) -> Result<Self> {
        Ok(Self { id, secret: random_token()? })
    }

    pub(crate) fn digest(&self) -> String {
        sha256_hex(self.secret.as_bytes())
    }

    /// The text in the link.
    pub(crate) fn text(&self) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(self.id.uuid().as_bytes()), self.secret)
    }
}

impl FromStr for MailedToken {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (id, secret) = text.split_once('.').ok_or(())?;
        let id: [u8; 16] = URL_SAFE_NO_PAD.decode(id).ok().and_then(|id| id.try_into().ok()).ok_or(())?;
        Ok(Self { id: Id::from_uuid(uuid::Uuid::from_bytes(id)), secret: secret.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn token_reads_back_as_it_was_mailed_and_needs_no_escape_in_a_link() {
        let token = MailedToken::random(Clock::System.mint()).unwrap();
        let read: MailedToken = token.text().parse().ok().unwrap();
        assert!(read.id == token.id && read.digest() == token.digest());
        assert!(token.text().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{}", token.text());
        for bad in ["", ".", "abc", "a.b", &token.text()[1..]] {
            assert!(bad.parse::<MailedToken>().is_err(), "{bad:?} must be refused");
        }
    }
}
