//! What a client receives when it is logged in. Never log it.

use serde::Serialize;

use crate::accounts::user::User;

/// An access token.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccessToken {
    /// A JWT for `Authorization: Bearer`, signed with EdDSA (RFC 9068).
    pub access_token: String,
    /// `Bearer` (RFC 6750).
    #[cfg_attr(feature = "openapi", schemars(extend("const" = "Bearer")))]
    pub token_type: &'static str,
    /// The lifetime of the access token in seconds.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = 900)))]
    pub expires_in: i64,
}

/// An access token and a refresh token.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Tokens"))]
#[serde(rename_all = "camelCase")]
pub struct TokenPair {
    #[serde(flatten)]
    pub access: AccessToken,
    /// Gets the next tokens once; opaque.
    pub refresh_token: String,
}

/// The account and its tokens.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SignedIn"))]
pub struct UserWithTokens {
    pub user: User,
    #[serde(flatten)]
    pub tokens: TokenPair,
    /// Keep it on the device after a logout, and send it with the next login from it: other people's failed logins then do not rate
    /// limit this device. It gives access to nothing, belongs to this account, and ends after 180 days.
    #[serde(rename = "deviceToken")]
    pub device_token: String,
}
