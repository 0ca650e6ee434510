//! Operations on a cart: an account's own (`me`), or a guest's by its id.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Api, Response, Shop, webhooks};

impl Api {
    /// Creates a guest's cart; returns its id, `crt_…`.
    pub async fn makes_cart(&self) -> String {
        let cart = self.call(Method::POST, "/api/v1/cart").send().await.expect(201).json();
        let id = cart["owner"].as_str().filter(|id| id.starts_with("crt_"));
        id.unwrap_or_else(|| panic!("a guest's cart should have an id: {cart}")).to_owned()
    }

    /// Adds a quantity of a SKU to a cart.
    pub async fn adds_to(&self, cart: &str, sku: &str, quantity: u32) -> Response {
        self.post(&format!("/api/v1/cart/{cart}/items"), &json!({ "sku": sku, "quantity": quantity })).await
    }

    /// Reads a cart.
    pub async fn looks_into(&self, cart: &str) -> Response {
        self.get(&format!("/api/v1/cart/{cart}")).await
    }

    /// Merges a guest's cart into the account's own.
    pub async fn merges(&self, from: &str) -> Response {
        self.post("/api/v1/cart/me/merge", &json!({ "from": from })).await
    }
}

impl Shop {
    /// Moves the TTL of a cart into the past. Its owner is `usr_…` or `crt_…`.
    pub async fn expires_cart(&self, owner: &str) {
        let past = json!({ "N": (webhooks::now() - 1).to_string() });
        self.rows.sets("cart", &format!("CART#{owner}"), "CART", "expiresAt", past).await;
    }
}

/// The quantity of each SKU in a cart, a quote or an order.
pub fn pieces(cart: &Value) -> BTreeMap<String, u64> {
    let items = cart["items"].as_array().unwrap_or_else(|| panic!("a cart should have items: {cart}"));
    let piece = |item: &Value| Some((item["sku"].as_str()?.to_owned(), item["quantity"].as_u64()?));
    let pieces: BTreeMap<_, _> = items.iter().filter_map(piece).collect();
    assert_eq!(pieces.len(), items.len(), "each SKU should have one line: {cart}");
    pieces
}
