//! Counters that tests find by what a request changes in them, so nothing else may count meanwhile.

use std::time::Duration;

use e2e::{Checkout, Draft, IpCaller, Shop, unique_email};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// `ReviewLimits`, per minute and network.
const REVIEWS: u32 = 40;
/// `CancellationsPerNetwork`.
const CANCELLATIONS_PER_NETWORK: u32 = 1_000_000;

/// The rows of a context whose partition keys begin so.
async fn rows_with(shop: &Shop, context: &str, prefix: &str) -> Vec<Value> {
    let rows = shop.rows.all(context).await.into_iter();
    rows.filter(|row| row["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(prefix))).collect()
}

/// The only row that is in the second list and not in the first.
fn new_row(before: &[Value], after: &[Value]) -> Value {
    let new: Vec<_> = after.iter().filter(|row| before.iter().all(|old| old["pk"] != row["pk"])).collect();
    assert_eq!(new.len(), 1, "there should be one new row: {new:?}");
    new[0].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A place that has sent one request, and the key of its counter.
async fn counted_once(shop: &Shop) -> (IpCaller, String) {
    let place = shop.from_new_ip();
    let before = rows_with(shop, "identity", "LIMIT#").await;
    place.reviews().await.expect(401);
    let row = new_row(&before, &rows_with(shop, "identity", "LIMIT#").await);
    (place, text(&row["pk"]["S"]).to_owned())
}

/// Waits for the next minute (UTC) if this one has less than so many seconds left. Limits count by the minute.
async fn awaits_minute_with(seconds: u8) {
    let second = OffsetDateTime::now_utc().second();
    if second + seconds > 60 {
        tokio::time::sleep(Duration::from_secs(u64::from(61 - second))).await;
    }
}

#[tokio::test]
async fn environment_takes_no_request_that_others_have_used() {
    let shop = Shop::open_alone().await;
    awaits_minute_with(15).await;
    let (place, counter) = counted_once(&shop).await;
    // The environment remembers that one request was counted, and others have taken the rest.
    shop.rows.sets("identity", &counter, "LIMIT", "n", json!({ "N": REVIEWS.to_string() })).await;
    place.reviews().await.expect_rate_limited();
}

/// Buys and pays as a guest at that place; cancels. Returns the status of the cancellation and its code.
async fn buys_and_cancels(shop: &Shop, place: &IpCaller, sku: &str) -> (u16, Value) {
    let (order, token) =
        place.places(&Checkout::of(&[(sku, 1)]).paid_with("pm_card_visa"), &unique_email("guest")).await;
    shop.anonymous().with_order_token(&token).awaits(&order, "confirmed", "paid").await;
    let response = place.cancels(&order, &token).await;
    (response.status, response.json()["code"].clone())
}

#[tokio::test]
async fn guests_of_a_network_cancel_a_limited_number_of_paid_orders() {
    let shop = Shop::open_alone().await;
    let (mug, home) = (shop.sells(Draft::with_stock(9)).await, shop.from_new_ip());
    let before = rows_with(&shop, "orders", "CANCELLED#").await;
    assert_eq!(buys_and_cancels(&shop, &home, &mug.sku).await.0, 200);
    let row = new_row(&before, &rows_with(&shop, "orders", "CANCELLED#").await);
    assert_eq!(row["cancellations"]["N"], "1", "{row}");
    let full = json!({ "N": CANCELLATIONS_PER_NETWORK.to_string() });
    shop.rows.sets("orders", text(&row["pk"]["S"]), text(&row["sk"]["S"]), "cancellations", full).await;
    let (status, code) = buys_and_cancels(&shop, &home, &mug.sku).await;
    assert_eq!((status, code), (429, json!("too_many_cancellations")));
    assert_eq!(buys_and_cancels(&shop, &shop.from_new_ip(), &mug.sku).await.0, 200);
}
