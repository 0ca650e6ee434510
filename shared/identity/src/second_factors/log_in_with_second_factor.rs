//! Ends a login whose first factor was right with a proof of the second one.

use aws_kit::{CommitError, Transaction};
use events::SecurityChange;
use values::{Network, Result, Trace};

use crate::accounts::user::User;
use crate::rate_limits::limits::Action;
use crate::rate_limits::rate_limited::RateLimited;
use crate::second_factors::login_token::{invalid_login_token, token_digest};
use crate::second_factors::prove::{SecondFactorProof, report_failed_proof};
use crate::service::AccountService;
use crate::sessions::device::Device;
use crate::sessions::session::Session;
use crate::sessions::token_pair::UserWithTokens;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::tokens::signer::Signer;

/// The request to end a login. It has no `Debug`, because of its secrets.
pub struct SecondFactorLogin {
    pub mfa_token: String,
    pub proof: SecondFactorProof,
    pub device: Device,
    pub network: Network,
}

impl AccountService {
    /// Begins a session. The same transaction uses the token and the code, so only one of concurrent calls succeeds. 401
    /// `invalid_mfa_token` for a token that was used, has expired, or had five proofs; 401 `invalid_mfa_code` for a wrong or used code;
    /// a passkey fails with its own errors. 403 `account_suspended`; 429 `rate_limited` before any work: the account is counted too, so
    /// that a thief of the password cannot log in again for more proofs. 1 write; 1 read; 1 batch read; 2 writes side by side; 1 read
    /// for a code; 1 transaction.
    pub async fn log_in_with_second_factor(
        &self,
        signer: &Signer,
        policy: &AuthPolicy,
        login: SecondFactorLogin,
        trace: &Trace,
    ) -> Result<RateLimited<UserWithTokens>> {
        let (store, started, limits) = (&self.store, self.clock.now(), &policy.rate_limits);
        let SecondFactorLogin { mfa_token, proof, device, network } = login;
        let digest = token_digest(&mfa_token);
        let token = store.attempt_login(&digest, started).await?.map_err(|_| invalid_login_token())?;
        let (account, person) = store.account_with_person(token.user_id).await?.ok_or_else(invalid_login_token)?;
        let known_device = token.device();
        let key = limits.key_by_device(Action::SecondFactor, &person.email, &network, known_device.as_ref());
        let history = store.attempt_history(&key, None, started).await?;
        let status = self.count_attempt(&key, &history, started).await?;
        let work = async {
            account.require_active()?;
            if !token.opens(&account) {
                return Err(invalid_login_token());
            }
            let now = self.clock.now();
            let proved = self.prove_second_factor(policy, &account, &proof, now).await?;
            let (session, refresh) = Session::begin(account.user_id, self.clock.mint(), device, now)?;
            let methods = token.amr.iter().chain(&proved.amr).copied().collect();
            let session = session.following(account.sessions_ended_at).proved_by(methods);
            let tokens = signer.token_pair(&account, &session, &refresh, now).await?;
            let device_token = limits.device_token(&person.email, known_device.as_ref(), now)?;
            let mut transaction = Transaction::new();
            let used_token = transaction.add(store.delete_login(&digest));
            let used_proof: Vec<_> = proved.writes.into_iter().map(|write| transaction.add(write)).collect();
            transaction.add(store.create_session(&session)?);
            transaction.add(store.check_may_log_in(&account)?);
            transaction.add(store.remember_network(&key, now)?);
            if account.is_new_device(history.network_known_since(), known_device.as_ref()) {
                transaction.add_all(self.security_event(&account, SecurityChange::NewDevice, trace)?);
            }
            if let Some(change) = proved.change {
                transaction.add_all(self.security_event(&account, change, trace)?);
            }
            match transaction.commit().await {
                Ok(()) => Ok(UserWithTokens { user: User::for_owner(&account, person), tokens, device_token }),
                Err(CommitError::ConditionFailed(failures)) if failures.of(used_token).is_some() => {
                    Err(invalid_login_token())
                }
                Err(CommitError::ConditionFailed(failures))
                    if used_proof.iter().any(|slot| failures.of(*slot).is_some()) =>
                {
                    report_failed_proof(account.user_id);
                    Err((proved.used_before)())
                }
                Err(error) => Err(error.into()),
            }
        };
        Ok(RateLimited::run(status, work).await)
    }
}
