//! Proves a credential again in a session that began earlier.

use aws_kit::Transaction;
use tracing::info;
use values::{Caller, Network, Result};

use crate::accounts::account::Account;
use crate::accounts::password::PasswordInput;
use crate::rate_limits::limits::Action;
use crate::rate_limits::rate_limited::RateLimited;
use crate::service::AccountService;
use crate::sessions::token_pair::AccessToken;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::tokens::signer::Signer;

/// What a person proves at a step-up. It has no `Debug`, because of the password.
pub enum Proof {
    /// As it was typed, of any length.
    Password(String),
}

impl Proof {
    fn check(&self, account: &Account) -> Result<()> {
        match self {
            Self::Password(password) => account.check_password(&PasswordInput::new(password)),
        }
    }
}

impl AccountService {
    /// An access token of the caller's session whose login is recent again. The session and its refresh token continue. 403
    /// `wrong_password`; 409 `no_password`; 401 `session_ended`; 429 `rate_limited` before any work. Only a caller who is logged in
    /// is counted, so no stranger uses up the owner's attempts. 2 reads and 2 writes; 1 transaction.
    pub async fn step_up(
        &self,
        signer: &Signer,
        policy: &AuthPolicy,
        caller: &Caller,
        proof: Proof,
        network: &Network,
    ) -> Result<RateLimited<AccessToken>> {
        let (account, _, mut session) = self.open_session(caller).await?;
        account.require_active()?;
        let key = policy.rate_limits.key_by_user(Action::Login, account.user_id, network);
        let status = self.count_unknown_attempt(&key, self.clock.now()).await?;
        let work = async {
            proof.check(&account)?;
            let now = self.clock.now();
            session.auth_time = Some(now);
            let token = signer.access_token(&account, &session, now).await?;
            let mut transaction = Transaction::new();
            transaction.add(self.store.set_auth_time(account.user_id, session.session_id, now)?);
            transaction.add(self.store.check_may_log_in(&account)?);
            transaction.commit().await?;
            info!(user.id = %account.user_id, "credential proved again");
            Ok(token)
        };
        Ok(RateLimited::run(status, work).await)
    }
}
