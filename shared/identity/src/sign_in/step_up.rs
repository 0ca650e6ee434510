//! Proves a credential again in a session that began earlier.

use aws_kit::{CommitError, Transaction};
use tracing::info;
use values::{Amr, Caller, Error, Kind, Network, RateLimitStatus, Result, Timestamp};

use crate::accounts::account::Account;
use crate::accounts::password::PasswordInput;
use crate::accounts::person::Person;
use crate::rate_limits::limits::Action;
use crate::rate_limits::rate_limited::RateLimited;
use crate::second_factors::prove::{ProvedFactor, SecondFactorProof, invalid_mfa_code, report_failed_proof};
use crate::second_factors::replace_recovery_codes::no_second_factor;
use crate::service::AccountService;
use crate::sessions::token_pair::AccessToken;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::tokens::signer::Signer;

/// What a person proves at a step-up. It has no `Debug`, because of its secrets.
pub enum Proof {
    /// As it was typed, of any length.
    Password(String),
    SecondFactor(SecondFactorProof),
}

impl AccountService {
    /// An access token of the caller's session whose login is recent again. The session and its refresh token continue. An account
    /// with a second factor proves that one: the password is not enough. 403 `wrong_password`, `invalid_mfa_code`; 409 `no_password`,
    /// `second_factor_required`, `no_second_factor`; 401 `session_ended`; 429 `rate_limited` before any work. Only a caller who is
    /// logged in is counted, so no stranger uses up the owner's attempts. 2 reads and 2 writes; 1 read for a code; 1 transaction.
    pub async fn step_up(
        &self,
        signer: &Signer,
        policy: &AuthPolicy,
        caller: &Caller,
        proof: Proof,
        network: &Network,
    ) -> Result<RateLimited<AccessToken>> {
        let (account, person, mut session) = self.open_session(caller).await?;
        account.require_active()?;
        let status = self.count_step_up(policy, (&account, &person), &proof, network).await?;
        let work = async {
            let now = self.clock.now();
            let proved = self.prove(policy, &account, &proof, now).await?;
            session.auth_time = Some(now);
            for method in proved.amr {
                if !session.amr.contains(&method) {
                    session.amr.push(method);
                }
            }
            let token = signer.access_token(&account, &session, now).await?;
            let mut transaction = Transaction::new();
            let used: Vec<_> = proved.writes.into_iter().map(|write| transaction.add(write)).collect();
            transaction.add(self.store.set_proof(&session)?);
            transaction.add(self.store.check_may_log_in(&account)?);
            match transaction.commit().await {
                Ok(()) => {
                    info!(user.id = %account.user_id, "credential proved again");
                    Ok(token)
                }
                Err(CommitError::ConditionFailed(failures)) if used.iter().any(|slot| failures.of(*slot).is_some()) => {
                    report_failed_proof(account.user_id);
                    Err(of_caller((proved.used_before)()))
                }
                Err(error) => Err(error.into()),
            }
        };
        Ok(RateLimited::run(status, work).await)
    }

    async fn count_step_up(
        &self,
        policy: &AuthPolicy,
        (account, person): (&Account, &Person),
        proof: &Proof,
        network: &Network,
    ) -> Result<RateLimitStatus> {
        let (limits, now) = (&policy.rate_limits, self.clock.now());
        match proof {
            Proof::Password(_) => {
                let key = limits.key_by_user(Action::Login, account.user_id, network);
                self.count_unknown_attempt(&key, now).await
            }
            // The same counters as in a login: a session does not give more guesses.
            Proof::SecondFactor(_) => {
                let key = limits.key_by_email(Action::SecondFactor, &person.email, network);
                let history = self.store.attempt_history(&key, None, now).await?;
                self.count_attempt(&key, &history, now).await
            }
        }
    }

    async fn prove(&self, policy: &AuthPolicy, account: &Account, proof: &Proof, now: Timestamp) -> Result<ProvedStep> {
        match (proof, account.second_factors.is_any()) {
            (Proof::Password(_), true) => {
                let detail = "Your account has a second factor. Send a code of your authenticator app, or a passkey.";
                Err(Error::conflict("second_factor_required", detail))
            }
            (Proof::Password(password), false) => {
                account.check_password(&PasswordInput::new(password))?;
                Ok(ProvedStep { amr: vec![Amr::Pwd], writes: Vec::new(), used_before: invalid_mfa_code })
            }
            (Proof::SecondFactor(_), false) => Err(no_second_factor()),
            (Proof::SecondFactor(proof), true) => {
                let proved = self.prove_second_factor(policy, account, proof, now).await.map_err(of_caller)?;
                let ProvedFactor { amr, writes, used_before, .. } = proved;
                Ok(ProvedStep { amr: amr.into(), writes, used_before })
            }
        }
    }
}

/// What was proved, and the writes that use the proof.
struct ProvedStep {
    amr: Vec<Amr>,
    writes: Vec<aws_kit::Write>,
    used_before: fn() -> Error,
}

/// The refusal of a caller who is logged in: no 401, at which clients log out.
fn of_caller(error: Error) -> Error {
    match error.kind {
        Kind::Unauthenticated => Error { kind: Kind::Forbidden, ..error },
        _ => error,
    }
}
