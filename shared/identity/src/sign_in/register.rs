//! Creates a customer's account, and logs its owner in.

use aws_kit::CommitError;
use events::{Envelope, Event, UserRegistered};
use values::{Amr, Error, Result, Trace};

use crate::accounts::account::Account;
use crate::accounts::person::Person;
use crate::accounts::user::User;
use crate::rate_limits::limits::Action;
use crate::rate_limits::rate_limited::RateLimited;
use crate::service::AccountService;
use crate::sessions::session::Session;
use crate::sessions::token_pair::UserWithTokens;
use crate::sign_in::auth_policy::AuthPolicy;
use crate::sign_in::registration::Registration;
use crate::tokens::one_time_token::{OneTimeToken, TokenPurpose};
use crate::tokens::signer::Signer;

impl AccountService {
    /// Creates the account, its first session, its known network, the token that verifies its email address, and their events in
    /// one transaction. 409 `email_taken` when an account has the email address. 429 `rate_limited` before any work. 1 batch
    /// read and 2 writes side by side; 1 transaction.
    pub async fn register(
        &self,
        signer: &Signer,
        policy: &AuthPolicy,
        registration: Registration,
        trace: &Trace,
    ) -> Result<RateLimited<UserWithTokens>> {
        let (store, clock) = (&self.store, &self.clock);
        let Registration { email, password, name, device, network } = registration;
        let key = policy.rate_limits.key_by_email(Action::Register, &email, &network);
        let status = self.count_unknown_attempt(&key, clock.now()).await?;
        let work = async {
            let credential = policy.hashing.hash(&password)?;
            let now = clock.now();
            let account = Account::new(clock.mint(), Some(credential), now);
            let token = OneTimeToken::new(clock.mint(), TokenPurpose::Verification, &email, now);
            let person = Person::new(email, name);
            let (session, refresh) = Session::begin(account.user_id, clock.mint(), device, now)?;
            let session = session.proved_by(vec![Amr::Pwd]);
            let device_token = policy.rate_limits.device_token(&person.email, None, now)?;
            // Before the transaction: once the account exists, the answer must not be an error.
            let tokens = signer.token_pair(&account, &session, &refresh, now).await?;
            let registered = Event::UserRegistered(UserRegistered { user_id: account.user_id });
            let registered = Envelope::new(clock, trace, account.user_id, account.version, registered);
            let requested = token.request_event(clock, trace);
            let network = store.remember_network(&key, now)?;
            let events = [&registered, &requested];
            let registration = store.register(&account, &person, &session, &token, network, events)?;
            match registration.transaction.commit().await {
                Ok(()) => Ok(UserWithTokens { user: User::for_owner(&account, person), tokens, device_token }),
                Err(CommitError::ConditionFailed(failures)) if failures.of(registration.email_slot).is_some() => {
                    let detail = "An account with this email address already exists. Log in instead.";
                    Err(Error::conflict("email_taken", detail))
                }
                Err(error) => Err(error.into()),
            }
        };
        Ok(RateLimited::run(status, work).await)
    }
}
