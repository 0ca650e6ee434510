//! Lists the API keys of an account.

use aws_kit::ApiKeys;
use values::{Caller, Result};

use crate::api_keys::api_key::ApiKeyView;
use crate::service::AccountService;

impl AccountService {
    /// The caller's keys, newest first, including expired ones. 3 reads.
    pub async fn api_keys(&self, caller: &Caller) -> Result<Vec<ApiKeyView>> {
        let user = self.require_session(caller).await?.0.user_id;
        let keys = self.store.api_keys(user).await?;
        let digests: Vec<_> = keys.iter().map(|key| key.digest.clone()).collect();
        let grants = ApiKeys::find_all(&self.store.table, &digests).await?;
        Ok(keys.into_iter().map(|key| key.view(&grants)).collect())
    }
}
