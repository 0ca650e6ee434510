//! A login session and its one good refresh token (RFC 9700, 4.14: rotation with detection of reuse).
//!
//! A refresh token is `<user and session, base64url>.<256 bits, base64url>`. The row keeps the digest of the good one and
//! of the one spent last. A successor is the HMAC of the spent token under a key of the session: whoever shows the spent
//! token again, because the answer was lost, can be given the same successor, and neither the row alone nor an old token
//! alone makes one.

use std::fmt;
use std::str::FromStr;

use aws_kit::{random_token, sha256_hex};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use values::{Error, Id, Kind, Result, SessionId, Timestamp, UserId};

/// A session nobody refreshes ends after this.
const IDLE_SECONDS: i64 = 30 * 24 * 3600;
/// However often it is refreshed, a session ends after this.
const LONGEST_SECONDS: i64 = 90 * 24 * 3600;
/// How long a spent token gets its successor again.
const RETRY_MILLIS: i64 = 10_000;
const LONGEST_DEVICE: usize = 200;

/// What a session calls itself: the client's `User-Agent`, cut to 200 characters.
#[derive(Debug, Clone, Default)]
pub struct Device(pub(crate) Option<String>);

impl Device {
    /// From the header, if there is one.
    pub fn new(user_agent: Option<&str>) -> Self {
        Self(user_agent.filter(|text| !text.is_empty()).map(|text| text.chars().take(LONGEST_DEVICE).collect()))
    }
}

/// A bearer secret that buys the next pair of tokens. It has no `Debug`, so that no log can have it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    secret: String,
}

impl RefreshToken {
    fn digest(&self) -> String {
        sha256_hex(self.secret.as_bytes())
    }
}

impl fmt::Display for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = [*self.user.uuid().as_bytes(), *self.session.uuid().as_bytes()].concat();
        write!(f, "{}.{}", URL_SAFE_NO_PAD.encode(ids), self.secret)
    }
}

impl FromStr for RefreshToken {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (ids, secret) = text.split_once('.').ok_or_else(invalid)?;
        let ids: [u8; 32] = URL_SAFE_NO_PAD.decode(ids).ok().and_then(|ids| ids.try_into().ok()).ok_or_else(invalid)?;
        let (user, session) = ids.split_at(16);
        let id = |bytes: &[u8]| uuid::Uuid::from_slice(bytes).map_err(|_| invalid());
        Ok(Self { user: Id::from_uuid(id(user)?), session: Id::from_uuid(id(session)?), secret: secret.to_owned() })
    }
}

/// The refresh token is none of ours, or its session is over.
pub(crate) fn invalid() -> Error {
    Error::new(Kind::Unauthenticated, "invalid_refresh_token", "This refresh token is not valid. Log in again.")
}

/// One login on one device.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    pub(crate) session_id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) device: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Timestamp,
    /// Makes successors; useless without the spent token.
    key: String,
    /// Of the good token.
    pub(crate) digest: String,
    /// Of the token spent last, and when.
    pub(crate) spent: Option<String>,
    pub(crate) rotated_at: Option<Timestamp>,
    /// When all sessions of the account had last been ended, as far as its beginning knew: one that was begun by the old password while
    /// another was being chosen knows too little.
    #[serde(default)]
    pub(crate) follows: Option<Timestamp>,
    /// TTL, in seconds. DynamoDB deletes late, so [`Session::is_over`] asks the clock.
    pub(crate) expires_at: i64,
}

/// What a shown refresh token leads to.
pub(crate) enum Rotation {
    /// It is the good one: it is spent now, and this follows it.
    Next(RefreshToken),
    /// It was spent a moment ago: this followed it.
    Again(RefreshToken),
    /// It was spent before, so two hold it, and one of them is a thief.
    Reused,
}

impl Session {
    /// Begins a session and hands out its first refresh token.
    pub(crate) fn begin(
        user_id: UserId,
        session_id: SessionId,
        device: Device,
        now: Timestamp,
    ) -> Result<(Self, RefreshToken)> {
        let token = RefreshToken { user: user_id, session: session_id, secret: random_token()? };
        let session = Self {
            session_id,
            user_id,
            device: device.0,
            created_at: now,
            last_used_at: now,
            key: random_token()?,
            digest: token.digest(),
            spent: None,
            rotated_at: None,
            follows: None,
            expires_at: Self::expiry(now, now),
        };
        Ok((session, token))
    }

    /// The same, of an account whose sessions were all ended then.
    pub(crate) fn following(self, ended: Option<Timestamp>) -> Self {
        Self { follows: ended, ..self }
    }

    /// When a session that began then and is used now ends, in seconds.
    fn expiry(began: Timestamp, now: Timestamp) -> i64 {
        (now.seconds() + IDLE_SECONDS).min(began.seconds() + LONGEST_SECONDS)
    }

    /// Has it ended by itself?
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at < now.seconds()
    }

    /// Judges a token that names this session. A session's id cannot be guessed, so a wrong secret beside it is one that
    /// was good once: reuse.
    pub(crate) fn judge(&self, shown: &RefreshToken, now: Timestamp) -> Rotation {
        let digest = shown.digest();
        let rotated = self.rotated_at.map_or(0, Timestamp::millis);
        if digest == self.digest {
            Rotation::Next(self.successor(shown))
        } else if self.spent.as_ref() == Some(&digest) && now.millis() - rotated <= RETRY_MILLIS {
            Rotation::Again(self.successor(shown))
        } else {
            Rotation::Reused
        }
    }

    /// The session after `next` followed its good token.
    pub(crate) fn rotated(&self, next: &RefreshToken, now: Timestamp) -> Self {
        Self {
            digest: next.digest(),
            spent: Some(self.digest.clone()),
            rotated_at: Some(now),
            last_used_at: now,
            expires_at: Self::expiry(self.created_at, now),
            ..self.clone()
        }
    }

    fn successor(&self, spent: &RefreshToken) -> RefreshToken {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.key.as_bytes());
        let mac = hmac::sign(&key, spent.secret.as_bytes());
        RefreshToken { secret: URL_SAFE_NO_PAD.encode(mac.as_ref()), ..spent.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    const START: i64 = 1_800_000_000_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(START + millis)
    }

    fn session() -> (Session, RefreshToken) {
        Session::begin(Clock::System.mint(), Clock::System.mint(), Device::new(None), at(0)).unwrap()
    }

    /// The token that follows `token` in `session`, and the session after that.
    fn rotate(session: &Session, token: &RefreshToken, now: Timestamp) -> (Session, RefreshToken) {
        match session.judge(token, now) {
            Rotation::Next(next) => (session.rotated(&next, now), next),
            _ => panic!("the token was not the good one"),
        }
    }

    #[test]
    fn a_token_reads_back_as_it_was_written() {
        let (_, token) = session();
        assert!(token.to_string().parse::<RefreshToken>().unwrap() == token);
        for bad in ["", ".", "abc", "a.b", &token.to_string()[1..]] {
            assert!(bad.parse::<RefreshToken>().is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn a_spent_token_gets_the_same_successor_for_ten_seconds() {
        let (first, token) = session();
        let (second, next) = rotate(&first, &token, at(1_000));
        assert!(next != token);
        assert!(matches!(second.judge(&token, at(11_000)), Rotation::Again(same) if same == next));
        assert!(matches!(second.judge(&token, at(11_001)), Rotation::Reused));
        assert!(matches!(second.judge(&next, at(11_001)), Rotation::Next(_)));
    }

    #[test]
    fn two_requests_with_one_token_derive_one_successor() {
        let (session, token) = session();
        let (_, here) = rotate(&session, &token, at(1));
        let (_, there) = rotate(&session, &token, at(2));
        assert!(here == there);
    }

    #[test]
    fn an_older_or_invented_token_is_reuse() {
        let (first, token) = session();
        let (second, next) = rotate(&first, &token, at(1));
        let (third, _) = rotate(&second, &next, at(2));
        assert!(matches!(third.judge(&token, at(3)), Rotation::Reused));
        let invented = RefreshToken { secret: random_token().unwrap(), ..token };
        assert!(matches!(third.judge(&invented, at(3)), Rotation::Reused));
    }

    #[test]
    fn the_row_holds_nothing_that_logs_in() {
        let (session, token) = session();
        let row = serde_json::to_string(&session).unwrap();
        assert!(!row.contains(&token.secret));
        let (rotated, next) = rotate(&session, &token, at(1));
        assert!(!serde_json::to_string(&rotated).unwrap().contains(&next.secret));
    }

    #[test]
    fn a_session_that_is_refreshed_every_week_ends_after_ninety_days() {
        let (mut session, mut token) = session();
        for week in 1..=12 {
            (session, token) = rotate(&session, &token, at(0).plus_seconds(week * 7 * 24 * 3600));
        }
        assert!(!session.is_over(at(0).plus_seconds(LONGEST_SECONDS)));
        assert!(session.is_over(at(0).plus_seconds(LONGEST_SECONDS + 1)));
    }

    #[test]
    fn a_session_ends_thirty_days_after_its_last_use() {
        let (session, token) = session();
        assert!(!session.is_over(at(0).plus_seconds(IDLE_SECONDS)));
        assert!(session.is_over(at(0).plus_seconds(IDLE_SECONDS + 1)));
        let (used, _) = rotate(&session, &token, at(5_000));
        assert!(!used.is_over(at(0).plus_seconds(IDLE_SECONDS + 1)));
    }
}
