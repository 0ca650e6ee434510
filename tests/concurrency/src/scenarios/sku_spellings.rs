//! Products with one SKU in different letter cases are created at the same time.

use e2e::unique;
use futures::future::join_all;
use serde_json::json;

use crate::run::Run;

const ROUNDS: usize = 4;

/// In each round, six products with one SKU in three spellings.
pub(super) async fn play(run: &Run) {
    for _ in 0..ROUNDS {
        let upper = unique("CASE").to_uppercase();
        let spellings = [upper.clone(), upper.to_lowercase(), upper.replacen("CASE", "Case", 1)];
        join_all(spellings.iter().chain(&spellings).map(async |sku| {
            let product = json!({
                "sku": sku, "name": "Mug", "category": "concurrency",
                "price": { "amount": 100, "currency": run.test_stack.stack.currency }, "stock": { "available": 1 },
            });
            run.admin.post("/products", product).key(&unique("product")).retry_until_known(3).await
        }))
        .await;
    }
}
