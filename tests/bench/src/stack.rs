//! What `make bench` tells of the stack it has started.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// The part of `stack.json` that the bench needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stack {
    pub(crate) stack_name: String,
    pub(crate) emulator_url: String,
    /// A payment method, as the contract writes it, that pays.
    pub(crate) payment_method: Value,
    pub(crate) currency: String,
    pub(crate) region: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) stripe: Stripe,
    /// Physical names by the names of the crates.
    pub(crate) functions: BTreeMap<String, String>,
}

/// The provider's secrets, as far as the bench needs them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stripe {
    pub(crate) webhook_secret: String,
}

impl Stack {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("there is no stack at {}: `make bench` starts one, or name another's stack.json", path.display())
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} does not describe a stack", path.display()))
    }
}
