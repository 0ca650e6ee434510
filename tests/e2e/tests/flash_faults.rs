//! Flash sales whose function is killed between two steps, or whose transactions conflict. The stock is right at every moment. The request
//! that is sent again continues, and so does housekeeping.

use std::collections::BTreeMap;

use e2e::{Checkout, Draft, EVENTUALLY, Product, Response, SOON, Shop, StockRows, await_until, unique};
use reqwest::Method;
use serde_json::{Value, json};

const BUCKETS: usize = 4;
const PIECES: u32 = 12;
const NEW_PRICE: u64 = 1499;

/// One test after the other, because they are killed at the same points.
async fn open_shop() -> Shop {
    Shop::open_disturbing(["flash"]).await
}

/// The admin divides the stock, and a function is killed at this point. Usually it is that of the request.
async fn is_killed_dividing(shop: &Shop, mug: &Product, buckets: u32, point: &str) {
    shop.stack.kills_at(point);
    shop.tries_to_divide(mug, buckets).await;
    shop.stack.awaits_kill(point).await;
}

/// The change of the price, under a key.
async fn reprices(shop: &Shop, mug: &Product, tag: &str, key: &str) -> Response {
    let admin = shop.admin().await;
    let call = admin.call(Method::PATCH, &format!("/api/v1/products/{}", mug.id)).header("If-Match", tag);
    let patch = json!({ "price": { "amount": NEW_PRICE } });
    call.idempotency_key(key).text("application/merge-patch+json", patch.to_string()).send().await
}

/// The price is changed and its function killed before it has written a bucket. Returns tag and key of the request.
async fn is_killed_repricing(shop: &Shop, mug: &Product) -> (String, String) {
    let tag = shop.looks_up_product(&mug.id).await.expect_header("etag").to_owned();
    let key = unique("price");
    shop.stack.kills_at("flash.terms_changed");
    let killed = reprices(shop, mug, &tag, &key).await;
    assert!(killed.status >= 500, "the change should have no answer: {}", killed.text);
    shop.stack.awaits_kill("flash.terms_changed").await;
    (tag, key)
}

fn cost(rows: &StockRows, price: u64) -> bool {
    rows.prices.iter().all(|amount| *amount == price)
}

async fn sells_one(shop: &Shop, mug: &Product) -> u64 {
    shop.new_customer().await.places(&Checkout::of(&[(&mug.sku, 1)])).await.total()
}

#[tokio::test]
async fn division_that_was_killed_is_continued_by_the_same_request() {
    let shop = open_shop().await;
    for point in ["flash.switched", "flash.rebalanced"] {
        let mug = shop.sells(Draft::with_stock(PIECES)).await;
        is_killed_dividing(&shop, &mug, 4, point).await;
        shop.awaits_rows(&mug, BUCKETS, 12).await;
        sells_one(&shop, &mug).await;
        shop.divides(&mug, 4).await;
        let rows = shop.awaits_rows(&mug, BUCKETS, 11).await;
        assert!(rows.buckets.iter().all(|pieces| *pieces > 0), "{point}: {rows:?}");
        // And back to one row.
        for end in ["flash.rebalanced", "flash.switched"] {
            shop.divides(&mug, 4).await;
            is_killed_dividing(&shop, &mug, 0, end).await;
            shop.awaits_rows(&mug, BUCKETS, 11).await;
        }
        shop.divides(&mug, 0).await;
        let rows = shop.awaits_rows(&mug, BUCKETS, 11).await;
        assert_eq!((rows.tail, rows.bounds.len()), (11, 0), "{point}: {rows:?}");
        shop.has_exact_stock(&mug, 11).await;
    }
}

#[tokio::test]
async fn division_that_was_killed_is_continued_by_housekeeping() {
    let shop = open_shop().await;
    let mug = shop.sells(Draft::with_stock(PIECES)).await;
    is_killed_dividing(&shop, &mug, 4, "flash.switched").await;
    sells_one(&shop, &mug).await;
    await_until("housekeeping has divided the stock", SOON, async || {
        shop.rebalances().await;
        let rows = shop.stock_rows(&mug, BUCKETS).await;
        if rows.buckets.iter().all(|pieces| *pieces > 0) { Ok(()) } else { Err(format!("{rows:?}")) }
    })
    .await;
    shop.awaits_rows(&mug, BUCKETS, 11).await;
    shop.has_exact_stock(&mug, 11).await;
}

#[tokio::test]
async fn new_price_that_was_killed_is_completed_by_the_same_request() {
    let shop = open_shop().await;
    let mug = shop.sells_in_buckets(PIECES, 4).await;
    let (tag, key) = is_killed_repricing(&shop, &mug).await;
    assert_eq!(sells_one(&shop, &mug).await, NEW_PRICE, "the shop shows the new price already");
    let repeated = reprices(&shop, &mug, &tag, &key).await.expect(200).json();
    assert_eq!(repeated["price"]["amount"], NEW_PRICE, "{repeated}");
    let rows = shop.stock_rows(&mug, BUCKETS).await;
    assert!(cost(&rows, NEW_PRICE), "the change was answered: {rows:?}");
    shop.awaits_rows(&mug, BUCKETS, 11).await;
    let stale = reprices(&shop, &mug, &tag, &unique("price")).await;
    stale.expect_problem(412, "version_mismatch");
}

#[tokio::test]
async fn new_price_that_was_killed_is_completed_by_housekeeping() {
    let shop = open_shop().await;
    let mug = shop.sells_in_buckets(PIECES, 4).await;
    is_killed_repricing(&shop, &mug).await;
    await_until("housekeeping has written the price", SOON, async || {
        shop.rebalances().await;
        let rows = shop.stock_rows(&mug, BUCKETS).await;
        if cost(&rows, NEW_PRICE) { Ok(()) } else { Err(format!("{rows:?}")) }
    })
    .await;
    assert_eq!(sells_one(&shop, &mug).await, NEW_PRICE);
    shop.has_exact_stock(&mug, 11).await;
}

#[tokio::test]
async fn orders_are_placed_while_every_second_transaction_conflicts() {
    let shop = open_shop().await;
    let mug = shop.sells_in_buckets(PIECES, 4).await;
    let fault = json!({ "operation": "TransactWriteItems", "table_contains": "Catalog", "every": 2, "kind": "transaction_conflict" });
    let before = shop.proxy.injected("TransactWriteItems").await;
    let orders = async {
        for _ in 0..6 {
            sells_one(&shop, &mug).await;
        }
        // From more than one bucket.
        shop.new_customer().await.places(&Checkout::of(&[(&mug.sku, 4)])).await
    };
    shop.proxy.failing(&fault, orders).await;
    let injected = shop.proxy.injected("TransactWriteItems").await - before;
    assert!(injected >= 3, "conflicts should be injected: {injected}");
    shop.awaits_rows(&mug, BUCKETS, 2).await;
    shop.has_exact_stock(&mug, 2).await;
}

#[tokio::test]
async fn record_of_a_sale_from_a_bucket_is_logged_once_and_that_of_a_new_price_never() {
    let shop = Shop::open_disturbing(["catalog"]).await;
    let mug = shop.sells_in_buckets(40, 2).await;
    sells_one(&shop, &mug).await;
    let one_sale = [("initial", 40), ("sale", -1)];
    shop.awaits_movements(&mug, &one_sale).await;
    let rows = shop.awaits_rows(&mug, 2, 39).await;
    let bucket = rows.buckets.iter().position(|pieces| *pieces == 19);
    let bucket = bucket.unwrap_or_else(|| panic!("a bucket of 20 should have sold one: {rows:?}"));
    for _ in 0..2 {
        shop.repeats_bucket_record(&mug.sku, bucket, -1).await;
    }
    shop.reprices(&mug, NEW_PRICE).await;
    sells_one(&shop, &mug).await;
    shop.awaits_movements(&mug, &[("initial", 40), ("sale", -1), ("sale", -1)]).await;
}

/// The logged sales of a product, as rows by their sort keys.
async fn sales_by_key(shop: &Shop, mug: &Product) -> BTreeMap<String, Value> {
    let partition = format!("MOVES#{}", mug.sku);
    let rows = shop.rows.all("catalog").await.into_iter().filter(|row| row["pk"]["S"] == partition.as_str());
    let by_key = rows.map(|row| (row["sk"]["S"].as_str().unwrap_or_default().to_owned(), row));
    by_key.filter(|(key, _)| key.contains("#sale")).collect()
}

#[tokio::test]
async fn sales_that_the_stream_has_lost_are_logged_by_the_walk_and_once_if_it_was_only_late() {
    let shop = Shop::open_disturbing(["catalog"]).await;
    // More than a mail about low stock is sent for. Two pieces are in each bucket, and three in none.
    let mug = shop.sells_in_buckets(40, 20).await;
    shop.counts_stock(&mug, &json!({ "delta": 3 })).await;
    // No row has as many.
    let order = shop.new_customer().await.places(&Checkout::of(&[(&mug.sku, 5)])).await;
    shop.awaits_movements(&mug, &[("initial", 40), ("delta", 3), ("sale", -3), ("sale", -2)]).await;
    let by_relay = sales_by_key(&shop, &mug).await;
    for key in by_relay.keys() {
        shop.rows.removes("catalog", &format!("MOVES#{}", mug.sku), key).await;
    }
    shop.awaits_movements(&mug, &[("initial", 40), ("delta", 3)]).await;

    let day = order.0["createdAt"].as_str().and_then(|at| at.split('T').next());
    let walk = json!({ "task": "walk-orders", "from": day }).to_string();
    // Another run of the task may continue the walk at the same moment.
    await_until("the walk has logged the sales as the relay has", EVENTUALLY, async || {
        let result = shop.functions.invoke("housekeeping", walk.clone()).await;
        let by_walk = sales_by_key(&shop, &mug).await;
        if by_walk == by_relay { Ok(()) } else { Err(format!("{}: {by_walk:?}", result.payload)) }
    })
    .await;
    shop.functions.invoke("housekeeping", walk).await;

    let bucket = by_relay.keys().find_map(|key| key.split_once("#sale#")?.1.parse::<usize>().ok());
    let bucket = bucket.unwrap_or_else(|| panic!("a bucket should have sold two pieces: {by_relay:?}"));
    shop.repeats_bucket_record(&mug.sku, bucket, -2).await;
    shop.repeats_stock_record(&mug.sku, -3).await;
    assert_eq!(sales_by_key(&shop, &mug).await, by_relay);
}
