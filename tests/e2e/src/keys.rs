//! API keys: programs that act as somebody.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::{Api, Customer, Response, Shop, unique};

/// Where keys are made, listed and revoked.
pub const KEYS: &str = "/api/v1/auth/api-keys";

/// A program with an API key.
#[derive(Debug, Clone)]
pub struct ApiKeyClient {
    /// The API with its key.
    pub api: Api,
    /// `sk_…`.
    pub key: String,
    /// The answer to whoever made it.
    pub made: Value,
}

impl Customer {
    /// Makes a key for a program.
    pub async fn makes_key(&self, scopes: &[&str]) -> ApiKeyClient {
        let made = self.tries_to_make_key(json!({ "scopes": scopes })).await.expect(201).json();
        let key = made["key"].as_str().unwrap_or_else(|| panic!("a new key is shown: {made}")).to_owned();
        ApiKeyClient { api: self.api.without_token().with_key(&key), key, made }
    }

    /// Sends that, with a name, come what may.
    pub async fn tries_to_make_key(&self, mut body: Value) -> Response {
        if body["name"].is_null() {
            body["name"] = unique("robot").into();
        }
        self.api.post(KEYS, &body).await
    }

    /// Revokes a key.
    pub async fn revokes(&self, client: &ApiKeyClient) -> Response {
        self.api.delete(&client.path()).await
    }

    /// The keys as their owner sees them.
    pub async fn keys(&self) -> Vec<Value> {
        self.api.get(KEYS).await.expect(200).json()["data"].as_array().cloned().unwrap_or_default()
    }
}

impl ApiKeyClient {
    /// Of its key in the API.
    pub fn path(&self) -> String {
        format!("{KEYS}/{}", self.made["id"].as_str().unwrap_or_else(|| panic!("a key has an id: {}", self.made)))
    }
}

impl Shop {
    /// Lets a key's time run out.
    pub async fn expires_key(&self, client: &ApiKeyClient) {
        let past = json!({ "S": "2026-01-01T00:00:00.000Z" });
        self.rows.sets("identity", &row_of_key(&client.key), "APIKEY", "validUntil", past).await;
    }
}

/// The partition of the row by which a key is checked.
pub fn row_of_key(key: &str) -> String {
    let hex: String = digest(&SHA256, key.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("APIKEY#{hex}")
}
