//! What a new second factor of any kind changes besides its own rows.

use aws_kit::{Transaction, Write};
use events::SecurityChange;
use serde::Serialize;
use telemetry::{SecurityEvent, SecurityKind};
use values::{Amr, Error, Kind, Result, Timestamp};

use crate::accounts::account::Account;
use crate::second_factors::factor_context::FactorContext;
use crate::second_factors::factors::{FactorMethod, SecondFactors};
use crate::second_factors::recovery_codes::{NewRecoveryCodes, RecoveryRow};
use crate::service::AccountService;
use crate::sessions::device::Device;
use crate::sessions::session::Session;
use crate::sessions::token_pair::TokenPair;
use crate::tokens::lifetime::REVOCATION_SECONDS;

/// What the first second factor of an account brings. Empty for a further one.
// It has no `Debug`, so that no token and no code can get into a log.
#[derive(Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FactorAdded {
    #[serde(flatten)]
    pub recovery_codes: Option<NewRecoveryCodes>,
    /// The tokens of a new session, which takes the place of the caller's.
    #[serde(flatten)]
    pub tokens: Option<TokenPair>,
}

impl AccountService {
    /// Adds a second factor that was proved with `proof` in the caller's session: `next` are the account's factors with it, `own` are
    /// the writes of its rows. The account's first one also makes recovery codes and ends all sessions, because they were proved
    /// without it; a new session takes the place of the caller's. 409 `too_many_concurrent_updates` when the account has changed or
    /// one of the own conditions fails. 1 transaction of at most 7 writes and the own ones.
    pub(crate) async fn add_factor(
        &self,
        context: FactorContext<'_>,
        (account, session): (&Account, &Session),
        (method, next): (FactorMethod, SecondFactors),
        (proof, own): (Amr, Vec<Write>),
    ) -> Result<FactorAdded> {
        let (store, now, user) = (&self.store, self.clock.now(), account.user_id);
        let is_first = !account.second_factors.is_any();
        // A millisecond earlier than the new session, which must not end with the others.
        let ended = is_first.then(|| Timestamp::from_millis(now.millis() - 1));
        let mut added = FactorAdded::default();
        let mut transaction = Transaction::new();
        transaction.add_all(own);
        transaction.add(store.set_second_factors(account, next, ended, now)?);
        if let Some(ended) = ended {
            let (row, codes) = RecoveryRow::random(&context.policy.factor_keys, user, now)?;
            transaction.add(store.put_recovery_codes(user, &row)?);
            let (new, refresh) = Session::begin(user, self.clock.mint(), Device(session.device.clone()), now)?;
            let methods = session.amr.iter().copied().chain([proof, Amr::Mfa]).collect();
            let new = new.following(Some(ended)).proved_by(methods);
            transaction.add(store.delete_session(user, session.session_id));
            transaction.add(store.create_session(&new)?);
            transaction.add(context.trust.revoke_all(user, ended, now.plus_seconds(REVOCATION_SECONDS))?);
            added.tokens = Some(context.signer.token_pair(account, &new, &refresh, now).await?);
            added.recovery_codes = Some(codes);
        }
        let changed = Account { version: account.version + 1, ..account.clone() };
        transaction.add_all(self.security_event(&changed, SecurityChange::SecondFactorAdded, context.trace)?);
        transaction.commit().await?;
        report(SecurityKind::SecondFactorAdded, account, method);
        Ok(added)
    }
}

/// 403 `account_suspended`; 403 `email_not_verified`: an account that was created with another person's address must not keep the
/// owner of the address out by a second factor.
pub(crate) fn require_may_enrol(account: &Account) -> Result<()> {
    account.require_active()?;
    if account.email_verified {
        return Ok(());
    }
    let detail = "Verify your email address first: `POST /auth/verify-email/request` sends a link to it.";
    Err(Error::new(Kind::Forbidden, "email_not_verified", detail))
}

/// Reports a change of an account's second factors by its owner.
pub(crate) fn report(kind: SecurityKind, account: &Account, method: FactorMethod) {
    let user = account.user_id.to_string();
    SecurityEvent::new(kind, &user, &user).with_detail(method.name()).log();
}
