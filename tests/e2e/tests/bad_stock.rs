//! Invalid stock changes: each mistake has a code and the name of its field, and the stock does not change.

use e2e::{Product, Shop};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn invalid_stock_change_leaves_the_stock_unchanged() {
    let shop = Shop::open().await;
    let (admin, customer) = (shop.admin().await, shop.new_customer().await);
    let (mug, shirt) = (shop.sells_this(&shop.mug()).await, shop.sells_this(&shop.two_sizes()).await);
    let path = |product: &Product| format!("/api/v1/products/{}/stock", product.id);
    let count =
        async |product: &Product, body: &Value| admin.call(Method::PATCH, &path(product)).json(body).send().await;
    for (body, field, code) in [
        (json!({}), "set", "required"),
        (json!({ "set": 1, "delta": 1 }), "set", "required"),
        (json!({ "set": -1 }), "set", "invalid_value"),
        (json!({ "set": 1_000_001 }), "set", "stock_out_of_range"),
        (json!({ "set": 1.5 }), "set", "wrong_type"),
        (json!({ "set": "many" }), "set", "wrong_type"),
        (json!({ "set": 5_000_000_000_u64 }), "set", "invalid_value"),
        (json!({ "delta": 1_000_000 }), "delta", "stock_out_of_range"),
        (json!({ "delta": 3_000_000_000_u64 }), "delta", "invalid_value"),
        (json!({ "set": 1, "sku": "NO-SUCH-SKU" }), "sku", "sku_unknown"),
        (json!({ "set": 1, "sku": "a b" }), "sku", "invalid_value"),
        (json!({ "set": 1, "reason": "x".repeat(201) }), "reason", "invalid_value"),
        (json!({ "set": 1, "reason": "a\nb" }), "reason", "invalid_value"),
        (json!({ "available": 1 }), "available", "unknown_field"),
    ] {
        count(&mug, &body).await.expect_fault(field, code);
    }
    let below = count(&mug, &json!({ "delta": -4 })).await.expect_problem(409, "stock_negative").names_field("delta");
    assert!(below.errors().iter().any(|error| error["available"] == 3), "{}", below.body);
    count(&mug, &json!({ "delta": i32::MIN })).await.expect_problem(409, "stock_negative");
    for body in [json!({ "set": 1 }), json!({ "set": 1, "sku": shirt.sku }), json!({ "set": 1, "sku": mug.sku })] {
        count(&shirt, &body).await.expect_refusal(422).names_field("sku");
    }
    let set = json!({ "set": 9 });
    shop.anonymous().call(Method::PATCH, &path(&mug)).json(&set).send().await.expect_problem(401, "unauthenticated");
    customer.api.call(Method::PATCH, &path(&mug)).json(&set).send().await.expect_problem(403, "forbidden");
    let stale = admin.call(Method::PATCH, &path(&mug)).header("If-Match", "\"7\"").json(&set).send().await;
    stale.expect_problem(412, "version_mismatch");
    shop.has_exact_stock(&mug, 3).await;
}
