//! What `make test` tells about the stack it has started.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::fault_points::fault_labels;

/// `stack.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    /// `/api/v1/…`, `/health` and `/ready` are appended.
    pub api_url: String,
    /// The AWS endpoint.
    pub emulator_url: String,
    /// ISO 4217.
    pub currency: String,
    /// A payment method, as the contract writes it, that pays.
    pub payment_method: Value,
    /// The shop's admin.
    pub admin: Login,
    /// A demo customer.
    pub customer: Login,
    /// Sent mail, as the emulator lists it.
    pub mail_url: String,
    /// The fake provider.
    pub payment_provider_url: String,
    /// The OpenID provider that plays Google.
    pub open_id_url: Option<String>,
    /// What it and souk share.
    pub stripe: Stripe,
    /// The proxy in front of DynamoDB.
    pub proxy_url: String,
    /// Where orders to die are left (`aws_kit::fault`).
    pub faults: PathBuf,
    /// Physical names by the names of the crates (`orders-worker`).
    pub functions: BTreeMap<String, String>,
    /// URLs by name.
    pub queues: BTreeMap<String, String>,
    /// URLs of their dead-letter queues, by the same names.
    pub dlqs: BTreeMap<String, String>,
    /// Physical names of the tables, by context.
    pub tables: BTreeMap<String, String>,
    /// ARNs of secrets, by name.
    pub secrets: BTreeMap<String, String>,
    /// The bucket's name.
    pub bucket: String,
    /// Of the emulator.
    pub region: String,
    /// Of the emulator.
    pub access_key_id: String,
}

/// How somebody logs in.
#[derive(Debug, Clone, Deserialize)]
pub struct Login {
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: String,
}

/// The provider's secrets.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stripe {
    /// Webhooks are signed with it.
    pub webhook_secret: String,
}

impl Stack {
    /// Reads the file that `SOUK_STACK` names (`.local/test/stack.json`). Without a stack the tests fail; they never skip.
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

    /// The points of one kind: what their labels begin with, before the dot.
    pub fn points_of(&self, kind: &str) -> Vec<String> {
        let begins = |label: &String| label.split_once('.').is_some_and(|(before, _)| before == kind);
        fault_labels("point").into_iter().filter(begins).collect()
    }

    /// Whoever comes to this point next dies there, as by a power cut.
    pub fn kills_at(&self, point: &str) {
        let order = self.order(point);
        let left = order.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&order, ""));
        assert!(left.is_ok(), "an order can be left at {}: {left:?}", order.display());
    }

    /// Did somebody die there? Whoever does takes the order away.
    pub fn has_killed(&self, point: &str) -> bool {
        !self.order(point).exists()
    }

    fn order(&self, point: &str) -> PathBuf {
        self.faults.join("kill").join(point)
    }
}
