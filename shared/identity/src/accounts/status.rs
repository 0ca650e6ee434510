//! The status of an account.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use values::{Error, Result};

/// The status of an account: whether it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    /// The account may be used.
    #[default]
    Active,
    /// The account cannot log in, and its tokens are not refreshed.
    Suspended,
}

impl AccountStatus {
    /// Every status.
    pub const ALL: [Self; 2] = [Self::Active, Self::Suspended];
}

impl fmt::Display for AccountStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        })
    }
}

impl FromStr for AccountStatus {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|status| status.to_string() == text);
        known.ok_or_else(|| Error::invalid("status", "status_unknown", "must be active or suspended"))
    }
}
