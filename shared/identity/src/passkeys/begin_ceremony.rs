//! Makes the challenges of registrations and logins.

use values::{Caller, Error, Result};

use crate::passkeys::challenge::{Challenge, ChallengePurpose, PendingChallenge};
use crate::passkeys::options::{PasskeyCreation, PasskeyRequest};
use crate::passkeys::passkey::require_room;
use crate::second_factors::add_factor::require_may_enrol;
use crate::service::AccountService;
use crate::sign_in::auth_policy::AuthPolicy;

impl AccountService {
    /// The options of a new passkey, for five minutes. 403 `email_not_verified`, `account_suspended`; 409 `too_many_passkeys`; 401
    /// `session_ended`. 1 batch read, 1 query where there are passkeys, 1 write.
    pub async fn begin_passkey(&self, policy: &AuthPolicy, caller: &Caller) -> Result<PasskeyCreation> {
        let (account, person) = self.require_session(caller).await?;
        require_may_enrol(&account)?;
        require_room(&account)?;
        let user = account.user_id;
        let passkeys = match account.second_factors.passkeys {
            0 => Vec::new(),
            _ => self.store.passkeys(user).await?,
        };
        let challenge = self.make_challenge(ChallengePurpose::Registration(user)).await?;
        let site = (&policy.relying_party, policy.shop_name.as_str());
        let names = (user, person.email, person.name.into_string());
        PasskeyCreation::new(site, names, passkeys, challenge).ok_or_else(|| Error::internal("an id has 16 bytes"))
    }

    /// The options of a login with a passkey, for five minutes: alone, as a second factor, or in a step-up. They name no account. 1
    /// write.
    pub async fn begin_passkey_login(&self, policy: &AuthPolicy) -> Result<PasskeyRequest> {
        let challenge = self.make_challenge(ChallengePurpose::Login).await?;
        Ok(PasskeyRequest::new(&policy.relying_party, challenge))
    }

    async fn make_challenge(&self, purpose: ChallengePurpose) -> Result<Challenge> {
        let challenge = Challenge::random()?;
        let row = PendingChallenge::new(purpose, self.clock.now());
        let created = self.store.create_challenge(&challenge.digest(), &row)?.run().await?;
        created.map_err(|_| Error::internal("a new random challenge already exists"))?;
        Ok(challenge)
    }
}
