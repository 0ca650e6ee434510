//! A passkey as the second factor of a login, or in a step-up.

use values::{Amr, Result, Timestamp};

use crate::accounts::account::Account;
use crate::passkeys::assertion::Assertion;
use crate::passkeys::refusal::Refusal;
use crate::passkeys::responses::PasskeyResponse;
use crate::passkeys::use_passkey::{PasskeyUse, user_of};
use crate::second_factors::prove::ProvedFactor;
use crate::service::AccountService;
use crate::sign_in::auth_policy::AuthPolicy;

impl AccountService {
    /// Checks the response of one of the account's passkeys. 401 `passkey_invalid`. 2 reads side by side.
    pub(crate) async fn prove_passkey(
        &self,
        policy: &AuthPolicy,
        account: &Account,
        response: &PasskeyResponse,
        now: Timestamp,
    ) -> Result<ProvedFactor> {
        let assertion = Assertion::read(response, &policy.relying_party).map_err(Refusal::of_login)?;
        // The handle may be missing here, because the account is known. Another account's is refused.
        let is_other = response.response.user_handle.is_some() && user_of(response) != Some(account.user_id);
        if is_other {
            return Err(Refusal::Signature.of_login());
        }
        let used = self.check_passkey(account.user_id, (&assertion, response), now).await?;
        let PasskeyUse { challenge, count } = used.map_err(Refusal::of_login)?;
        Ok(ProvedFactor {
            amr: [Amr::Hwk, Amr::Mfa],
            writes: vec![challenge, count],
            change: None,
            used_before: || Refusal::Challenge.of_login(),
        })
    }
}
