//! A login session and its one valid refresh token (RFC 9700, 4.14: rotation with detection of reuse).
//!
//! The row holds the digest of the valid token and of the one that was spent last. A successor is the HMAC of the spent token
//! with a key of the session. So a client that sends the spent token again, because the answer was lost, can be given the same
//! successor. Neither the row alone nor an old token alone is enough to compute one.

use aws_kit::random_token;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use values::{Amr, Result, SessionId, Timestamp, UserId};

use crate::sessions::device::Device;
use crate::sessions::refresh_token::RefreshToken;

/// A session that is not refreshed ends after this time.
const IDLE_SECONDS: i64 = 30 * 24 * 3600;
/// A session ends after this time, however often it is refreshed.
const MAX_SECONDS: i64 = 90 * 24 * 3600;
/// How long a spent token gets its successor again.
const RETRY_MILLIS: i64 = 10_000;

/// One login on one device.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    pub(crate) session_id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) device: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Timestamp,
    /// Derives successors; useless without the spent token.
    key: String,
    /// Of the valid token.
    pub(crate) digest: String,
    /// Digest of the token that was spent last.
    pub(crate) spent: Option<String>,
    /// When it was spent.
    pub(crate) rotated_at: Option<Timestamp>,
    /// When all sessions of the account were last ended, as read when this one began. A session that began with the old password
    /// during a reset has an older time than the account, and is over.
    #[serde(default)]
    pub(crate) follows: Option<Timestamp>,
    /// When the person last proved a credential in this session. A refresh does not change it. Sessions of older releases have none.
    #[serde(default)]
    pub(crate) auth_time: Option<Timestamp>,
    /// How the person proved who they are. An account with a second factor has no open session without it: the sessions from before
    /// end when the first one is added. Sessions of older releases have none.
    #[serde(default)]
    pub(crate) amr: Vec<Amr>,
    /// TTL, in seconds. DynamoDB deletes late, so [`Session::is_over`] asks the clock.
    pub(crate) expires_at: i64,
}

/// What follows from a refresh token that a client sends.
pub(crate) enum Rotation {
    /// It is the valid one: it is spent now, and this is its successor.
    Next(RefreshToken),
    /// It was spent within the last ten seconds: this is the successor it got then.
    Again(RefreshToken),
    /// It was spent earlier. Two parties hold it, and one of them is a thief.
    Reused,
}

impl Session {
    /// A new session and its first refresh token.
    pub(crate) fn begin(
        user_id: UserId,
        session_id: SessionId,
        device: Device,
        now: Timestamp,
    ) -> Result<(Self, RefreshToken)> {
        let token = RefreshToken::random(user_id, session_id)?;
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
            auth_time: Some(now),
            amr: Vec::new(),
            expires_at: Self::expiry(now, now),
        };
        Ok((session, token))
    }

    /// The same session, for an account whose sessions were all ended at that time.
    pub(crate) fn following(self, ended: Option<Timestamp>) -> Self {
        Self { follows: ended, ..self }
    }

    /// The same session, proved by these methods.
    pub(crate) fn proved_by(self, amr: Vec<Amr>) -> Self {
        Self { amr, ..self }
    }

    /// When a session that began at `began` and is used now ends, in seconds.
    fn expiry(began: Timestamp, now: Timestamp) -> i64 {
        (now.seconds() + IDLE_SECONDS).min(began.seconds() + MAX_SECONDS)
    }

    /// Whether its time is over.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at < now.seconds()
    }

    /// What follows from a token that names this session. A session's id cannot be guessed, so a wrong secret with it was valid once:
    /// it is reuse.
    pub(crate) fn rotation(&self, token: &RefreshToken, now: Timestamp) -> Rotation {
        let digest = token.digest();
        let rotated = self.rotated_at.map_or(0, Timestamp::millis);
        if digest == self.digest {
            Rotation::Next(self.successor(token))
        } else if self.spent.as_ref() == Some(&digest) && now.millis() - rotated <= RETRY_MILLIS {
            Rotation::Again(self.successor(token))
        } else {
            Rotation::Reused
        }
    }

    /// The session after `next` replaced its valid token.
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
        match session.rotation(token, now) {
            Rotation::Next(next) => (session.rotated(&next, now), next),
            _ => panic!("the token was not the valid one"),
        }
    }

    #[test]
    fn spent_token_gets_the_same_successor_for_ten_seconds() {
        let (first, token) = session();
        let (second, next) = rotate(&first, &token, at(1_000));
        assert!(next != token);
        assert!(matches!(second.rotation(&token, at(11_000)), Rotation::Again(same) if same == next));
        assert!(matches!(second.rotation(&token, at(11_001)), Rotation::Reused));
        assert!(matches!(second.rotation(&next, at(11_001)), Rotation::Next(_)));
    }

    #[test]
    fn concurrent_requests_with_one_token_derive_one_successor() {
        let (session, token) = session();
        let (_, here) = rotate(&session, &token, at(1));
        let (_, there) = rotate(&session, &token, at(2));
        assert!(here == there);
    }

    #[test]
    fn refresh_keeps_the_time_of_the_login() {
        let (first, token) = session();
        let (second, _) = rotate(&first, &token, at(700_000));
        assert_eq!((second.auth_time, second.last_used_at), (Some(at(0)), at(700_000)));
        let mut old = serde_json::to_value(&first).unwrap();
        old.as_object_mut().unwrap().remove("authTime");
        assert_eq!(serde_json::from_value::<Session>(old).unwrap().auth_time, None, "a row of an older release");
    }

    #[test]
    fn older_or_invented_token_is_reuse() {
        let (first, token) = session();
        let (second, next) = rotate(&first, &token, at(1));
        let (third, _) = rotate(&second, &next, at(2));
        assert!(matches!(third.rotation(&token, at(3)), Rotation::Reused));
        let invented = RefreshToken { secret: random_token().unwrap(), ..token };
        assert!(matches!(third.rotation(&invented, at(3)), Rotation::Reused));
    }

    #[test]
    fn row_holds_no_secret_of_a_token() {
        let (session, token) = session();
        let row = serde_json::to_string(&session).unwrap();
        assert!(!row.contains(&token.secret));
        let (rotated, next) = rotate(&session, &token, at(1));
        assert!(!serde_json::to_string(&rotated).unwrap().contains(&next.secret));
    }

    #[test]
    fn session_refreshed_every_week_ends_after_ninety_days() {
        let (mut session, mut token) = session();
        for week in 1..=12 {
            (session, token) = rotate(&session, &token, at(0).plus_seconds(week * 7 * 24 * 3600));
        }
        assert!(!session.is_over(at(0).plus_seconds(MAX_SECONDS)));
        assert!(session.is_over(at(0).plus_seconds(MAX_SECONDS + 1)));
    }

    #[test]
    fn session_ends_thirty_days_after_its_last_use() {
        let (session, token) = session();
        assert!(!session.is_over(at(0).plus_seconds(IDLE_SECONDS)));
        assert!(session.is_over(at(0).plus_seconds(IDLE_SECONDS + 1)));
        let (used, _) = rotate(&session, &token, at(5_000));
        assert!(!used.is_over(at(0).plus_seconds(IDLE_SECONDS + 1)));
    }
}
