//! Sets another password by the token of a reset mail.

use aws_kit::TokenTrust;
use tracing::warn;
use values::{Result, UserId};

use crate::accounts::password::Password;
use crate::rate_limits::limits::Action;
use crate::rate_limits::network::Network;
use crate::service::AccountService;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::tokens::lifetime::REVOCATION_SECONDS;
use crate::tokens::one_time_token::TokenPurpose;

impl AccountService {
    /// Sets another password for the account that the token was mailed to. That also verifies its email address, ends all its
    /// sessions, and makes this network known. 422 `reset_token_invalid`, before any work. 1 read; argon2, and 1 transaction; 1
    /// read and 1 write.
    pub async fn confirm_reset(
        &self,
        trust: &TokenTrust,
        policy: &AuthPolicy,
        token: &str,
        password: &Password,
        network: &Network,
    ) -> Result<()> {
        let (row, digest, user) = self.open_token(TokenPurpose::Reset, token).await?;
        let credential = policy.hashing.hash(password)?;
        let now = self.clock.now();
        let mut reset = self.store.use_token_for_password(&row, &digest, user, &credential, now)?;
        reset.transaction.add(trust.revoke_all(user, now, now.plus_seconds(REVOCATION_SECONDS))?);
        self.commit_token(TokenPurpose::Reset, reset).await?;
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
