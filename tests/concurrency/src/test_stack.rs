//! The stack under test: what `stack.json` says beyond the fields that the e2e suite reads.

use std::path::{Path, PathBuf};

use e2e::Stack;
use serde_json::Value;

/// The stack under test.
#[derive(Debug, Clone)]
pub struct TestStack {
    /// The fields that the e2e suite reads.
    pub stack: Stack,
    /// The folder of `stack.json`. Histories are written below it.
    pub folder: PathBuf,
    /// The folder of kill requests and mutant switches (`aws_kit::fault`).
    pub faults: Option<PathBuf>,
    /// The key that signs the provider's webhooks.
    pub webhook_secret: String,
    /// The configuration that the checks depend on.
    pub rules: Rules,
}

/// Configuration that changes which states are correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Is the payment captured at shipment? Otherwise at confirmation.
    pub captures_at_shipment: bool,
    /// Does a merged cart hold the sum of both carts? Otherwise only one of the two is kept.
    pub merges_by_sum: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { captures_at_shipment: false, merges_by_sum: true }
    }
}

impl TestStack {
    /// Reads the file that `SOUK_STACK` names, or that of the test profile. Panics if there is no stack.
    pub fn read() -> Self {
        let stack = Stack::read();
        let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local/test/stack.json");
        let path = std::env::var_os("SOUK_STACK").map_or(default, PathBuf::from);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let description: Value = serde_json::from_str(&text).unwrap_or_default();
        Self::of(stack, path.parent().map(Path::to_owned).unwrap_or_default(), &description)
    }

    fn of(stack: Stack, folder: PathBuf, description: &Value) -> Self {
        Self {
            stack,
            folder,
            faults: description["faults"].as_str().map(PathBuf::from),
            webhook_secret: description["stripe"]["webhookSecret"].as_str().unwrap_or_default().to_owned(),
            rules: Rules {
                captures_at_shipment: description["captureAt"] == "shipment",
                merges_by_sum: description["cartMerge"].as_str().is_none_or(|strategy| strategy == "sum"),
            },
        }
    }
}
