//! One-time tokens: what a mail brings somebody, so that they show that its address is theirs.
//!
//! The row is made by whoever asks, without a secret and without a look at whose address it is, so that asking says nothing about
//! accounts. The secret is made when the mail is written, and kept as a digest. A token is `<its id, base64url>.<256 bits, base64url>`.

use std::str::FromStr;

use aws_kit::{matches_digest, random_token, sha256_hex};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use values::{Email, Error, Id, Kind, Result, Timestamp, TokenId, UserId};

use crate::store::address_digest;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Another password, within 30 minutes.
    Reset,
    /// Showing that the address is theirs, within 24 hours.
    Verification,
}

impl Purpose {
    fn seconds(self) -> i64 {
        match self {
            Self::Reset => 30 * 60,
            Self::Verification => 24 * 3600,
        }
    }

    /// It was used, replaced, has expired, or never was: nobody is told which.
    pub(crate) fn refusal(self) -> Error {
        let (code, detail) = match self {
            Self::Reset => ("reset_token_invalid", "This link is not valid any more. Ask for another one."),
            Self::Verification => {
                ("verification_token_invalid", "This link is not valid any more. Ask for another one.")
            }
        };
        Error::new(Kind::Invalid, code, detail).with_field("token", code, "is not valid any more")
    }
}

/// A token as the table keeps it. `Debug` is left out, for its digest's sake.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OneTime {
    pub(crate) token_id: TokenId,
    pub(crate) purpose: Purpose,
    /// The digest of the address that it is sent to.
    pub(crate) address: String,
    pub(crate) created_at: Timestamp,
    /// TTL, in seconds. DynamoDB deletes late, so [`OneTime::opens`] asks the clock.
    pub(crate) expires_at: i64,
    /// Whose that address is, once its mail was written.
    pub(crate) user_id: Option<UserId>,
    /// Of the secret, once its mail was written.
    pub(crate) digest: Option<String>,
}

impl OneTime {
    pub(crate) fn order(token_id: TokenId, purpose: Purpose, email: &Email, now: Timestamp) -> Self {
        let expires_at = now.seconds() + purpose.seconds();
        let address = address_digest(email);
        Self { token_id, purpose, address, created_at: now, expires_at, user_id: None, digest: None }
    }

    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at <= now.seconds()
    }

    /// Whose token that is and the digest that it is spent under, if what is shown is its secret and its time is not over.
    pub(crate) fn opens(&self, purpose: Purpose, shown: &Shown, now: Timestamp) -> Option<(UserId, &str)> {
        let good = self.purpose == purpose
            && !self.is_over(now)
            && matches_digest(Some(&shown.secret), self.digest.as_deref());
        self.user_id.zip(self.digest.as_deref()).filter(|_| good)
    }
}

/// A token as its owner holds it. It has no `Debug`, so that no log can have it.
pub(crate) struct Shown {
    pub(crate) token: TokenId,
    secret: String,
}

impl Shown {
    /// With a fresh secret.
    pub(crate) fn mint(token: TokenId) -> Result<Self> {
        Ok(Self { token, secret: random_token()? })
    }

    pub(crate) fn digest(&self) -> String {
        sha256_hex(self.secret.as_bytes())
    }

    /// As it stands in a link.
    pub(crate) fn text(&self) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(self.token.uuid().as_bytes()), self.secret)
    }
}

impl FromStr for Shown {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (id, secret) = text.split_once('.').ok_or(())?;
        let id: [u8; 16] = URL_SAFE_NO_PAD.decode(id).ok().and_then(|id| id.try_into().ok()).ok_or(())?;
        Ok(Self { token: Id::from_uuid(uuid::Uuid::from_bytes(id)), secret: secret.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    const START: i64 = 1_800_000_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(START).plus_seconds(seconds)
    }

    fn sent(purpose: Purpose) -> (OneTime, Shown) {
        let mut row = OneTime::order(Clock::System.mint(), purpose, &"ada@example.com".parse().unwrap(), at(0));
        let shown = Shown::mint(row.token_id).unwrap();
        (row.digest, row.user_id) = (Some(shown.digest()), Some(Clock::System.mint()));
        (row, shown)
    }

    #[test]
    fn a_token_reads_back_as_it_was_mailed_and_needs_no_escape_in_a_link() {
        let (_, shown) = sent(Purpose::Reset);
        let read: Shown = shown.text().parse().ok().unwrap();
        assert!(read.token == shown.token && read.digest() == shown.digest());
        assert!(shown.text().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{}", shown.text());
        for bad in ["", ".", "abc", "a.b", &shown.text()[1..]] {
            assert!(bad.parse::<Shown>().is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn a_token_opens_for_its_purpose_while_its_time_lasts() {
        for (purpose, other, seconds) in
            [(Purpose::Reset, Purpose::Verification, 1_800), (Purpose::Verification, Purpose::Reset, 86_400)]
        {
            let (row, shown) = sent(purpose);
            assert!(row.opens(purpose, &shown, at(seconds - 1)).is_some_and(|(user, _)| Some(user) == row.user_id));
            assert!(row.opens(purpose, &shown, at(seconds)).is_none(), "its time is over");
            assert!(row.opens(other, &shown, at(0)).is_none(), "it is for something else");
        }
    }

    #[test]
    fn no_other_secret_opens_and_none_does_before_the_mail() {
        let (mut row, shown) = sent(Purpose::Reset);
        let guessed = Shown::mint(row.token_id).unwrap();
        assert!(row.opens(Purpose::Reset, &guessed, at(0)).is_none());
        row.digest = None;
        assert!(row.opens(Purpose::Reset, &shown, at(0)).is_none());
    }

    #[test]
    fn the_row_holds_neither_the_secret_nor_the_address() {
        let (row, shown) = sent(Purpose::Reset);
        let text = serde_json::to_string(&row).unwrap();
        assert!(!text.contains(&shown.secret) && !text.contains("ada@"), "{text}");
    }
}
