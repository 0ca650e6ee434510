//! Logs in with a passkey alone: the device is one factor, and its PIN or biometrics are another.

use aws_kit::{CommitError, Transaction};
use events::SecurityChange;
use values::{Amr, Network, Result, Trace};

use crate::accounts::user::User;
use crate::passkeys::assertion::Assertion;
use crate::passkeys::refusal::Refusal;
use crate::passkeys::responses::PasskeyResponse;
use crate::passkeys::use_passkey::{PasskeyUse, user_of};
use crate::rate_limits::limits::Action;
use crate::service::AccountService;
use crate::sessions::device::Device;
use crate::sessions::session::Session;
use crate::sessions::token_pair::UserWithTokens;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::sign_in::log_in::report_failed_login;
use crate::tokens::signer::Signer;

/// The request to log in with a passkey. It has no `Debug`, because of the device token.
pub struct PasskeyLogin {
    pub credential: PasskeyResponse,
    pub device_token: Option<String>,
    pub device: Device,
    pub network: Network,
}

impl AccountService {
    /// Begins a session with two factors. The same transaction uses the challenge, so only one of concurrent calls succeeds. 401
    /// `passkey_invalid`, which does not say whether there is such an account or such a passkey; 403 `account_suspended`. A signature
    /// cannot be guessed, so attempts are counted for their network only, by the routes' limit. 2 reads side by side, 1 batch read, 1
    /// read, 1 transaction.
    pub async fn log_in_with_passkey(
        &self,
        signer: &Signer,
        policy: &AuthPolicy,
        login: PasskeyLogin,
        trace: &Trace,
    ) -> Result<UserWithTokens> {
        let (store, limits, now) = (&self.store, &policy.rate_limits, self.clock.now());
        let response = &login.credential;
        let assertion = Assertion::read(response, &policy.relying_party).map_err(Refusal::of_login)?;
        let user = user_of(response).ok_or_else(|| Refusal::Signature.of_login())?;
        let (used, found) =
            tokio::try_join!(self.check_passkey(user, (&assertion, response), now), store.account_with_person(user))?;
        let is_known = found.is_some();
        let used = used.and_then(|used| found.map(|found| (used, found)).ok_or(Refusal::Signature));
        let (PasskeyUse { challenge, count }, (account, person)) = used.map_err(|refusal| {
            report_failed_login(is_known.then_some(user));
            refusal.of_login()
        })?;
        account.require_active()?;
        let token = login.device_token.as_deref();
        let known_device = token.and_then(|token| limits.known_device(&person.email, token, now));
        let key = limits.key_by_device(Action::Login, &person.email, &login.network, known_device.as_ref());
        let history = store.attempt_history(&key, None, now).await?;
        let (session, refresh) = Session::begin(user, self.clock.mint(), login.device, now)?;
        let session = session.following(account.sessions_ended_at).proved_by(vec![Amr::Hwk, Amr::Mfa]);
        let tokens = signer.token_pair(&account, &session, &refresh, now).await?;
        let device_token = limits.device_token(&person.email, known_device.as_ref(), now)?;
        let mut transaction = Transaction::new();
        let used = [transaction.add(challenge), transaction.add(count)];
        transaction.add(store.create_session(&session)?);
        transaction.add(store.check_may_log_in(&account)?);
        transaction.add(store.remember_network(&key, now)?);
        if account.is_new_device(history.network_known_since(), known_device.as_ref()) {
            transaction.add_all(self.security_event(&account, SecurityChange::NewDevice, trace)?);
        }
        match transaction.commit().await {
            Ok(()) => Ok(UserWithTokens { user: User::for_owner(&account, person), tokens, device_token }),
            // A concurrent request has used the challenge, or the passkey was removed or used with a higher count.
            Err(CommitError::ConditionFailed(failures)) if used.iter().any(|slot| failures.of(*slot).is_some()) => {
                report_failed_login(Some(user));
                Err(Refusal::Challenge.of_login())
            }
            Err(error) => Err(error.into()),
        }
    }
}
