//! The code that ends a sign-in with a provider: it goes through the browser's address to the front end, which trades it for tokens
//! at `auth`. A minute, once, and 256 bits, so that neither a history nor a log that keeps it is of use to anybody.

use aws_kit::random_token;
use serde::{Deserialize, Serialize};
use values::{Error, Kind, Result, Timestamp, UserId};

use crate::account::Account;

const SECONDS: i64 = 60;

/// What is kept of a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Code {
    pub(crate) user_id: UserId,
    /// When all sessions of the account had last been ended, as far as its writer knew.
    #[serde(default)]
    pub(crate) follows: Option<Timestamp>,
    /// TTL, in seconds. DynamoDB deletes late, so [`Code::opens`] asks the clock.
    expires_at: i64,
}

impl Code {
    /// A code, and its text, which is kept nowhere.
    pub(crate) fn mint(user_id: UserId, follows: Option<Timestamp>, now: Timestamp) -> Result<(Self, String)> {
        Ok((Self { user_id, follows, expires_at: now.seconds() + SECONDS }, random_token()?))
    }

    /// Is it in time?
    pub(crate) fn is_good(&self, now: Timestamp) -> bool {
        now.seconds() < self.expires_at
    }

    /// Does it begin a session of that account, as it is now? Not if all were ended since.
    pub(crate) fn opens(&self, account: &Account) -> bool {
        self.follows == account.sessions_ended_at
    }
}

/// It was traded before, or is too old, or never was: nobody is told which.
pub(crate) fn invalid_code() -> Error {
    Error::new(Kind::Unauthenticated, "invalid_code", "This code is not valid any more. Sign in again.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn a_code_is_good_for_a_minute_and_until_all_sessions_end() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let account = Account::open(Clock::System.mint(), None, now);
        let (code, text) = Code::mint(account.user_id, None, now).unwrap();
        assert!(code.is_good(now.plus_seconds(59)) && !code.is_good(now.plus_seconds(60)));
        assert!(code.opens(&account));
        assert!(!code.opens(&Account { sessions_ended_at: Some(now), ..account }));
        assert!(!serde_json::to_string(&code).unwrap().contains(&text));
    }
}
