//! The terms of sales, as admins set them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Api, Response, Shop};

/// The key of the default market of the test shop.
pub const HOME: &str = "home";

impl Shop {
    /// Gives the shop the default market [`HOME`], unless it has it already. The first market becomes the default, and cannot be deleted. So
    /// this one sells as the shop does without any market: tests that know no markets do not notice it. Call this before a test creates
    /// another market.
    pub async fn has_home_market(&self) {
        let body = json!({ "currency": self.stack.currency, "prices": "net", "priceList": "default" });
        let response = self.admin().await.put(&format!("/api/v1/markets/{HOME}"), &body).await;
        if response.status != 201 {
            response.expect_problem(409, "market_exists");
        }
    }

    /// A currency that is not the shop's.
    pub fn foreign_currency(&self) -> &'static str {
        if self.stack.currency == "GBP" { "USD" } else { "GBP" }
    }
}

impl Api {
    /// Sends a PUT request for a version of the resource: its entity tag.
    pub async fn put_at(&self, tag: &str, path: &str, body: &Value) -> Response {
        self.call(Method::PUT, path).header("If-Match", tag).json(body).send().await
    }

    /// Sends a DELETE request for a version of the resource: its entity tag.
    pub async fn delete_at(&self, tag: &str, path: &str) -> Response {
        self.call(Method::DELETE, path).header("If-Match", tag).send().await
    }
}
