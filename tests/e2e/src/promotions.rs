//! Promotions and their codes, as the admin manages them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Product, Response, Shop, unique};

/// The path of all promotions.
pub const PROMOTIONS: &str = "/api/v1/promotions";

/// A prefix of generated codes that no other test, and no earlier run, has used.
pub fn unique_prefix() -> String {
    let name = unique("P").to_uppercase();
    name.chars().skip(name.len().saturating_sub(15)).collect()
}

impl Shop {
    /// The body of a promotion that takes 10 % off a product, in a market. It competes with no other promotion.
    pub fn ten_percent_off(&self, product: &Product, market: &str) -> Value {
        json!({
            "market": market, "name": "Ten percent", "stage": "line", "effect": { "kind": "percentage", "ppm": 100_000 },
            "scope": { "skus": [product.sku] },
        })
    }

    /// The admin drafts a promotion; returns its path.
    pub async fn drafts_promotion(&self, body: &Value) -> String {
        let draft = self.admin().await.post(PROMOTIONS, body).await.expect(201).json();
        format!("{PROMOTIONS}/{}", draft["id"].as_str().unwrap_or_default())
    }

    /// The admin drafts and publishes a promotion; returns its path.
    pub async fn publishes_promotion(&self, body: &Value) -> String {
        let path = self.drafts_promotion(body).await;
        self.tries_to_move_promotion(&path, "publish").await.expect(200);
        path
    }

    /// The admin publishes or stops (`publish`, `stop`) a promotion at its current version.
    pub async fn tries_to_move_promotion(&self, path: &str, step: &str) -> Response {
        let admin = self.admin().await;
        let tag = admin.get(path).await.expect(200).expect_header("etag").to_owned();
        admin.call(Method::POST, &format!("{path}/{step}")).header("If-Match", &tag).send().await
    }

    /// The admin changes a promotion at its current version.
    pub async fn tries_to_change_promotion(&self, path: &str, body: &Value) -> Response {
        let admin = self.admin().await;
        let tag = admin.get(path).await.expect(200).expect_header("etag").to_owned();
        admin.put_at(&tag, path, body).await
    }

    /// The admin adds a code to a promotion.
    pub async fn tries_to_add_code(&self, path: &str, body: &Value) -> Response {
        self.admin().await.post(&format!("{path}/codes"), body).await
    }

    /// The admin uploads a file of codes; returns the path of its import.
    pub async fn begins_code_import(&self, path: &str, format: &str, file: &str) -> String {
        let (imports, body) = (format!("{path}/codes/imports"), json!({ "format": format, "bytes": file.len() }));
        let import = self.admin().await.post(&imports, &body).await.expect(202).json();
        assert_eq!(import["status"], "waiting", "{import}");
        self.sends_file(&import["upload"], file.into()).await;
        format!("{imports}/{}", import["id"].as_str().unwrap_or_default())
    }

    /// All codes of a promotion that were added, by pages of 100.
    pub async fn codes_of(&self, path: &str) -> Vec<Value> {
        let (admin, mut codes, mut next) = (self.admin().await, Vec::new(), format!("{path}/codes?limit=100"));
        loop {
            let page = admin.get(&next).await.expect(200).json();
            codes.extend(page["data"].as_array().cloned().unwrap_or_default());
            match page["pagination"]["cursor"].as_str() {
                Some(cursor) => next = format!("{path}/codes?limit=100&cursor={cursor}"),
                None => return codes,
            }
        }
    }
}
