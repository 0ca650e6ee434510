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

    /// Creates a guest's cart of a market; returns its id.
    pub async fn makes_cart_in(&self, market: &str) -> String {
        let cart = self.post("/api/v1/cart", &json!({ "market": market })).await.expect(201).json();
        assert_eq!(cart["market"], market, "{cart}");
        cart["owner"].as_str().unwrap_or_default().to_owned()
    }

    /// Adds a coupon to a cart.
    pub async fn adds_coupon(&self, cart: &str, code: &str) -> Response {
        self.post(&format!("/api/v1/cart/{cart}/coupons"), &json!({ "code": code })).await
    }

    /// Removes a coupon from a cart.
    pub async fn removes_coupon(&self, cart: &str, code: &str) -> Response {
        self.delete(&format!("/api/v1/cart/{cart}/coupons/{code}")).await
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
    /// Gives the shop a market with this key, unless it has it already. The first market of a shop becomes the default one, so that has to
    /// sell as the shop does without any market.
    pub async fn has_market(&self, key: &str, market: &Value) {
        let home = json!({ "currency": self.stack.currency, "prices": "net", "priceList": "default" });
        for (key, market) in [("home", &home), (key, market)] {
            let response = self.admin().await.put(&format!("/api/v1/markets/{key}"), market).await;
            if response.status != 201 {
                response.expect_problem(409, "market_exists");
            }
        }
    }

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
