//! The code that ends a sign-in with a provider. It goes through a URL to the front end, which exchanges it for tokens at `auth`.
//! It is 256 bits, valid for a minute and used once, so that a copy in a history or a log is useless.

use aws_kit::random_token;
use serde::{Deserialize, Serialize};
use values::{Error, Kind, Result, Timestamp, UserId};

use crate::accounts::account::Account;

const SECONDS: i64 = 60;

/// The row of a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInCode {
    pub(crate) user_id: UserId,
    /// When all sessions of the account were last ended, as read when the code was created.
    #[serde(default)]
    pub(crate) follows: Option<Timestamp>,
    /// Whether it ends the sign-in that created the account, to which every device is new.
    #[serde(default)]
    pub(crate) is_first: bool,
    /// TTL, in seconds. DynamoDB deletes late, so [`SignInCode::is_valid`] asks the clock.
    expires_at: i64,
}

impl SignInCode {
    /// A new code and its text, which is stored nowhere.
    pub(crate) fn mint(user_id: UserId, follows: Option<Timestamp>, now: Timestamp) -> Result<(Self, String)> {
        Ok((Self { user_id, follows, is_first: false, expires_at: now.seconds() + SECONDS }, random_token()?))
    }

    /// Whether its time is not over.
    pub(crate) fn is_valid(&self, now: Timestamp) -> bool {
        now.seconds() < self.expires_at
    }

    /// Whether it may begin a session of the account: not if all sessions were ended since.
    pub(crate) fn opens(&self, account: &Account) -> bool {
        self.follows == account.sessions_ended_at
    }
}

/// 401: the code was used, has expired, or never existed. The error does not say which.
pub(crate) fn invalid_code() -> Error {
    Error::new(Kind::Unauthenticated, "invalid_code", "This code is no longer valid. Sign in again.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn code_is_valid_for_a_minute_and_until_all_sessions_end() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let account = Account::new(Clock::System.mint(), None, now);
        let (code, text) = SignInCode::mint(account.user_id, None, now).unwrap();
        assert!(code.is_valid(now.plus_seconds(59)) && !code.is_valid(now.plus_seconds(60)));
        assert!(code.opens(&account));
        assert!(!code.opens(&Account { sessions_ended_at: Some(now), ..account }));
        assert!(!serde_json::to_string(&code).unwrap().contains(&text));
    }
}
