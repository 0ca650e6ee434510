//! An outage of the rate limiter's counters is no outage of the shop.

use e2e::Shop;
use serde_json::json;

#[tokio::test]
async fn request_continues_when_the_counters_do_not_answer_in_time() {
    let shop = Shop::open().await;
    shop.from_new_ip().suggests().await.expect(200).expect_header("ratelimit-limit");
    // Longer than the limiter waits, and shorter than any other call may take.
    let table = &shop.stack.tables["identity"];
    let slow = json!({ "kind": "delay", "operation": "UpdateItem", "table_contains": table, "ms": 2_000 });
    let response = shop.proxy.failing(&slow, shop.from_new_ip().suggests()).await.expect(200);
    assert!(response.headers.get("ratelimit-limit").is_none(), "it should not be counted: {:?}", response.headers);
    shop.from_new_ip().suggests().await.expect(200).expect_header("ratelimit-limit");
}
