//! Removes a link to a provider.

use events::SecurityChange;
use values::{Error, Result, Trace, UserId};

use crate::service::AccountService;
use crate::sign_in::login_method::LoginMethod;
use crate::sign_in::provider::Provider;

impl AccountService {
    /// Removes the link to a provider; 404 when there is none, 409 `last_way_in` when the owner could not log in any more, and
    /// `too_many_concurrent_updates` after a concurrent update. 2 reads side by side, 1 transaction.
    pub async fn unlink(&self, user: UserId, provider: Provider, trace: &Trace) -> Result<()> {
        let store = &self.store;
        let (links, account) = tokio::try_join!(store.links(user), store.account(user))?;
        let missing = || Error::not_found("link");
        let link = links.iter().find(|link| link.provider == provider).ok_or_else(missing)?;
        let providers: Vec<_> = links.iter().map(|link| link.provider).collect();
        let account = account.ok_or_else(missing)?;
        let remaining = LoginMethod::without(provider, &account, &providers)?;
        let mut transaction = store.unlink(user, link, &remaining)?;
        transaction.add_all(self.security_event(&account, SecurityChange::ProviderUnlinked, trace)?);
        Ok(transaction.commit().await?)
    }
}
