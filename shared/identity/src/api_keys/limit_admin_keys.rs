//! Limits the lifetime of the API keys of admins without a second factor, where admins need one.

use aws_kit::{ApiKeys, CommitError, Transaction};
use events::SecurityChange;
use tracing::info;
use values::{Page, PageRequest, Result, Role, Trace, UserId};

use crate::service::AccountService;

/// How long a key of such an admin still works.
const REMAINING_SECONDS: i64 = 30 * 24 * 3600;

impl AccountService {
    /// A page of the admins who have API keys and no second factor. 8 queries side by side.
    pub async fn admins_to_limit(&self, request: &PageRequest) -> Result<Page<UserId>> {
        let page = self.store.newest_accounts(Some(Role::Admin), None, request).await?;
        let concerned = page.rows.iter().filter(|account| account.api_keys > 0 && !account.second_factors.is_any());
        Ok(Page { rows: concerned.map(|account| account.user_id).collect(), next: page.next })
    }

    /// Lets the API keys of an admin without a second factor end within 30 days, and mails the admin. False if none ends later, so a
    /// repeated call changes nothing and mails nobody. 2 reads, 1 transaction.
    pub async fn limit_admin_keys(&self, user: UserId, trace: &Trace) -> Result<bool> {
        let store = &self.store;
        let Some(account) = store.account(user).await? else { return Ok(false) };
        if account.role != Role::Admin || account.second_factors.is_any() {
            return Ok(false);
        }
        let until = self.clock.now().plus_seconds(REMAINING_SECONDS);
        let keys = store.api_keys_if_any(&account).await?;
        let later: Vec<_> = keys.iter().filter(|key| key.valid_until > until).collect();
        if later.is_empty() {
            return Ok(false);
        }
        let mut transaction = Transaction::new();
        for key in &later {
            transaction.add(store.limit_api_key(user, key.key_id, until)?);
            transaction.add(ApiKeys::limit(&store.table, &key.digest, until)?);
        }
        transaction.add_all(self.security_event(&account, SecurityChange::AdminKeysLimited, trace)?);
        match transaction.commit().await {
            Ok(()) => {
                info!(user.id = %user, done = later.len(), "API keys of an admin without a second factor limited");
                Ok(true)
            }
            // One of the keys was revoked; the next run limits the others.
            Err(CommitError::ConditionFailed(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
