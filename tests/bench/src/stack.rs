//! The description of the stack that `make bench` has started.

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
    /// The process of the emulator.
    pub(crate) emulator_pid: u32,
    /// A valid payment method in the form of the API.
    pub(crate) payment_method: Value,
    pub(crate) currency: String,
    pub(crate) region: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) stripe: Stripe,
    /// The deployed function names by the names of their crates.
    pub(crate) functions: BTreeMap<String, String>,
}

/// The secrets of the provider that the bench needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stripe {
    pub(crate) webhook_secret: String,
}

impl Stack {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("{} does not exist; `make bench` starts a stack, or pass another stack.json", path.display())
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} is not a valid stack.json", path.display()))
    }
}
