//! What the shop asks browsers for: the options of `navigator.credentials.create` and `get` in their JSON form, which
//! `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` read (Web Authentication, 5.4 and 5.5).

use serde::Serialize;
use values::{Email, UserId};

use crate::passkeys::authenticator_data::CredentialId;
use crate::passkeys::base64url::Base64Url;
use crate::passkeys::challenge::{CHALLENGE_SECONDS, Challenge};
use crate::passkeys::passkey::Passkey;
use crate::passkeys::public_key::PublicKey;
use crate::passkeys::relying_party::RelyingParty;

const TIMEOUT_MILLIS: i64 = CHALLENGE_SECONDS * 1_000;

/// The options of a new passkey. They have no `Debug`, because of the challenge.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PasskeyCreation {
    /// Give this to `PublicKeyCredential.parseCreationOptionsFromJSON`.
    public_key: CreationOptions,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct CreationOptions {
    rp: RelyingPartyEntity,
    user: UserEntity,
    challenge: Challenge,
    pub_key_cred_params: Vec<Algorithm>,
    /// In milliseconds.
    timeout: i64,
    /// The account's passkeys: a device has one of an account.
    exclude_credentials: Vec<Credential>,
    authenticator_selection: AuthenticatorSelection,
    attestation: &'static str,
}

/// The shop.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
struct RelyingPartyEntity {
    /// Its domain.
    id: String,
    name: String,
}

/// The account.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct UserEntity {
    /// The bytes of the account's id, not the email address: authenticators give it away without user verification.
    id: Base64Url<16, 16>,
    /// What the device shows when its owner chooses an account.
    name: Email,
    display_name: String,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
struct Algorithm {
    #[serde(rename = "type")]
    kind: &'static str,
    /// A COSE algorithm: ES256 (-7), EdDSA (-8) or RS256 (-257).
    alg: i64,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
struct Credential {
    #[serde(rename = "type")]
    kind: &'static str,
    id: CredentialId,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct AuthenticatorSelection {
    resident_key: &'static str,
    require_resident_key: bool,
    user_verification: &'static str,
}

const PUBLIC_KEY: &str = "public-key";
const REQUIRED: &str = "required";

impl PasskeyCreation {
    pub(crate) fn new(
        (relying_party, shop): (&RelyingParty, &str),
        (user, email, name): (UserId, Email, String),
        passkeys: Vec<Passkey>,
        challenge: Challenge,
    ) -> Option<Self> {
        let algorithms = PublicKey::ALGORITHMS.map(|alg| Algorithm { kind: PUBLIC_KEY, alg });
        let exclude = passkeys.into_iter().map(|passkey| Credential { kind: PUBLIC_KEY, id: passkey.credential_id });
        let public_key = CreationOptions {
            rp: RelyingPartyEntity { id: relying_party.id.clone(), name: shop.to_owned() },
            user: UserEntity { id: Base64Url::new(user.uuid().as_bytes())?, name: email, display_name: name },
            challenge,
            pub_key_cred_params: algorithms.into(),
            timeout: TIMEOUT_MILLIS,
            exclude_credentials: exclude.collect(),
            authenticator_selection: AuthenticatorSelection {
                resident_key: REQUIRED,
                require_resident_key: true,
                user_verification: REQUIRED,
            },
            attestation: "none",
        };
        Some(Self { public_key })
    }
}

/// The options of a login with a passkey. They have no `Debug`, because of the challenge.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PasskeyRequest {
    /// Give this to `PublicKeyCredential.parseRequestOptionsFromJSON`.
    public_key: RequestOptions,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct RequestOptions {
    challenge: Challenge,
    /// In milliseconds.
    timeout: i64,
    rp_id: String,
    /// Empty: the device offers its own passkeys, and nobody learns which ones an account has.
    allow_credentials: Vec<Credential>,
    user_verification: &'static str,
}

impl PasskeyRequest {
    pub(crate) fn new(relying_party: &RelyingParty, challenge: Challenge) -> Self {
        let rp_id = relying_party.id.clone();
        let (allow_credentials, user_verification) = (Vec::new(), REQUIRED);
        let timeout = TIMEOUT_MILLIS;
        Self { public_key: RequestOptions { challenge, timeout, rp_id, allow_credentials, user_verification } }
    }
}
