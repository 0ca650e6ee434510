//! How the owner of an account logs in.

use values::{Error, Result};

use crate::accounts::account::Account;
use crate::sign_in::provider::Provider;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LoginMethod {
    Password,
    Link(Provider),
}

impl LoginMethod {
    /// How the owner logs in once a link is removed; 409 `last_way_in` when no method is left.
    pub(crate) fn without(removed: Provider, account: &Account, linked: &[Provider]) -> Result<Self> {
        let other = linked.iter().find(|provider| **provider != removed);
        match (&account.credential, other) {
            (Some(_), _) => Ok(Self::Password),
            (None, Some(provider)) => Ok(Self::Link(*provider)),
            (None, None) => {
                let detail = "This is the only way into your account. Set a password first: request a reset by mail.";
                Err(Error::conflict("last_way_in", detail))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::password::PasswordHashing;
    use values::{Clock, Timestamp};

    #[test]
    fn last_login_method_cannot_be_removed() {
        let (google, github) = (Provider::Google, Provider::Github);
        let mut account = Account::new(Clock::System.mint(), None, Timestamp::from_millis(7));
        assert_eq!(LoginMethod::without(google, &account, &[google]).unwrap_err().code, "last_way_in");
        assert_eq!(LoginMethod::without(google, &account, &[google, github]).unwrap(), LoginMethod::Link(github));
        account.credential = Some(PasswordHashing::default_cost().unmatchable());
        assert_eq!(LoginMethod::without(google, &account, &[google]).unwrap(), LoginMethod::Password);
    }
}
