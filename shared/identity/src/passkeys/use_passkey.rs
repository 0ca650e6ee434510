//! Checks the use of a passkey, for a login, a second factor or a step-up.

use aws_kit::Write;
use telemetry::{SecurityEvent, SecurityKind};
use values::{Result, Timestamp, UserId};

use crate::passkeys::assertion::Assertion;
use crate::passkeys::challenge::ChallengePurpose;
use crate::passkeys::passkey::{Passkey, passkey_id};
use crate::passkeys::refusal::Refusal;
use crate::passkeys::responses::PasskeyResponse;
use crate::service::AccountService;

/// A use that was right, and what it writes. The writes belong in the transaction of the use's effect: they use up the challenge, and
/// they store the count.
pub(crate) struct PasskeyUse {
    pub(crate) challenge: Write,
    pub(crate) count: Write,
}

/// The account that a response names, in the bytes that the options gave to the device.
pub(crate) fn user_of(response: &PasskeyResponse) -> Option<UserId> {
    let handle = response.response.user_handle.as_ref()?;
    <[u8; 16]>::try_from(handle.bytes()).ok().map(|bytes| UserId::from_uuid(uuid::Uuid::from_bytes(bytes)))
}

impl AccountService {
    /// Checks the response of a passkey of that account. 2 reads side by side.
    pub(crate) async fn check_passkey(
        &self,
        user: UserId,
        (assertion, response): (&Assertion<'_>, &PasskeyResponse),
        now: Timestamp,
    ) -> Result<Result<PasskeyUse, Refusal>> {
        let digest = assertion.challenge.digest();
        let (pending, passkey) =
            tokio::try_join!(self.store.challenge(&digest), self.store.passkey(user, passkey_id(&response.id)))?;
        if !pending.is_some_and(|pending| pending.opens(ChallengePurpose::Login, now)) {
            return Ok(Err(Refusal::Challenge));
        }
        let Some(passkey) = passkey.filter(|passkey| passkey.credential_id == response.id) else {
            return Ok(Err(Refusal::Signature));
        };
        match assertion.verify(&passkey.public_key, passkey.sign_count) {
            Ok(count) => {
                let count = self.store.use_passkey(user, &passkey, count, now)?;
                Ok(Ok(PasskeyUse { challenge: self.store.delete_challenge(&digest), count }))
            }
            Err(refusal) => {
                if refusal == Refusal::SignCount {
                    report_copy(user, &passkey);
                }
                Ok(Err(refusal))
            }
        }
    }
}

/// Reports a count that has not grown: two devices sign with one key.
fn report_copy(user: UserId, passkey: &Passkey) {
    let (subject, passkey) = (user.to_string(), passkey.passkey_id.to_string());
    SecurityEvent::new(SecurityKind::PasskeyCloned, SecurityEvent::NOBODY, &subject).with_detail(&passkey).log();
}
