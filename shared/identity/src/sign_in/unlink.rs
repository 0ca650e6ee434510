//! Removes a link to a provider.

use values::{Error, Result, UserId};

use crate::service::AccountService;
use crate::sign_in::login_method::LoginMethod;
use crate::sign_in::provider::Provider;

impl AccountService {
    /// Removes the link to a provider; 404 when there is none, 409 `last_way_in` when the owner could not log in any more, and
    /// `too_many_concurrent_updates` after a concurrent update. 2 reads side by side, 1 transaction.
    pub async fn unlink(&self, user: UserId, provider: Provider) -> Result<()> {
        let store = &self.store;
        let (links, account) = tokio::try_join!(store.links(user), store.account(user))?;
        let missing = || Error::not_found("link");
        let link = links.iter().find(|link| link.provider == provider).ok_or_else(missing)?;
        let providers: Vec<_> = links.iter().map(|link| link.provider).collect();
        let remaining = LoginMethod::without(provider, &account.ok_or_else(missing)?, &providers)?;
        Ok(store.unlink(user, link, &remaining)?.commit().await?)
    }
}
