//! Sets another password by the token of a reset mail.

use aws_kit::{Changes, ConditionFailures, OptimisticWrite, TokenTrust};
use events::SecurityChange;
use tracing::{info, warn};
use values::{Network, Result, Trace, UserId};

use crate::accounts::account::Account;
use crate::accounts::password::Password;
use crate::rate_limits::limits::Action;
use crate::service::AccountService;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::tokens::lifetime::REVOCATION_SECONDS;
use crate::tokens::one_time_token::TokenPurpose;

/// The request to set another password. It has no `Debug`, because of the token.
pub struct PasswordReset {
    /// As the mail brought it.
    pub token: String,
    pub password: Password,
    /// Whether the account's API keys stay valid.
    pub keeps_api_keys: bool,
}

impl AccountService {
    /// Sets another password for the account that the token was mailed to. That also verifies its email address, ends all its
    /// sessions, revokes all its API keys unless they are kept, and makes this network known. 422 `reset_token_invalid`, before any
    /// work. 1 read; argon2; 1 read, 1 more where there are API keys, and 1 transaction, all again after a concurrent update; 1 read
    /// and 1 write.
    pub async fn confirm_reset(
        &self,
        trust: &TokenTrust,
        policy: &AuthPolicy,
        reset: &PasswordReset,
        network: &Network,
        trace: &Trace,
    ) -> Result<()> {
        let invalid = || TokenPurpose::Reset.invalid_token();
        let (row, digest, user) = self.open_token(TokenPurpose::Reset, &reset.token).await?;
        let credential = policy.hashing.hash(&reset.password)?;
        let (row, digest, credential) = (&row, &digest, &credential);
        let decide = |_: Option<ConditionFailures>| async move {
            let now = self.clock.now();
            let account = self.store.account(user).await?.ok_or_else(invalid)?;
            if account.sessions_ended_at.is_some_and(|ended| ended >= row.created_at) {
                return Err(invalid());
            }
            let keys = match reset.keeps_api_keys {
                true => None,
                false => Some(self.store.api_keys_if_any(&account).await?),
            };
            let used = self.store.use_token_for_password(row, digest, &account, credential, keys.as_deref(), now)?;
            let mut transaction = used.transaction;
            transaction.add(trust.revoke_all(user, now, now.plus_seconds(REVOCATION_SECONDS))?);
            let changed = Account { email_verified: true, version: account.version + 1, ..account };
            transaction.add_all(self.security_event(&changed, SecurityChange::PasswordChanged, trace)?);
            let refusal = move |failures: &ConditionFailures| Ok(failures.of(used.token_slot).is_some().then(invalid));
            Ok(Changes::new(transaction, keys.unwrap_or_default()).or_refuse(refusal).into())
        };
        for key in OptimisticWrite::new(&self.store.table, &self.clock).run(decide).await? {
            trust.api_keys().evict(&key.digest);
        }
        info!(user.id = %user, "password reset");
        // The password is changed. A later failure must not make the caller retry with a token that is used.
        if let Err(error) = self.remember_network(policy, user, network).await {
            warn!(error.code = error.code, error.cause = error.causes(), user.id = %user, "network not remembered");
        }
        Ok(())
    }

    /// Makes the network known to the account, because its owner reads the account's mail there. The owner's next login is then not
    /// rate limited together with attempts from elsewhere.
    async fn remember_network(&self, policy: &AuthPolicy, user: UserId, network: &Network) -> Result<()> {
        let Some(person) = self.store.person(user).await? else { return Ok(()) };
        let key = policy.rate_limits.key_by_email(Action::Login, &person.email, network);
        self.store.remember_network(&key, self.clock.now())?.run().await?.ok();
        Ok(())
    }
}
