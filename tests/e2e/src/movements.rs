//! Stock corrections by an admin, and the log of stock movements.

use reqwest::Method;
use serde_json::Value;

use crate::{Product, Response, SOON, Shop, await_until, unique};

/// The path of a product's stock movements.
pub fn movements_path(product: &Product) -> String {
    format!("/api/v1/products/{}/stock/movements", product.id)
}

impl Shop {
    /// The admin sets or moves a product's stock.
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

    /// Waits until a product's log has exactly these lines (kind and delta), in any order. The relay logs orders when the stream shows
    /// their changes.
    pub async fn awaits_movements(&self, product: &Product, lines: &[(&str, i64)]) -> Vec<Value> {
        let mut expected: Vec<(String, i64)> = lines.iter().map(|(kind, delta)| ((*kind).to_owned(), *delta)).collect();
        expected.sort_unstable();
        await_until(format_args!("the log of {} is {lines:?}", product.sku), SOON, async || {
            let movements = self.movements(product).await;
            let mut logged: Vec<(String, i64)> = movements.iter().map(kind_and_delta).collect();
            logged.sort_unstable();
            if logged == expected { Ok(movements) } else { Err(format!("{logged:?}")) }
        })
        .await
    }
}

/// Kind and delta of a line.
fn kind_and_delta(line: &Value) -> (String, i64) {
    let found = line["kind"].as_str().zip(line["delta"].as_i64());
    let (kind, delta) = found.unwrap_or_else(|| panic!("a movement should have a kind and a delta: {line}"));
    (kind.to_owned(), delta)
}

/// The stock that results from a log.
pub fn tally(lines: &[Value]) -> i64 {
    lines.iter().map(|line| kind_and_delta(line).1).sum()
}
