//! Stock moved by hand, and the log of why there are as many pieces as there are.

use reqwest::Method;
use serde_json::Value;

use crate::{Product, Response, SOON, Shop, await_until, unique};

/// Where a product's stock moved, as an admin asks for it.
pub fn movements_path(product: &Product) -> String {
    format!("/api/v1/products/{}/stock/movements", product.id)
}

impl Shop {
    /// The admin sets or moves the stock of a product.
    pub async fn counts_stock(&self, product: &Product, body: &Value) -> Response {
        let call = self.admin().await.call(Method::PATCH, &format!("/api/v1/products/{}/stock", product.id));
        call.idempotency_key(&unique("count")).json(body).send().await.expect(200)
    }

    /// All movements of a product, newest first.
    pub async fn movements(&self, product: &Product) -> Vec<Value> {
        let (mut lines, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("{}?limit=100{cursor}", movements_path(product));
            let page = self.admin().await.get(&path).await.expect(200).json();
            lines.extend(page["data"].as_array().cloned().unwrap_or_default());
            match page["pagination"]["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return lines,
            }
        }
    }

    /// Waits until the log of a product has exactly these lines, in whatever order: kinds and pieces. Orders are logged when
    /// their events come.
    pub async fn awaits_movements(&self, product: &Product, lines: &[(&str, i64)]) -> Vec<Value> {
        let mut due: Vec<(String, i64)> = lines.iter().map(|(kind, delta)| ((*kind).to_owned(), *delta)).collect();
        due.sort_unstable();
        await_until(format_args!("the log of {} is {lines:?}", product.sku), SOON, async || {
            let seen = self.movements(product).await;
            let mut told: Vec<(String, i64)> = seen.iter().map(told).collect();
            told.sort_unstable();
            if told == due { Ok(seen) } else { Err(format!("{told:?}")) }
        })
        .await
    }
}

/// Kind and pieces of a line.
fn told(line: &Value) -> (String, i64) {
    let told = line["kind"].as_str().zip(line["delta"].as_i64());
    let (kind, delta) = told.unwrap_or_else(|| panic!("a movement has a kind and a delta: {line}"));
    (kind.to_owned(), delta)
}

/// How many pieces there are by a log.
pub fn tally(lines: &[Value]) -> i64 {
    lines.iter().map(|line| told(line).1).sum()
}
