//! Replaces the password of an account, by its owner who knows the old one.

use aws_kit::{TokenTrust, Transaction};
use events::SecurityChange;
use tracing::info;
use values::{Caller, Network, Result, Timestamp, Trace};

use crate::accounts::account::Account;
use crate::accounts::password::{Password, PasswordInput};
use crate::rate_limits::limits::Action;
use crate::rate_limits::rate_limited::RateLimited;
use crate::service::AccountService;
use crate::sessions::device::Device;
use crate::sessions::session::Session;
use crate::sessions::token_pair::TokenPair;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::tokens::lifetime::REVOCATION_SECONDS;
use crate::tokens::signer::Signer;

/// The request to replace a password. It has no `Debug`, because of the passwords.
pub struct PasswordChange {
    /// As it was typed, of any length.
    pub old: String,
    pub next: Password,
}

impl AccountService {
    /// Replaces the password and ends all sessions. Returns the tokens of a new session, which takes the place of the caller's: a
    /// revocation of all sessions but one would be as long as their list. API keys stay. 403 `wrong_password`; 409 `no_password`,
    /// `too_many_concurrent_updates`; 401 `session_ended`; 429 `rate_limited` before any work. 2 reads and 2 writes; argon2 twice;
    /// 1 transaction.
    pub async fn change_password(
        &self,
        signer: &Signer,
        trust: &TokenTrust,
        policy: &AuthPolicy,
        caller: &Caller,
        change: &PasswordChange,
        (network, trace): (&Network, &Trace),
    ) -> Result<RateLimited<TokenPair>> {
        let (store, clock) = (&self.store, &self.clock);
        let (account, _, session) = self.open_session(caller).await?;
        account.require_active()?;
        let user = account.user_id;
        let key = policy.rate_limits.key_by_user(Action::Login, user, network);
        let status = self.count_unknown_attempt(&key, clock.now()).await?;
        let work = async {
            account.check_password(&PasswordInput::new(&change.old))?;
            let credential = policy.hashing.hash(&change.next)?;
            let now = clock.now();
            // A millisecond earlier than the new session, which must not end with the others.
            let ended = Timestamp::from_millis(now.millis() - 1);
            let (next, refresh) = Session::begin(user, clock.mint(), Device(session.device.clone()), now)?;
            let mut next = next.following(Some(ended)).proved_by(session.amr);
            if account.second_factors.is_any() {
                // A password alone does not make the login of such an account recent.
                next.auth_time = session.auth_time;
            }
            let tokens = signer.token_pair(&account, &next, &refresh, now).await?;
            let mut transaction = Transaction::new();
            transaction.add(store.change_credential(&account, &credential, ended)?);
            transaction.add(store.delete_session(user, session.session_id));
            transaction.add(store.create_session(&next)?);
            transaction.add(trust.revoke_all(user, ended, now.plus_seconds(REVOCATION_SECONDS))?);
            let changed = Account { version: account.version + 1, ..account.clone() };
            transaction.add_all(self.security_event(&changed, SecurityChange::PasswordChanged, trace)?);
            transaction.commit().await?;
            info!(user.id = %user, "password changed");
            Ok(tokens)
        };
        Ok(RateLimited::run(status, work).await)
    }
}
