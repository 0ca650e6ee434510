//! What a client receives when it is logged in. Never log it.

use serde::Serialize;

use crate::accounts::user::User;

/// An access token and a refresh token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenPair {
    /// For `Authorization: Bearer`, valid for `expires_in` seconds.
    pub access_token: String,
    /// For the next pair, valid once.
    pub refresh_token: String,
    /// `Bearer` (RFC 6750).
    pub token_type: &'static str,
    /// In seconds.
    pub expires_in: i64,
}

/// The answer to a registration and to a login.
#[derive(Serialize)]
pub struct UserWithTokens {
    pub user: User,
    #[serde(flatten)]
    pub tokens: TokenPair,
}
