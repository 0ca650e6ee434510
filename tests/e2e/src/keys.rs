//! API keys: programs that act for an account.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::{Api, Customer, Response, Shop, unique};

/// The route that creates, lists and revokes keys.
pub const KEYS: &str = "/api/v1/auth/api-keys";

/// A program with an API key.
#[derive(Debug, Clone)]
pub struct ApiKeyClient {
    /// A client with the key.
    pub api: Api,
    pub key: String,
    /// The response that created the key.
    pub created: Value,
}

impl Customer {
    /// Creates a key for a program.
    pub async fn makes_key(&self, scopes: &[&str]) -> ApiKeyClient {
        let created = self.tries_to_make_key(json!({ "scopes": scopes })).await.expect(201).json();
        let key = created["key"].as_str().unwrap_or_else(|| panic!("a new key should be shown: {created}")).to_owned();
        ApiKeyClient { api: self.api.without_token().with_key(&key), key, created }
    }

    /// Tries to create a key with this body and a unique name.
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

    /// Lists the account's keys.
    pub async fn keys(&self) -> Vec<Value> {
        self.api.get(KEYS).await.expect(200).json()["data"].as_array().cloned().unwrap_or_default()
    }
}

impl ApiKeyClient {
    /// The key's path in the API.
    pub fn path(&self) -> String {
        format!(
            "{KEYS}/{}",
            self.created["id"].as_str().unwrap_or_else(|| panic!("a key should have an id: {}", self.created))
        )
    }
}

impl Shop {
    /// Moves the end of a key's validity into the past.
    pub async fn expires_key(&self, client: &ApiKeyClient) {
        let past = json!({ "S": "2026-01-01T00:00:00.000Z" });
        self.rows.sets("identity", &row_of_key(&client.key), "APIKEY", "validUntil", past).await;
    }
}

/// The partition of the row that a key is checked by.
pub fn row_of_key(key: &str) -> String {
    let hex: String = digest(&SHA256, key.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("APIKEY#{hex}")
}
