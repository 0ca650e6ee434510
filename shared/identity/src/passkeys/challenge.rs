//! The random bytes that an authenticator signs, so that no response can be sent twice (Web Authentication, 13.4.3).

use aws_kit::sha256_hex;
use aws_lc_rs::rand;
use serde::{Deserialize, Serialize};
use values::{Error, Result, Timestamp, UserId};

use crate::passkeys::base64url::Base64Url;

/// How long a person has for the ceremony.
pub(crate) const CHALLENGE_SECONDS: i64 = 5 * 60;

/// 256 random bits. They have no `Debug`, so that they cannot get into a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct Challenge(Base64Url<32, 32>);

impl Challenge {
    pub(crate) fn random() -> Result<Self> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(Error::internal)?;
        Base64Url::new(&bytes).map(Self).ok_or_else(|| Error::internal("a challenge has 32 bytes"))
    }

    /// What is stored: a reader of the table cannot answer a challenge of somebody else.
    pub(crate) fn digest(&self) -> String {
        sha256_hex(self.0.bytes())
    }

    #[cfg(test)]
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Base64Url::new(bytes).unwrap())
    }
}

/// What a challenge was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ChallengePurpose {
    /// A new passkey of that account.
    Registration(UserId),
    /// A login, a second factor or a step-up. The response says whose.
    Login,
}

/// The row of a challenge; its key is the digest.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PendingChallenge {
    purpose: ChallengePurpose,
    /// TTL, in seconds. DynamoDB deletes late, so [`PendingChallenge::opens`] asks the clock.
    expires_at: i64,
}

impl PendingChallenge {
    pub(crate) fn new(purpose: ChallengePurpose, now: Timestamp) -> Self {
        Self { purpose, expires_at: now.seconds() + CHALLENGE_SECONDS }
    }

    /// Whether it was made for that purpose and is not over.
    pub(crate) fn opens(&self, purpose: ChallengePurpose, now: Timestamp) -> bool {
        self.purpose == purpose && now.seconds() < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn challenge_opens_its_purpose_for_five_minutes() {
        let at = |seconds| Timestamp::from_millis(1_800_000_000_000).plus_seconds(seconds);
        let (ada, bob) = (Clock::System.mint(), Clock::System.mint());
        let row = PendingChallenge::new(ChallengePurpose::Registration(ada), at(0));
        assert!(row.opens(ChallengePurpose::Registration(ada), at(299)));
        assert!(!row.opens(ChallengePurpose::Registration(ada), at(300)), "its time is over");
        assert!(!row.opens(ChallengePurpose::Registration(bob), at(0)), "it is another account's");
        assert!(!row.opens(ChallengePurpose::Login, at(0)), "it is for another purpose");
        let row = PendingChallenge::new(ChallengePurpose::Login, at(0));
        assert!(row.opens(ChallengePurpose::Login, at(0)));
        assert!(!row.opens(ChallengePurpose::Registration(ada), at(0)), "a login makes no passkey");
    }

    #[test]
    fn challenges_differ_and_their_rows_do_not_contain_them() {
        let (one, other) = (Challenge::random().unwrap(), Challenge::random().unwrap());
        assert!(one != other && one.digest() != other.digest());
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(text.len(), 43 + 2);
        assert!(!one.digest().contains(text.trim_matches('"')));
    }
}
