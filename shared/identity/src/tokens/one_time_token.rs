//! One-time tokens: a mail brings one, and using it shows that the email address is the user's.
//!
//! The request creates the row without a secret and without looking up whose address it is, so that the answer says nothing about
//! accounts. The notifier creates the secret when it writes the mail, and only its digest is stored.

use aws_kit::matches_digest;
use events::{Envelope, Event, TokenRequested};
use serde::{Deserialize, Serialize};
use values::{Clock, Email, Error, Kind, Timestamp, TokenId, Trace, UserId};

use crate::store::email_digest;
use crate::tokens::mailed_token::MailedToken;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenPurpose {
    /// Set another password, within 30 minutes.
    Reset,
    /// Verify the email address, within 24 hours.
    Verification,
}

impl TokenPurpose {
    fn seconds(self) -> i64 {
        match self {
            Self::Reset => 30 * 60,
            Self::Verification => 24 * 3600,
        }
    }

    /// The error for a token that was used or replaced, has expired, or never existed. It does not say which.
    pub(crate) fn invalid_token(self) -> Error {
        let (code, detail) = match self {
            Self::Reset => ("reset_token_invalid", "This link is no longer valid. Request a new one."),
            Self::Verification => ("verification_token_invalid", "This link is no longer valid. Request a new one."),
        };
        Error::new(Kind::Invalid, code, detail).with_field("token", code, "is no longer valid")
    }
}

/// The row of a token. It has no `Debug`, because of its digest.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OneTimeToken {
    pub(crate) token_id: TokenId,
    pub(crate) purpose: TokenPurpose,
    /// The digest of the email address that it is sent to.
    #[serde(rename = "address")]
    pub(crate) email_digest: String,
    pub(crate) created_at: Timestamp,
    /// TTL, in seconds. DynamoDB deletes late, so [`OneTimeToken::opens`] asks the clock.
    pub(crate) expires_at: i64,
    /// The account of that email address, once the mail was written.
    pub(crate) user_id: Option<UserId>,
    /// Digest of the secret, once the mail was written.
    pub(crate) digest: Option<String>,
}

impl OneTimeToken {
    /// A token whose mail is not written yet.
    pub(crate) fn new(token_id: TokenId, purpose: TokenPurpose, email: &Email, now: Timestamp) -> Self {
        let expires_at = now.seconds() + purpose.seconds();
        let email_digest = email_digest(email);
        Self { token_id, purpose, email_digest, created_at: now, expires_at, user_id: None, digest: None }
    }

    /// The event that makes the notifier send the mail.
    pub(crate) fn request_event(&self, clock: &Clock, trace: &Trace) -> Envelope {
        let requested = TokenRequested { token_id: self.token_id };
        let event = match self.purpose {
            TokenPurpose::Reset => Event::UserPasswordResetRequested(requested),
            TokenPurpose::Verification => Event::UserEmailVerificationRequested(requested),
        };
        Envelope::new(clock, trace, self.token_id, 1, event)
    }

    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at <= now.seconds()
    }

    /// The token's account, and the digest under which it is used; none unless the secret is right, the purpose is the same and the
    /// time is not over.
    pub(crate) fn opens(&self, purpose: TokenPurpose, token: &MailedToken, now: Timestamp) -> Option<(UserId, &str)> {
        let is_valid = self.purpose == purpose
            && !self.is_over(now)
            && matches_digest(Some(&token.secret), self.digest.as_deref());
        self.user_id.zip(self.digest.as_deref()).filter(|_| is_valid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_800_000_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(START).plus_seconds(seconds)
    }

    fn sent(purpose: TokenPurpose) -> (OneTimeToken, MailedToken) {
        let email = "ada@example.com".parse().unwrap();
        let mut row = OneTimeToken::new(Clock::System.mint(), purpose, &email, at(0));
        let token = MailedToken::random(row.token_id).unwrap();
        (row.digest, row.user_id) = (Some(token.digest()), Some(Clock::System.mint()));
        (row, token)
    }

    #[test]
    fn token_opens_for_its_purpose_until_it_expires() {
        for (purpose, other, seconds) in [
            (TokenPurpose::Reset, TokenPurpose::Verification, 1_800),
            (TokenPurpose::Verification, TokenPurpose::Reset, 86_400),
        ] {
            let (row, token) = sent(purpose);
            assert!(row.opens(purpose, &token, at(seconds - 1)).is_some_and(|(user, _)| Some(user) == row.user_id));
            assert!(row.opens(purpose, &token, at(seconds)).is_none(), "its time is over");
            assert!(row.opens(other, &token, at(0)).is_none(), "it is for another purpose");
        }
    }

    #[test]
    fn wrong_secret_opens_nothing_and_no_secret_opens_before_the_mail() {
        let (mut row, token) = sent(TokenPurpose::Reset);
        let guessed = MailedToken::random(row.token_id).unwrap();
        assert!(row.opens(TokenPurpose::Reset, &guessed, at(0)).is_none());
        row.digest = None;
        assert!(row.opens(TokenPurpose::Reset, &token, at(0)).is_none());
    }

    #[test]
    fn row_holds_neither_the_secret_nor_the_email_address() {
        let (row, token) = sent(TokenPurpose::Reset);
        let text = serde_json::to_string(&row).unwrap();
        assert!(!text.contains(&token.secret) && !text.contains("ada@"), "{text}");
        assert!(text.contains(r#""address":""#), "stored rows have this attribute: {text}");
    }
}
