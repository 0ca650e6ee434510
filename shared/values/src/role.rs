//! Roles of accounts.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The role of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Can buy.
    Customer,
    /// Can manage the shop.
    Admin,
}

impl Role {
    /// The role as the API and log lines write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "customer" => Ok(Self::Customer),
            "admin" => Ok(Self::Admin),
            _ => Err(Error::invalid("role", "role_unknown", "must be `customer` or `admin`")),
        }
    }
}
