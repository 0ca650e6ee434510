//! Revokes an API key.

use aws_kit::{CommitError, TokenTrust, Transaction};
use telemetry::{SecurityEvent, SecurityKind};
use values::{ApiKeyId, Caller, Error, Result};

use crate::service::AccountService;

impl AccountService {
    /// Revokes one of the caller's keys: here at once, and everywhere within 30 seconds. 404 for an unknown key. 2 reads, 1
    /// transaction.
    pub async fn revoke_api_key(&self, trust: &TokenTrust, caller: &Caller, id: ApiKeyId) -> Result<()> {
        let missing = || Error::not_found("API key");
        let user = self.require_session(caller).await?.0.user_id;
        let digest = self.store.api_key(user, id).await?.ok_or_else(missing)?.digest;
        let mut transaction = Transaction::new();
        let [count, entry_row, grant] = self.store.remove_api_key(user, id, &digest)?;
        transaction.add(count);
        let entry_row = transaction.add(entry_row);
        transaction.add(grant);
        match transaction.commit().await {
            Ok(()) => {
                trust.api_keys().evict(&digest);
                let (user, id) = (user.to_string(), id.to_string());
                SecurityEvent::new(SecurityKind::ApiKeyRevoked, &user, &user).with_detail(&id).log();
                Ok(())
            }
            Err(CommitError::ConditionFailed(failures)) if failures.of(entry_row).is_some() => Err(missing()),
            Err(error) => Err(error.into()),
        }
    }
}
