//! The description of the test stack that `make test` has started.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::fault_points::fault_labels;
use crate::{EVENTUALLY, await_until};

/// `stack.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    /// The base of `/api/v1/…`, `/health` and `/ready`.
    pub api_url: String,
    /// The AWS endpoint.
    pub emulator_url: String,
    /// ISO 4217.
    pub currency: String,
    /// A payment method of the API that pays.
    pub payment_method: Value,
    pub admin: Login,
    /// A demo customer.
    pub customer: Login,
    /// The sent mails as the emulator lists them.
    pub mail_url: String,
    pub payment_provider_url: String,
    /// The OpenID provider that stands in for Google.
    pub open_id_url: Option<String>,
    pub stripe: Stripe,
    /// The proxy in front of DynamoDB.
    pub proxy_url: String,
    /// The folder for orders to kill a process (`aws_kit::fault`).
    pub faults: PathBuf,
    /// Physical names by crate name (`orders-worker`).
    pub functions: BTreeMap<String, String>,
    /// URLs by name.
    pub queues: BTreeMap<String, String>,
    /// URLs of the dead-letter queues, by the same names.
    pub dlqs: BTreeMap<String, String>,
    /// Physical table names by context.
    pub tables: BTreeMap<String, String>,
    /// ARNs by name.
    pub secrets: BTreeMap<String, String>,
    pub bucket: String,
    pub region: String,
    pub access_key_id: String,
}

/// Credentials of an account.
#[derive(Debug, Clone, Deserialize)]
pub struct Login {
    pub email: String,
    pub password: String,
}

/// The provider's secrets.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stripe {
    /// The key that signs webhooks.
    pub webhook_secret: String,
}

impl Stack {
    /// Reads the file that `SOUK_STACK` names (`.local/test/stack.json`). Without a stack the tests fail; they are never skipped.
    pub fn read() -> Self {
        let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.local/test/stack.json");
        let path = std::env::var_os("SOUK_STACK").map_or_else(|| PathBuf::from(default), PathBuf::from);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "There is no test stack ({}: {error}). Run `make test`, which starts one for this suite.",
                path.display()
            )
        });
        serde_json::from_str(&text).unwrap_or_else(|error| {
            panic!("{} does not describe a test stack ({error}). Run `make test`, which writes it.", path.display())
        })
    }

    /// The fault points of one kind: the part of the label before the dot.
    pub fn points_of(&self, kind: &str) -> Vec<String> {
        let begins = |label: &String| label.split_once('.').is_some_and(|(before, _)| before == kind);
        fault_labels("point").into_iter().filter(begins).collect()
    }

    /// Kills the next process that reaches this point, as by a power cut.
    pub fn kills_at(&self, point: &str) {
        let order = self.order(point);
        let written = order.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&order, ""));
        assert!(written.is_ok(), "{} should be written: {written:?}", order.display());
    }

    /// Was a process killed there? It removes the order when it dies.
    fn has_killed(&self, point: &str) -> bool {
        !self.order(point).exists()
    }

    /// Waits until a process was killed there.
    pub async fn awaits_kill(&self, point: &str) {
        await_until(format_args!("a worker is killed at {point}"), EVENTUALLY, async || {
            if self.has_killed(point) { Ok(()) } else { Err("not killed yet".to_owned()) }
        })
        .await;
    }

    fn order(&self, point: &str) -> PathBuf {
        self.faults.join("kill").join(point)
    }
}
