//! Adds a passkey.

use serde::Serialize;
use values::{Amr, Caller, Error, Result};

use crate::passkeys::attestation::check_registration;
use crate::passkeys::challenge::ChallengePurpose;
use crate::passkeys::passkey::{Passkey, PasskeyIn, PasskeyView, require_room};
use crate::passkeys::refusal::Refusal;
use crate::second_factors::add_factor::{FactorAdded, require_may_enrol};
use crate::second_factors::factor_context::FactorContext;
use crate::second_factors::factors::{FactorMethod, SecondFactors};
use crate::service::AccountService;

/// A new passkey.
// It has no `Debug`, so that no token and no code can get into a log.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewPasskey {
    pub passkey: PasskeyView,
    #[serde(flatten)]
    pub added: FactorAdded,
}

impl AccountService {
    /// Adds the passkey that a device has made for a challenge of the caller's. The account's first second factor brings recovery codes
    /// and the tokens of a new session; all other sessions end. 422 `passkey_invalid`; 403 `email_not_verified`,
    /// `account_suspended`; 409 `too_many_passkeys`, `passkey_exists`, `too_many_concurrent_updates`; 401 `session_ended`. 1 batch
    /// read, 2 reads side by side, 1 transaction.
    pub async fn add_passkey(
        &self,
        context: FactorContext<'_>,
        caller: &Caller,
        input: PasskeyIn,
    ) -> Result<NewPasskey> {
        let new =
            check_registration(&input.credential, &context.policy.relying_party).map_err(Refusal::of_registration)?;
        let (account, _, session) = self.open_session(caller).await?;
        require_may_enrol(&account)?;
        require_room(&account)?;
        let (store, user, now) = (&self.store, account.user_id, self.clock.now());
        let challenge = new.challenge.digest();
        let passkey = Passkey::new(input.name, new, now);
        let (pending, known) = tokio::try_join!(store.challenge(&challenge), store.passkey(user, passkey.passkey_id))?;
        if !pending.is_some_and(|pending| pending.opens(ChallengePurpose::Registration(user), now)) {
            return Err(Refusal::Challenge.of_registration());
        }
        if known.is_some() {
            return Err(Error::conflict("passkey_exists", "Your account has this passkey already."));
        }
        let own = vec![store.delete_challenge(&challenge), store.create_passkey(user, &passkey)?];
        let passkeys = account.second_factors.passkeys + 1;
        let next = SecondFactors { passkeys, ..account.second_factors };
        let method = (FactorMethod::Passkey, next);
        let added = self.add_factor(context, (&account, &session), method, (Amr::Hwk, own)).await?;
        Ok(NewPasskey { passkey: passkey.view(), added })
    }
}
