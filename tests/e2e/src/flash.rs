//! Flash sales: the stock of a SKU is divided into buckets. The rows show what the API does not.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{Draft, Product, Response, SOON, Shop, await_until};

/// The stock of a SKU, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockRows {
    /// The pieces in the row of the offer.
    pub tail: i64,
    /// The most pieces that each group of 32 buckets can have. Empty without a flash sale.
    pub bounds: Vec<i64>,
    /// The pieces of each bucket.
    pub buckets: Vec<i64>,
    /// The price of each bucket, in minor units. Null if a bucket has no row.
    pub prices: Vec<Value>,
    /// The status of each bucket. Null if a bucket has no row.
    pub statuses: Vec<Value>,
}

impl StockRows {
    /// All pieces that can be sold.
    pub fn pieces(&self) -> i64 {
        self.tail + self.buckets.iter().sum::<i64>()
    }
}

impl Product {
    /// The path of the product's flash sale.
    pub fn flash_path(&self) -> String {
        format!("/api/v1/products/{}/flash", self.id)
    }
}

impl Shop {
    /// The admin divides the stock of a SKU into this many buckets; 0 ends the flash sale.
    pub async fn tries_to_divide(&self, product: &Product, buckets: u32) -> Response {
        self.admin().await.put(&product.flash_path(), &json!({ "sku": product.sku, "buckets": buckets })).await
    }

    /// The same, and again while buyers are faster. Returns the product.
    pub async fn divides(&self, product: &Product, buckets: u32) -> Value {
        await_until(format_args!("{} has {buckets} buckets", product.sku), SOON, async || {
            let response = self.tries_to_divide(product, buckets).await;
            if response.status == 409 {
                let problem = response.expect_problem(409, "too_many_concurrent_updates");
                return Err(problem.body.to_string());
            }
            Ok(response.expect(200).json())
        })
        .await
    }

    /// The admin creates a product and divides its stock.
    pub async fn sells_in_buckets(&self, stock: u32, buckets: u32) -> Product {
        let product = self.sells(Draft::with_stock(stock)).await;
        self.divides(&product, buckets).await;
        product
    }

    /// The row of a SKU and its first `buckets` buckets. They are read one after another, so a change may be seen in one of them only.
    pub async fn stock_rows(&self, product: &Product, buckets: usize) -> StockRows {
        let key = format!("SKU#{}", product.sku);
        let offer = self.rows.reads("catalog", &key, "OFFER").await;
        let keys: Vec<String> = (0..buckets).map(|number| format!("{key}#{number:03}")).collect();
        let rows = join_all(keys.iter().map(|key| self.rows.reads("catalog", key, "BUCKET"))).await;
        let number = |value: &Value| value["N"].as_str().and_then(|number| number.parse::<i64>().ok()).unwrap_or(0);
        let price = |row: &Value| {
            row["price"]["M"]["amount"]["N"]
                .as_str()
                .and_then(|text| text.parse::<i64>().ok())
                .map_or(Value::Null, Value::from)
        };
        StockRows {
            tail: number(&offer["available"]),
            bounds: offer["flash"]["M"]["bounds"]["L"].as_array().into_iter().flatten().map(number).collect(),
            buckets: rows.iter().map(|row| number(&row["available"])).collect(),
            prices: rows.iter().map(price).collect(),
            statuses: rows.iter().map(|row| row["status"]["S"].clone()).collect(),
        }
    }

    /// Waits until these rows have so many pieces together.
    pub async fn awaits_rows(&self, product: &Product, buckets: usize, pieces: i64) -> StockRows {
        await_until(format_args!("the rows of {} have {pieces} pieces", product.sku), SOON, async || {
            let rows = self.stock_rows(product, buckets).await;
            if rows.pieces() == pieces { Ok(rows) } else { Err(format!("{rows:?}")) }
        })
        .await
    }

    /// Lets housekeeping look after flash sales.
    pub async fn rebalances(&self) {
        let result = self.runs_task("rebalance-buckets").await;
        assert_eq!(result.error, None, "{}", result.payload);
    }
}
