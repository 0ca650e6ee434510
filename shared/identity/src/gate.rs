//! What stands before an account: how passwords are hashed, and how often somebody may try.

use values::Result;

use crate::password::Hashing;
use crate::throttles::Throttles;

/// For `auth` alone. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gate {
    pub(crate) hashing: Hashing,
    pub(crate) throttles: Throttles,
}

impl Gate {
    /// As the environment says. What does not read, or protects nobody, stops the start.
    pub fn from_env() -> Result<Self> {
        Ok(Self { hashing: Hashing::from_env()?, throttles: Throttles::from_env()? })
    }
}
