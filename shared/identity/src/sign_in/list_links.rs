//! Lists the providers that an account is linked to.

use values::{Result, UserId};

use crate::service::AccountService;
use crate::sign_in::link_view::LinkView;

impl AccountService {
    /// The links of an account, one per provider at most. 1 read.
    pub async fn links(&self, user: UserId) -> Result<Vec<LinkView>> {
        let links = self.store.links(user).await?;
        Ok(links.into_iter().map(|link| LinkView { provider: link.provider, linked_at: link.linked_at }).collect())
    }
}
