//! How long access tokens are valid, and how long their revocations are kept.

/// The lifetime of an access token.
pub(crate) const ACCESS_TOKEN_SECONDS: i64 = 15 * 60;
/// A revocation outlives the last access token by a minute, because clocks differ.
pub(crate) const REVOCATION_SECONDS: i64 = ACCESS_TOKEN_SECONDS + 60;
