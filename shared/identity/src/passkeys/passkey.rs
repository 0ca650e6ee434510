//! A passkey: the row of a key, and what its owner sees.

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use values::{Error, PasskeyId, Result, Text, Timestamp, id_of_digest};

use crate::accounts::account::Account;
use crate::passkeys::attestation::NewCredential;
use crate::passkeys::authenticator_data::CredentialId;
use crate::passkeys::public_key::PublicKey;
use crate::passkeys::responses::RegistrationResponse;

/// The most passkeys of one account: the options of a new one list them.
pub const MAX_PASSKEYS: u32 = 10;

/// The request to add a passkey.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PasskeyIn {
    /// A name for its owner.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "Phone")))]
    pub(crate) name: Text<100>,
    /// `toJSON()` of what `navigator.credentials.create` returned.
    pub(crate) credential: RegistrationResponse,
}

/// The row of a passkey.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Passkey {
    pub(crate) passkey_id: PasskeyId,
    pub(crate) credential_id: CredentialId,
    pub(crate) name: Text<100>,
    pub(crate) public_key: PublicKey,
    pub(crate) sign_count: u32,
    pub(crate) created_at: Timestamp,
    #[serde(default)]
    pub(crate) last_used_at: Option<Timestamp>,
}

impl Passkey {
    /// The passkey of a new key.
    pub(crate) fn new(name: Text<100>, new: NewCredential, now: Timestamp) -> Self {
        let NewCredential { credential, sign_count, .. } = new;
        Self {
            passkey_id: passkey_id(&credential.id),
            credential_id: credential.id,
            name,
            public_key: credential.public_key,
            sign_count,
            created_at: now,
            last_used_at: None,
        }
    }

    /// As its owner sees it.
    pub(crate) fn view(&self) -> PasskeyView {
        PasskeyView {
            id: self.passkey_id,
            name: self.name.clone(),
            created_at: self.created_at,
            last_used_at: self.last_used_at,
        }
    }
}

/// The id of a key's passkey. It follows from the id of the key, so that a login finds the row by one read.
pub(crate) fn passkey_id(credential: &CredentialId) -> PasskeyId {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(digest(&SHA256, credential.bytes()).as_ref().split_at(16).0);
    id_of_digest(bytes)
}

/// A passkey as its owner sees it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Passkey"))]
#[serde(rename_all = "camelCase")]
pub struct PasskeyView {
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PasskeyId"))]
    pub id: PasskeyId,
    /// The name that its owner gave it.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "Phone")))]
    pub name: Text<100>,
    /// The time when it was added.
    pub created_at: Timestamp,
    /// The time of the last login with it. Missing until the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// 409 `too_many_passkeys` if the account has no room for another one.
pub(crate) fn require_room(account: &Account) -> Result<()> {
    if account.second_factors.passkeys < MAX_PASSKEYS {
        return Ok(());
    }
    let detail = format!("An account has at most {MAX_PASSKEYS} passkeys. Remove one first.");
    Err(Error::conflict("too_many_passkeys", detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passkeys::attestation::check_registration;
    use crate::passkeys::relying_party::RelyingParty;
    use crate::passkeys::software_key::{Draft, SoftwareKey};

    fn passkey(key: &SoftwareKey) -> Passkey {
        let shop = RelyingParty::parse("shop.example", "https://shop.example").unwrap();
        let new = check_registration(&Draft::registered_with(key).registration(), &shop).unwrap();
        Passkey::new(serde_json::from_value("Phone".into()).unwrap(), new, Timestamp::from_millis(7))
    }

    #[test]
    fn row_reads_back_and_verifies_signatures() {
        for key in SoftwareKey::all() {
            let stored = serde_json::to_value(passkey(&key)).unwrap();
            let read: Passkey = serde_json::from_value(stored).unwrap();
            assert_eq!(read.public_key.verify(b"m", &key.sign(b"m")), Ok(()));
            assert_eq!(read.passkey_id, passkey_id(&CredentialId::new(&[9; 16]).unwrap()));
        }
    }

    #[test]
    fn owner_sees_neither_the_key_nor_its_id() {
        let view = serde_json::to_value(passkey(&SoftwareKey::eddsa()).view()).unwrap();
        let names: Vec<_> = view.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["createdAt", "id", "name"]);
    }
}
