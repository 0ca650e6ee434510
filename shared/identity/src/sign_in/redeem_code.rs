//! Exchanges the code that ended a sign-in with a provider for tokens.

use aws_kit::{CommitError, Transaction};
use events::SecurityChange;
use values::{Network, Result, Trace};

use crate::accounts::user::User;
use crate::rate_limits::limits::Action;
use crate::second_factors::login_token::Login;
use crate::service::AccountService;
use crate::sessions::device::Device;
use crate::sessions::session::Session;
use crate::sessions::token_pair::UserWithTokens;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::sign_in::sign_in_code::invalid_code;
use crate::tokens::signer::Signer;

impl AccountService {
    /// Begins a session, as a login does, and makes the network known; an account with a second factor needs it here too. The same
    /// transaction deletes the code, so only one of concurrent calls succeeds. A sign-in from a new network is mailed to the owner. 401 `invalid_code`; 403
    /// `account_suspended`. 3 reads, 1 transaction.
    pub async fn redeem_code(
        &self,
        signer: &Signer,
        policy: &AuthPolicy,
        code: &str,
        (device, network): (Device, Network),
        trace: &Trace,
    ) -> Result<Login> {
        let (store, now) = (&self.store, self.clock.now());
        let row = store.code(code).await?.filter(|row| row.is_valid(now)).ok_or_else(invalid_code)?;
        let (account, person) = store.account_with_person(row.user_id).await?.ok_or_else(invalid_code)?;
        account.require_active()?;
        if !row.opens(&account) {
            return Err(invalid_code());
        }
        if account.second_factors.is_any() {
            let (write, challenge) = self.begin_second_factor(&account, Vec::new(), None, now)?;
            let mut transaction = Transaction::new();
            transaction.add(store.delete_code(code));
            transaction.add(write);
            return match transaction.commit().await {
                Ok(()) => Ok(Login::SecondFactorRequired(challenge)),
                Err(CommitError::ConditionFailed(_)) => Err(invalid_code()),
                Err(error) => Err(error.into()),
            };
        }
        let (session, refresh) = Session::begin(account.user_id, self.clock.mint(), device, now)?;
        let session = session.following(row.follows);
        let tokens = signer.token_pair(&account, &session, &refresh, now).await?;
        let device_token = policy.rate_limits.device_token(&person.email, None, now)?;
        let key = policy.rate_limits.key_by_email(Action::Login, &person.email, &network);
        let history = store.attempt_history(&key, None, now).await?;
        let mut transaction = Transaction::new();
        transaction.add(store.delete_code(code));
        transaction.add(store.create_session(&session)?);
        transaction.add(store.check_may_log_in(&account)?);
        transaction.add(store.remember_network(&key, now)?);
        if !row.is_first && account.is_new_device(history.network_known_since(), None) {
            transaction.add_all(self.security_event(&account, SecurityChange::NewDevice, trace)?);
        }
        match transaction.commit().await {
            Ok(()) => {
                let user = User::for_owner(&account, person);
                Ok(Login::SignedIn(Box::new(UserWithTokens { user, tokens, device_token })))
            }
            // A concurrent request used the code, or all sessions were ended since it was created.
            Err(CommitError::ConditionFailed(_)) => Err(invalid_code()),
            Err(error) => Err(error.into()),
        }
    }
}
