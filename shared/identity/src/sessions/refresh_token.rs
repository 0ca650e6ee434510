//! Refresh tokens: `<user and session, base64url>.<256 bits, base64url>`.

use std::fmt;
use std::str::FromStr;

use aws_kit::{random_token, sha256_hex};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use values::{Error, Id, Kind, Result, SessionId, UserId};

/// A bearer secret that is exchanged for the next pair of tokens. It has no `Debug`, so that it cannot get into a log.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) secret: String,
}

impl RefreshToken {
    /// A token with a new secret.
    pub(crate) fn random(user: UserId, session: SessionId) -> Result<Self> {
        Ok(Self { user, session, secret: random_token()? })
    }

    pub(crate) fn digest(&self) -> String {
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
        let invalid = invalid_refresh_token;
        let (ids, secret) = text.split_once('.').ok_or_else(invalid)?;
        let ids: [u8; 32] = URL_SAFE_NO_PAD.decode(ids).ok().and_then(|ids| ids.try_into().ok()).ok_or_else(invalid)?;
        let (user, session) = ids.split_at(16);
        let id = |bytes: &[u8]| uuid::Uuid::from_slice(bytes).map_err(|_| invalid());
        Ok(Self { user: Id::from_uuid(id(user)?), session: Id::from_uuid(id(session)?), secret: secret.to_owned() })
    }
}

/// 401: the token does not parse, or its session is over or unknown.
pub(crate) fn invalid_refresh_token() -> Error {
    Error::new(Kind::Unauthenticated, "invalid_refresh_token", "This refresh token is not valid. Log in again.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn token_reads_back_as_it_was_written() {
        let token = RefreshToken::random(Clock::System.mint(), Clock::System.mint()).unwrap();
        assert!(token.to_string().parse::<RefreshToken>().unwrap() == token);
        for bad in ["", ".", "abc", "a.b", &token.to_string()[1..]] {
            assert!(bad.parse::<RefreshToken>().is_err(), "{bad:?} must be refused");
        }
    }
}
