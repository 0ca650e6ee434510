//! The number of shards is raised and lowered while orders are open. None is lost: neither for lists nor for housekeeping. The tests run
//! alone, because functions get another environment, and queues are paused or closed.

use std::collections::BTreeSet;

use e2e::{Checkout, Customer, Draft, EVENTUALLY, Order, Product, SOON, Shop, await_until};
use serde_json::{Value, json};

const SHARDS: &str = "SOUK_INDEX_SHARDS";

/// A customer, and enough mugs.
async fn buyer(shop: &Shop) -> (Customer, Product) {
    (shop.new_customer().await, shop.sells(Draft::with_stock(20)).await)
}

/// The shard in a partition key, such as `HOLD#37`.
fn shard(key: &Value) -> u8 {
    let shard = key["S"].as_str().and_then(|key| key.rsplit('#').next()).and_then(|shard| shard.parse().ok());
    shard.unwrap_or_else(|| panic!("a key should end with its shard: {key}"))
}

/// Moves the end of an order's hold into the future, so that only the test ends it. Returns the shard of the hold.
async fn keeps_holding(shop: &Shop, order: &Order) -> u8 {
    let (row, later) = (format!("ORDER#{}", order.id()), "2099-01-01T00:00:00.000Z");
    shop.rows.sets("orders", &row, "ORDER", "holdExpiresAt", json!({ "S": later })).await;
    shop.rows.sets("orders", &row, "ORDER", "gsi3sk", json!({ "S": format!("{later}#{}", order.id()) })).await;
    shard(&shop.rows.reads("orders", &row, "ORDER").await["gsi3pk"])
}

/// Places orders while the function has so many shards. Returns them and the highest shard of their holds.
async fn holds_in(shop: &Shop, (customer, mug): (&Customer, &Product), shards: &str, count: usize) -> (Vec<Order>, u8) {
    let places_and_holds = async {
        let (mut orders, mut highest) = (Vec::new(), 0_u8);
        for _ in 0..count {
            let order = customer.places(&Checkout::of(&[(&mug.sku, 1)])).await;
            highest = highest.max(keeps_holding(shop, &order).await);
            orders.push(order);
        }
        (orders, highest)
    };
    shop.functions.while_set(&["orders"], SHARDS, shards, places_and_holds).await
}

/// Waits until the admin's list with this filter has all these orders, on pages of five.
async fn lists_all(shop: &Shop, orders: &[Order], filter: &str) {
    let since = orders.iter().filter_map(|order| order.0["createdAt"].as_str()).min().unwrap_or_default();
    let path = format!("/api/v1/orders?from={since}{filter}");
    await_until(format_args!("{path} lists {} orders", orders.len()), SOON, async || {
        let rows = shop.admin().await.walks(&path, 5).await.concat();
        let listed: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
        assert!(listed.is_sorted_by(|one, next| one > next), "{path} should be newest first: {listed:?}");
        let missing: BTreeSet<&str> = orders.iter().map(Order::id).filter(|id| !listed.contains(id)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("{missing:?} are missing")) }
    })
    .await;
}

async fn lists_and_ends(shop: &Shop, orders: &[Order]) {
    lists_all(shop, orders, "").await;
    lists_all(shop, orders, "&status=pending").await;
    for order in orders {
        shop.ends_hold(order).await;
    }
    shop.expires_holds().await;
    for order in orders {
        shop.admin().await.awaits_status(order, "cancelled").await;
    }
    lists_all(shop, orders, "").await;
    lists_all(shop, orders, "&status=cancelled").await;
}

#[tokio::test]
async fn orders_of_a_raised_and_of_a_lowered_setting_are_listed_and_ended() {
    let shop = Shop::open_alone().await;
    let (customer, mug) = buyer(&shop).await;
    let work = async {
        let (mut orders, highest) = holds_in(&shop, (&customer, &mug), "64", 12).await;
        assert!(highest >= 16, "64 shards should be used, not {highest}");
        let (later, highest) = holds_in(&shop, (&customer, &mug), "4", 4).await;
        assert!(highest < 4, "4 shards should be used, not {highest}");
        orders.extend(later);
        shop.functions.while_set(&["orders", "housekeeping"], SHARDS, "4", lists_and_ends(&shop, &orders)).await;
        // And those of before, after the setting was raised again.
        lists_all(&shop, &orders, "&status=cancelled").await;
    };
    // No worker pays an order or ends its hold.
    shop.functions.while_worker_stopped("payments-worker", work).await;
    shop.awaits_stock(&mug, 20).await;
}

/// Places and cancels orders. The events that would wake the worker for their payments are lost.
async fn cancels_unnoticed(shop: &Shop, customer: &Customer, mug: &Product) -> Vec<Order> {
    let mut orders = Vec::new();
    for _ in 0..6 {
        let order = customer.places(&Checkout::of(&[(&mug.sku, 1)])).await;
        customer.cancels(&order, "Ordered twice").await.expect(200);
        orders.push(order);
    }
    for row in shop.rows.all("orders").await {
        let (pk, sk) = (row["pk"]["S"].as_str().unwrap_or_default(), row["sk"]["S"].as_str().unwrap_or_default());
        let is_about = |order: &Order| row["event"]["S"].as_str().is_some_and(|event| event.contains(order.id()));
        if pk.starts_with("OUTBOX#") && orders.iter().any(is_about) {
            shop.rows.removes("orders", pk, sk).await;
        }
    }
    orders
}

#[tokio::test]
async fn payments_of_a_raised_setting_are_voided_after_it_was_lowered() {
    let shop = Shop::open_alone().await;
    let (customer, mug) = buyer(&shop).await;
    let work = async {
        let raised = shop.functions.while_set(&["orders"], SHARDS, "64", cancels_unnoticed(&shop, &customer, &mug));
        let orders = shop.queues.while_closed(shop.queues.url("payments"), raised).await;
        let mut highest = 0_u8;
        for order in &orders {
            let (row, past) = (format!("PAYMENT#{}", order.payment_id()), json!({ "S": "2026-01-01T00:00:00.000Z" }));
            shop.rows.sets("payments", &row, "PAYMENT", "gsi2sk", past).await;
            highest = highest.max(shard(&shop.rows.reads("payments", &row, "PAYMENT").await["gsi2pk"]));
        }
        assert!(highest >= 4, "more than 4 shards should be used");
        let reconciles = await_until("housekeeping has the payments voided", EVENTUALLY, async || {
            let result = shop.runs_task("reconcile-payments").await;
            for order in &orders {
                let payment = customer.looks_up_payment(order).await;
                if payment["status"] != "cancelled" {
                    return Err(format!("{} {}", payment["status"], result.payload));
                }
            }
            Ok(())
        });
        shop.functions.while_set(&["housekeeping"], SHARDS, "4", reconciles).await;
    };
    // No worker pays an order before it is cancelled, nor voids it for the record of its placing.
    shop.functions.while_stream_stopped("payments-worker", work).await;
}
