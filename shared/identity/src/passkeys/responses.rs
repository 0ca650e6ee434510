//! What a browser sends: the JSON of `PublicKeyCredential.toJSON()` (Web Authentication, level 3, 5.1.8, which describes the same data
//! that level 2 defines).

use serde::Deserialize;

use crate::passkeys::authenticator_data::CredentialId;
use crate::passkeys::base64url::Base64Url;

/// Client data is about 200 bytes; clients may add members.
pub(crate) type ClientDataJson = Base64Url<2, 4_096>;
/// An attestation with certificates is about 2 KB, and a TPM's 5 KB.
pub(crate) type AttestationObject = Base64Url<38, 16_384>;
/// 37 bytes, and extensions.
pub(crate) type AuthenticatorDataBytes = Base64Url<37, 1_024>;
/// An RSA signature of 4,096 bits.
pub(crate) type SignatureBytes = Base64Url<1, 512>;
/// The standard's bound.
pub(crate) type UserHandle = Base64Url<1, 64>;

/// The one type of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
enum CredentialType {
    #[serde(rename = "public-key")]
    PublicKey,
}

/// A new passkey: `toJSON()` of what `navigator.credentials.create` returns. Other members are ignored.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(crate) struct RegistrationResponse {
    /// The id of the key.
    pub(crate) id: CredentialId,
    #[serde(rename = "type")]
    _kind: CredentialType,
    pub(crate) response: AttestationResponse,
}

/// The authenticator's part of a [`RegistrationResponse`].
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttestationResponse {
    #[serde(rename = "clientDataJSON")]
    pub(crate) client_data_json: ClientDataJson,
    pub(crate) attestation_object: AttestationObject,
}

/// A use of a passkey: `toJSON()` of what `navigator.credentials.get` returns. Other members are ignored.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PasskeyResponse {
    /// The id of the key.
    pub(crate) id: CredentialId,
    #[serde(rename = "type")]
    _kind: CredentialType,
    pub(crate) response: AssertionResponse,
}

/// The authenticator's part of a [`PasskeyResponse`].
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    pub(crate) client_data_json: ClientDataJson,
    pub(crate) authenticator_data: AuthenticatorDataBytes,
    pub(crate) signature: SignatureBytes,
    /// Whose passkey it is. Discoverable passkeys always send it.
    pub(crate) user_handle: Option<UserHandle>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use values::read_json_value;

    fn response() -> Value {
        json!({
            "id": "CQkJCQkJCQkJCQkJCQkJCQ", "rawId": "CQkJCQkJCQkJCQkJCQkJCQ", "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": "e30", "authenticatorData": "A".repeat(50), "signature": "AQ", "userHandle": null,
            },
        })
    }

    #[test]
    fn members_that_browsers_add_are_ignored() {
        let read: PasskeyResponse = read_json_value(response()).unwrap();
        assert_eq!(read.id.bytes(), [9; 16]);
        assert!(read.response.user_handle.is_none());
    }

    #[test]
    fn every_member_is_bounded() {
        for (path, value, field) in [
            ("/id", json!("CQ"), "id"),
            ("/id", json!("A".repeat(1_366)), "id"),
            ("/type", json!("password"), "type"),
            ("/response/clientDataJSON", json!(""), "response.clientDataJSON"),
            ("/response/clientDataJSON", json!("A".repeat(5_464)), "response.clientDataJSON"),
            ("/response/authenticatorData", json!("A".repeat(48)), "response.authenticatorData"),
            ("/response/authenticatorData", json!("A".repeat(1_368)), "response.authenticatorData"),
            ("/response/signature", json!("A".repeat(684)), "response.signature"),
            ("/response/userHandle", json!("A".repeat(87)), "response.userHandle"),
            ("/response", json!([]), "response"),
        ] {
            let mut bad = response();
            *bad.pointer_mut(path).unwrap() = value;
            let error = read_json_value::<PasskeyResponse>(bad).unwrap_err();
            assert_eq!(error.fields[0].field, field, "{path}");
        }
        let long = json!({
            "id": "CQkJCQkJCQkJCQkJCQkJCQ", "type": "public-key",
            "response": { "clientDataJSON": "e30", "attestationObject": "A".repeat(21_848) },
        });
        let error = read_json_value::<RegistrationResponse>(long).unwrap_err();
        assert_eq!(error.fields[0].field, "response.attestationObject");
    }
}
