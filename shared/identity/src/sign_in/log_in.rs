//! Logs in with an email address and a password.

use aws_kit::Transaction;
use tracing::warn;
use values::{Error, Kind, Result};

use crate::accounts::account::Account;
use crate::accounts::password::PasswordInput;
use crate::accounts::user::User;
use crate::rate_limits::limits::Action;
use crate::rate_limits::rate_limited::RateLimited;
use crate::service::AccountService;
use crate::sessions::session::Session;
use crate::sessions::token_pair::UserWithTokens;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::sign_in::login_request::LoginRequest;
use crate::tokens::signer::Signer;

impl AccountService {
    /// Begins a session. 401 `invalid_credentials` for a wrong password, an unknown email address and an account without a
    /// password, after the same reads and the same work, so that neither the answer nor its time says who has an account. 429
    /// `rate_limited` before any work. 409 `too_many_concurrent_updates` when the account is suspended, or its sessions are
    /// ended, at that moment. 1 batch read; 1 read and 2 writes side by side; 1 transaction, and beside it 1 write from a new network and 1 for
    /// an outdated hash.
    pub async fn log_in(
        &self,
        signer: &Signer,
        policy: &AuthPolicy,
        login: LoginRequest,
    ) -> Result<RateLimited<UserWithTokens>> {
        let (store, clock) = (&self.store, &self.clock);
        let (started, input) = (clock.now(), PasswordInput::new(&login.password));
        let key = policy.rate_limits.key_by_email(Action::Login, &login.email, &login.network);
        let history = store.attempt_history(&key, Some(&login.email), started).await?;
        let (found, status) = tokio::try_join!(
            store.account_with_person(history.user.unwrap_or_else(|| clock.mint())),
            self.count_attempt(&key, &history, started)
        )?;
        let work = async {
            let credential = found.as_ref().and_then(|(account, _)| account.credential.clone());
            let is_right = credential.unwrap_or_else(|| policy.hashing.unmatchable()).matches(&input)?;
            let (account, person) = found.filter(|_| is_right).ok_or_else(invalid_credentials)?;
            account.require_active()?;
            let now = clock.now();
            let (session, refresh) = Session::begin(account.user_id, clock.mint(), login.device, now)?;
            let session = session.following(account.sessions_ended_at);
            let tokens = signer.token_pair(&account, &session, &refresh, now).await?;
            let begin = async {
                let mut transaction = Transaction::new();
                transaction.add(store.create_session(&session)?);
                transaction.add(store.check_may_log_in(&account)?);
                transaction.commit().await.map_err(Error::from)
            };
            let remember = async {
                if history.is_network_write_due(now)
                    && let Err(error) = async { store.remember_network(&key, now)?.run().await }.await
                {
                    warn!(error.code = error.code, error.cause = error.causes(), "network not remembered");
                }
            };
            let (begun, ..) = tokio::join!(begin, remember, self.upgrade_credential(policy, &account, &input));
            begun?;
            Ok(UserWithTokens { user: User::for_owner(&account, person), tokens })
        };
        Ok(RateLimited::run(status, work).await)
    }

    /// Replaces a password hash that costs less than configured. The password is right already, so a failure is only logged, and the
    /// next login tries again.
    async fn upgrade_credential(&self, policy: &AuthPolicy, account: &Account, input: &PasswordInput) {
        let upgrade = async {
            let Some(stored) = &account.credential else { return Ok(()) };
            match policy.hashing.upgrade(stored, input)? {
                // The condition fails after a concurrent login or a change of password.
                Some(next) => self.store.replace_credential(account.user_id, stored, &next)?.run().await.map(|_| ()),
                None => Ok(()),
            }
        };
        if let Err(error) = upgrade.await {
            warn!(error.code = error.code, error.cause = error.causes(), "password hash not upgraded");
        }
    }
}

fn invalid_credentials() -> Error {
    let detail = "There is no account with this email address and password.";
    Error::new(Kind::Unauthenticated, "invalid_credentials", detail)
}
