//! Checks the proof of a second factor, in a login or a step-up.

use aws_kit::Write;
use events::SecurityChange;
use telemetry::{SecurityEvent, SecurityKind};
use values::{Amr, Error, Kind, Result, Timestamp, UserId};

use crate::accounts::account::Account;
use crate::passkeys::PasskeyResponse;
use crate::second_factors::recovery_codes;
use crate::service::AccountService;
use crate::sign_in::auth_policy::AuthPolicy;

/// A proof of a second factor. It has no `Debug`, because of its secrets.
pub enum SecondFactorProof {
    /// The code of an authenticator app, as it was typed.
    Code(String),
    /// A recovery code, as it was typed.
    RecoveryCode(String),
    Passkey(Box<PasskeyResponse>),
}

/// A proof that was right, and what its use writes.
pub(crate) struct ProvedFactor {
    /// How the session was proved with it.
    pub(crate) amr: [Amr; 2],
    /// They belong in the transaction of the proof's effect. A condition fails when a concurrent request has used the same proof.
    pub(crate) writes: Vec<Write>,
    /// What the owner is mailed about, if anything.
    pub(crate) change: Option<SecurityChange>,
    /// The refusal when a concurrent request has used the same proof.
    pub(crate) used_before: fn() -> Error,
}

impl AccountService {
    /// Checks a proof of the account's second factor. 401 `invalid_mfa_code` for a wrong or used code, which is reported; a passkey
    /// fails with its own errors. 1 read for a code, none for a recovery code.
    pub(crate) async fn prove_second_factor(
        &self,
        policy: &AuthPolicy,
        account: &Account,
        proof: &SecondFactorProof,
        now: Timestamp,
    ) -> Result<ProvedFactor> {
        let proved = match proof {
            SecondFactorProof::Code(code) => self.prove_code(policy, account.user_id, code, now).await,
            SecondFactorProof::RecoveryCode(code) => self.prove_recovery_code(policy, account.user_id, code),
            SecondFactorProof::Passkey(proof) => self.prove_passkey(policy, account, proof, now).await,
        };
        if proved.as_ref().is_err_and(|error| error.kind == Kind::Unauthenticated) {
            report_failed_proof(account.user_id);
        }
        proved
    }

    async fn prove_code(&self, policy: &AuthPolicy, user: UserId, code: &str, now: Timestamp) -> Result<ProvedFactor> {
        let row = self.store.totp(user).await?.ok_or_else(invalid_mfa_code)?;
        let step = row.step_of(&policy.factor_keys, user, code, now)?.ok_or_else(invalid_mfa_code)?;
        let writes = vec![self.store.use_totp_step(user, &row, step)?];
        Ok(ProvedFactor { amr: [Amr::Otp, Amr::Mfa], writes, change: None, used_before: invalid_mfa_code })
    }

    /// The condition of the write finds out whether there is such a code.
    fn prove_recovery_code(&self, policy: &AuthPolicy, user: UserId, code: &str) -> Result<ProvedFactor> {
        let digest = recovery_codes::digest_of(&policy.factor_keys, user, code).ok_or_else(invalid_mfa_code)?;
        let writes = vec![self.store.use_recovery_code(user, &digest)];
        let change = Some(SecurityChange::RecoveryCodeUsed);
        Ok(ProvedFactor { amr: [Amr::Otp, Amr::Mfa], writes, change, used_before: invalid_mfa_code })
    }
}

/// Reports a wrong proof. Its sender knows the first factor or holds a session.
pub(crate) fn report_failed_proof(user: UserId) {
    SecurityEvent::new(SecurityKind::MfaFailed, SecurityEvent::NOBODY, &user.to_string()).log();
}

/// 401: the code is wrong, or it was used before.
pub(crate) fn invalid_mfa_code() -> Error {
    let detail = "This code is wrong or was used before. Wait for the next code of your app, or use a recovery code.";
    Error::new(Kind::Unauthenticated, "invalid_mfa_code", detail)
}
