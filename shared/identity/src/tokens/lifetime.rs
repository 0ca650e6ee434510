//! How long access tokens are valid, and how long their revocations are kept.

use aws_kit::MAX_REVOCATION_SECONDS;

/// The lifetime of an access token.
pub(crate) const ACCESS_TOKEN_SECONDS: i64 = 15 * 60;
/// A revocation outlives the last access token by a minute, because clocks differ.
pub(crate) const REVOCATION_SECONDS: i64 = ACCESS_TOKEN_SECONDS + 60;
const _: () = assert!(REVOCATION_SECONDS <= MAX_REVOCATION_SECONDS, "the kit reads no revocation that lasts longer");
