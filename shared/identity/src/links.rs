//! Whom an account is linked to, as its owner sees it, and unlinking.

use aws_kit::CommitError;
use serde::Serialize;
use values::{Error, Result, Timestamp, UserId};

use crate::account::{Account, Accounts};
use crate::provider::Provider;

/// A provider that an account's owner can sign in with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkView {
    /// Which.
    pub provider: Provider,
    /// Since when.
    pub linked_at: Timestamp,
}

/// What has to be there still when a link goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OtherWay {
    Password,
    Link(Provider),
}

/// The providers that an account is linked to. 1 read.
pub async fn links(accounts: &Accounts, user: UserId) -> Result<Vec<LinkView>> {
    let links = accounts.store.links(user).await?;
    Ok(links.into_iter().map(|link| LinkView { provider: link.provider, linked_at: link.linked_at }).collect())
}

/// Forgets a provider; 404 when the account is not linked to it, 409 `last_way_in` when its owner could not log in any more. 2 reads side by
/// side, 1 transaction.
pub async fn unlink(accounts: &Accounts, user: UserId, provider: Provider) -> Result<()> {
    let store = &accounts.store;
    let (links, account) = tokio::try_join!(store.links(user), store.account_alone(user))?;
    let missing = || Error::not_found("link");
    let link = links.iter().find(|link| link.provider == provider).ok_or_else(missing)?;
    let providers: Vec<_> = links.iter().map(|link| link.provider).collect();
    let other = other_way(&account.ok_or_else(missing)?, &providers, provider)?;
    match store.unlink(user, link, &other)?.commit().await {
        Ok(()) => Ok(()),
        Err(CommitError::ConditionFailed(_)) => {
            Err(Error::conflict("changed_meanwhile", "Your ways to log in have changed meanwhile. Look again."))
        }
        Err(error) => Err(error.into()),
    }
}

/// How the owner logs in when that link is gone.
fn other_way(account: &Account, linked: &[Provider], without: Provider) -> Result<OtherWay> {
    let other = linked.iter().find(|provider| **provider != without);
    match (&account.credential, other) {
        (Some(_), _) => Ok(OtherWay::Password),
        (None, Some(provider)) => Ok(OtherWay::Link(*provider)),
        (None, None) => {
            let detail = "This is the only way into your account. Choose a password first: ask for a reset by mail.";
            Err(Error::conflict("last_way_in", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::Hashing;
    use values::Clock;

    #[test]
    fn the_last_way_into_an_account_stays() {
        let (google, github) = (Provider::Google, Provider::Github);
        let mut account = Account::open(Clock::System.mint(), None, Timestamp::from_millis(7));
        assert_eq!(other_way(&account, &[google], google).unwrap_err().code, "last_way_in");
        assert_eq!(other_way(&account, &[google, github], google).unwrap(), OtherWay::Link(github));
        account.credential = Some(Hashing::usual().of_nobody());
        assert_eq!(other_way(&account, &[google], google).unwrap(), OtherWay::Password);
    }
}
