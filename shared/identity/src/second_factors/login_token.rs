//! The token between the two factors of a login: 256 bits, used once, for five minutes and at most five proofs.

use aws_kit::{random_token, sha256_hex};
use serde::{Deserialize, Serialize};
use values::{Amr, Error, Kind, Result, Timestamp, UserId};

use crate::accounts::account::Account;
use crate::rate_limits::device_token::KnownDevice;
use crate::second_factors::factors::FactorMethod;
use crate::sessions::token_pair::UserWithTokens;

const SECONDS: i64 = 5 * 60;
/// The proofs that may be tried with one token.
pub(crate) const MAX_ATTEMPTS: u32 = 5;

/// The outcome of a right first factor.
pub enum Login {
    /// A session has begun.
    SignedIn(Box<UserWithTokens>),
    /// The account has a second factor.
    SecondFactorRequired(LoginChallenge),
}

/// What a client needs to go on with a login. It has no `Debug`, because of the token.
pub struct LoginChallenge {
    pub mfa_token: String,
    /// The ways to prove the second factor.
    pub methods: Vec<FactorMethod>,
}

/// The row of a token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoginToken {
    pub(crate) user_id: UserId,
    /// When all sessions of the account were last ended, as read when the first factor was right.
    #[serde(default)]
    pub(crate) follows: Option<Timestamp>,
    /// How the first factor was proved.
    #[serde(default)]
    pub(crate) amr: Vec<Amr>,
    /// The known device that the login came from.
    #[serde(default)]
    known_device: Option<String>,
    #[serde(default)]
    device_known_since: Option<i64>,
    /// The proofs that were tried.
    pub(crate) attempts: u32,
    /// TTL, in seconds. DynamoDB deletes late, so the condition of each attempt compares it.
    pub(crate) expires_at: i64,
}

impl LoginToken {
    /// A token for the second factor of an account, and what the client gets.
    pub(crate) fn random(
        account: &Account,
        amr: Vec<Amr>,
        device: Option<&KnownDevice>,
        now: Timestamp,
    ) -> Result<(Self, LoginChallenge)> {
        let token = Self {
            user_id: account.user_id,
            follows: account.sessions_ended_at,
            amr,
            known_device: device.map(|device| device.id.clone()),
            device_known_since: device.and_then(|device| device.known_since),
            attempts: 0,
            expires_at: now.seconds() + SECONDS,
        };
        Ok((token, LoginChallenge { mfa_token: random_token()?, methods: account.second_factors.methods() }))
    }

    /// The known device that the login came from.
    pub(crate) fn device(&self) -> Option<KnownDevice> {
        self.known_device.clone().map(|id| KnownDevice { id, known_since: self.device_known_since })
    }

    /// Whether it may begin a session of the account: not if all sessions were ended since, or it has no second factor any more.
    pub(crate) fn opens(&self, account: &Account) -> bool {
        self.follows == account.sessions_ended_at && account.second_factors.is_any()
    }
}

/// The digest under which a token is stored.
pub(crate) fn token_digest(text: &str) -> String {
    sha256_hex(text.as_bytes())
}

/// 401: the token was used, has expired, had too many attempts, or never existed. The error does not say which.
pub(crate) fn invalid_login_token() -> Error {
    Error::new(Kind::Unauthenticated, "invalid_mfa_token", "This login is no longer valid. Log in again.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::second_factors::factors::SecondFactors;
    use values::Clock;

    #[test]
    fn token_opens_until_all_sessions_end_and_its_row_hides_it() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let second_factors = SecondFactors { totp: true, passkeys: 0 };
        let account = Account { second_factors, ..Account::new(Clock::System.mint(), None, now) };
        let (token, challenge) = LoginToken::random(&account, vec![Amr::Pwd], None, now).unwrap();
        assert_eq!(challenge.methods, [FactorMethod::Totp, FactorMethod::RecoveryCode]);
        assert!(!serde_json::to_string(&token).unwrap().contains(&challenge.mfa_token));
        assert!(token.opens(&account));
        assert!(!token.opens(&Account { sessions_ended_at: Some(now), ..account.clone() }));
        assert!(!token.opens(&Account { second_factors: SecondFactors::default(), ..account }));
    }
}
