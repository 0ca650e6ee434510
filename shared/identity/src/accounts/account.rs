//! An account: what it may do. Who is behind it is in [`Person`](crate::accounts::person::Person).

use serde::{Deserialize, Deserializer, Serialize};
use values::{AddressId, Error, Kind, Result, Role, Timestamp, UserId, account_suspended, into_nfc};

use crate::accounts::password::{Credential, PasswordInput};
use crate::accounts::status::AccountStatus;
use crate::rate_limits::device_token::KnownDevice;
use crate::second_factors::factors::SecondFactors;
use crate::sessions::session::Session;

/// An account's row, without personal data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) user_id: UserId,
    pub(crate) role: Role,
    pub(crate) status: AccountStatus,
    pub(crate) email_verified: bool,
    /// None for an account that was created by a provider's sign-in: it has no password until a reset sets one.
    #[serde(default)]
    pub(crate) credential: Option<Credential>,
    /// When all its sessions were last ended at once.
    #[serde(default)]
    pub(crate) sessions_ended_at: Option<Timestamp>,
    /// The number of addresses in its address book.
    pub(crate) addresses: u32,
    /// The number of its API keys, including expired ones.
    #[serde(default)]
    pub(crate) api_keys: u32,
    #[serde(default)]
    pub(crate) default_shipping: Option<AddressId>,
    #[serde(default)]
    pub(crate) default_billing: Option<AddressId>,
    /// Why it is suspended, in the admin's words.
    #[serde(default, deserialize_with = "reason_in_nfc")]
    pub(crate) status_reason: Option<String>,
    /// Its second factors. Here, because a login reads this row anyway.
    #[serde(default)]
    pub(crate) second_factors: SecondFactors,
    pub(crate) version: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A row of an earlier release may have another Unicode form.
fn reason_in_nfc<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(into_nfc))
}

impl Account {
    /// A new account of a customer.
    pub(crate) fn new(user_id: UserId, credential: Option<Credential>, now: Timestamp) -> Self {
        Self {
            user_id,
            role: Role::Customer,
            status: AccountStatus::Active,
            email_verified: false,
            credential,
            addresses: 0,
            api_keys: 0,
            default_shipping: None,
            default_billing: None,
            status_reason: None,
            sessions_ended_at: None,
            second_factors: SecondFactors::default(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether this session ended when all sessions were ended. That includes a session that began since then, but with the
    /// password or the role from before.
    pub(crate) fn has_ended(&self, session: &Session) -> bool {
        session.follows != self.sessions_ended_at
    }

    /// Whether a network or device is known to its owner that became known at this second, if at any. All that was known is forgotten
    /// when all sessions are ended, because a thief may have made it known.
    pub(crate) fn still_knows(&self, since: Option<i64>) -> bool {
        since.is_some_and(|since| self.sessions_ended_at.is_none_or(|ended| since >= ended.seconds()))
    }

    /// Whether a login is mailed to the owner as one from a new device: the account knows neither its network nor the device.
    pub(crate) fn is_new_device(&self, network_since: Option<i64>, device: Option<&KnownDevice>) -> bool {
        !self.still_knows(network_since) && !self.still_knows(device.and_then(|device| device.known_since))
    }

    /// Checks the password of an owner who is logged in. 403 `wrong_password`; 409 `no_password` for an account that has none.
    pub(crate) fn check_password(&self, input: &PasswordInput) -> Result<()> {
        let Some(credential) = &self.credential else {
            let detail =
                "Your account has no password. Sign in again with your provider, or set a password by a reset.";
            return Err(Error::conflict("no_password", detail));
        };
        match credential.matches(input)? {
            true => Ok(()),
            false => Err(Error::new(Kind::Forbidden, "wrong_password", "This is not the password of your account.")),
        }
    }

    /// 403 `account_suspended` unless the account may be used.
    pub(crate) fn require_active(&self) -> Result<()> {
        match self.status {
            AccountStatus::Active => Ok(()),
            AccountStatus::Suspended => Err(account_suspended()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn reason_of_an_earlier_release_is_read_in_nfc() {
        let account = Account::new(Clock::System.mint(), None, Clock::System.now());
        let row = |reason: &str| {
            let account = Account { status_reason: Some(reason.to_owned()), ..account.clone() };
            serde_json::to_value(account).unwrap()
        };
        let read = |reason: &str| serde_json::from_value::<Account>(row(reason)).unwrap().status_reason;
        assert_eq!(read("Cafe\u{301}").as_deref(), Some("Caf\u{e9}"));
    }
}
