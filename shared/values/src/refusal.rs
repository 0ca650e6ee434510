//! Refusals that more than one crate makes, so that callers get the same words everywhere.

use crate::{Error, Kind};

/// The 401 for a session that has ended.
pub fn session_ended() -> Error {
    Error::new(Kind::Unauthenticated, "session_ended", "This session has ended. Log in again.")
}

/// The 403 for an account that is suspended.
pub fn account_suspended() -> Error {
    Error::new(Kind::Forbidden, "account_suspended", "This account is suspended. Contact the shop.")
}
