//! Logs in with an email address and a password.

use aws_kit::Transaction;
use events::SecurityChange;
use telemetry::{SecurityEvent, SecurityKind};
use tracing::warn;
use values::{Amr, Error, Kind, Result, Trace, UserId};

use crate::accounts::account::Account;
use crate::accounts::password::PasswordInput;
use crate::accounts::user::User;
use crate::rate_limits::limits::Action;
use crate::rate_limits::rate_limited::RateLimited;
use crate::second_factors::login_token::Login;
use crate::service::AccountService;
use crate::sessions::session::Session;
use crate::sessions::token_pair::UserWithTokens;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::sign_in::login_request::LoginRequest;
use crate::tokens::signer::Signer;

impl AccountService {
    /// Begins a session; for an account with a second factor, gives the token that is exchanged with a proof of it. 401
    /// `invalid_credentials` for a wrong password, an unknown email address and an account without a
    /// password, after the same reads and the same work, so that neither the answer nor its time says who has an account. 429
    /// `rate_limited` before any work. 409 `too_many_concurrent_updates` when the account is suspended, or its sessions are
    /// ended, at that moment. A login from a new network, without the token of a known device, is mailed to the owner. 1 batch
    /// read; 1 read and 2 writes side by side; 1 transaction, and beside it 1 write from a new network and 1 for an outdated hash. With
    /// a second factor 1 write in the place of the transaction and the network.
    pub async fn log_in(
        &self,
        signer: &Signer,
        policy: &AuthPolicy,
        login: LoginRequest,
        trace: &Trace,
    ) -> Result<RateLimited<Login>> {
        let (store, clock) = (&self.store, &self.clock);
        let (started, input) = (clock.now(), PasswordInput::new(&login.password));
        let limits = &policy.rate_limits;
        let token = login.device_token.as_deref();
        let device = token.and_then(|token| limits.known_device(&login.email, token, started));
        let key = limits.key_by_device(Action::Login, &login.email, &login.network, device.as_ref());
        let history = store.attempt_history(&key, Some(&login.email), started).await?;
        let (found, status) = tokio::try_join!(
            store.account_with_person(history.user.unwrap_or_else(|| clock.mint())),
            self.count_attempt(&key, &history, started)
        )?;
        let work = async {
            let credential = found.as_ref().and_then(|(account, _)| account.credential.clone());
            let is_right = credential.unwrap_or_else(|| policy.hashing.unmatchable()).matches(&input)?;
            if !is_right {
                report_failed_login(found.as_ref().map(|(account, _)| account.user_id));
            }
            let (account, person) = found.filter(|_| is_right).ok_or_else(invalid_credentials)?;
            account.require_active()?;
            let now = clock.now();
            if account.second_factors.is_any() {
                let (write, challenge) = self.begin_second_factor(&account, vec![Amr::Pwd], device.as_ref(), now)?;
                let (stored, ()) = tokio::join!(write.run(), self.upgrade_credential(policy, &account, &input));
                stored?.map_err(|_| Error::internal("a new random token already exists"))?;
                return Ok(Login::SecondFactorRequired(challenge));
            }
            let (session, refresh) = Session::begin(account.user_id, clock.mint(), login.device, now)?;
            let session = session.following(account.sessions_ended_at).proved_by(vec![Amr::Pwd]);
            let tokens = signer.token_pair(&account, &session, &refresh, now).await?;
            // The counters above know an older network or device still: they only keep attempts apart.
            let is_new_device = account.is_new_device(history.network_known_since(), device.as_ref());
            let begin = async {
                let mut transaction = Transaction::new();
                transaction.add(store.create_session(&session)?);
                transaction.add(store.check_may_log_in(&account)?);
                if is_new_device {
                    transaction.add_all(self.security_event(&account, SecurityChange::NewDevice, trace)?);
                }
                transaction.commit().await.map_err(Error::from)
            };
            let remember = async {
                if (!account.still_knows(history.network_known_since()) || history.is_network_write_due(now))
                    && let Err(error) = async { store.remember_network(&key, now)?.run().await }.await
                {
                    warn!(error.code = error.code, error.cause = error.causes(), "network not remembered");
                }
            };
            let (begun, ..) = tokio::join!(begin, remember, self.upgrade_credential(policy, &account, &input));
            begun?;
            let device_token = limits.device_token(&login.email, device.as_ref(), now)?;
            let user = User::for_owner(&account, person);
            Ok(Login::SignedIn(Box::new(UserWithTokens { user, tokens, device_token })))
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

/// Reports a failed login, and whose account it named, if there is one. A login names an email address, which no log line contains.
pub(crate) fn report_failed_login(account: Option<UserId>) {
    let subject = account.map_or_else(|| SecurityEvent::NOBODY.to_owned(), |user| user.to_string());
    SecurityEvent::new(SecurityKind::LoginFailed, SecurityEvent::NOBODY, &subject).log();
}

fn invalid_credentials() -> Error {
    let detail = "There is no account with this email address and password.";
    Error::new(Kind::Unauthenticated, "invalid_credentials", detail)
}
