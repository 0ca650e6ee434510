//! The configuration of login and registration: how passwords are hashed, and the rate limits.

use values::Result;

use crate::accounts::password::PasswordHashing;
use crate::rate_limits::limits::RateLimits;

/// Used in `auth` only. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AuthPolicy {
    pub(crate) hashing: PasswordHashing,
    pub(crate) rate_limits: RateLimits,
}

impl AuthPolicy {
    /// Reads the environment. Fails for a value that does not parse or that protects too little.
    pub fn from_env() -> Result<Self> {
        Ok(Self { hashing: PasswordHashing::from_env()?, rate_limits: RateLimits::from_env()? })
    }
}
