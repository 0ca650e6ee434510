//! The tests that disturb the whole stack or need a quiet one: they take the whole machine, make every table fail, change the signing keys,
//! or count every request. They are a test program of their own, in which they run one after the other (`Shop::open_alone`).

mod abuse_alone;
mod admin_mfa_alone;
mod forged_events_alone;
mod keys_alone;
mod logins_alone;
mod mail_faults_alone;
mod request_limits_alone;
mod shards_alone;

use e2e::scenarios::twenty_customers_order;
use e2e::{Checkout, Draft, EVENTUALLY, Order, SOON, Shop, await_until};
use futures::{StreamExt, stream};
use serde_json::json;

#[tokio::test]
async fn twenty_customers_buy_five_of_five_while_every_third_transaction_conflicts() {
    let shop = Shop::open_alone().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let fault = json!({ "operation": "TransactWriteItems", "every": 3, "kind": "transaction_conflict" });
    let before = shop.proxy.injected("TransactWriteItems").await;
    shop.proxy.failing(&fault, twenty_customers_order(&shop, &mug)).await;
    let injected = shop.proxy.injected("TransactWriteItems").await - before;
    assert!(injected >= 10, "conflicts should be injected: {injected}");
}

/// A limit of concurrent requests: each waits for its turn at the row, as buyers of a scarce product do, and the machine need not run a
/// thousand execution environments.
const AT_ONCE: usize = 16;

#[tokio::test]
async fn thousand_guests_order_a_hundred_units_and_exactly_a_hundred_get_one() {
    // Alone: it takes the whole machine.
    let shop = Shop::open_alone().await;
    let mug = shop.sells(Draft::with_stock(100)).await;
    let checkouts: Vec<_> = (0..1000).map(|_| (shop.new_guest(), Checkout::of(&[(&mug.sku, 1)]))).collect();
    // The database or a function may be too late on a busy machine. Then the guest retries under the same key, as every client
    // should.
    let responses = stream::iter(&checkouts).map(async |(guest, checkout)| {
        await_until(format_args!("{} has a response", checkout.key), SOON, async || {
            let response = guest.tries_to_place(checkout).await;
            if matches!(response.status, 502..=504) { Err(response.text) } else { Ok(response) }
        })
        .await
    });
    let responses: Vec<_> = responses.buffer_unordered(AT_ONCE).collect().await;

    let mut placed = Vec::new();
    for response in responses {
        match response.status {
            201 => placed.push(Order(response.json())),
            _ => {
                let refused = response.expect_problem(409, "insufficient_stock");
                assert_eq!(refused.errors()[0]["available"], 0, "{}", refused.body);
            }
        }
    }
    // All orders are paid, unless the machine was so slow that a hold ended. Then its unit was for sale again, and no
    // other.
    let admin = shop.admin().await;
    let ends = stream::iter(&placed).map(async |order| {
        await_until(format_args!("{} is confirmed or cancelled", order.id()), EVENTUALLY, async || {
            let now = admin.looks_up(order).await;
            if now.status() == "pending" { Err(now.0.to_string()) } else { Ok(now.status() == "cancelled") }
        })
        .await
    });
    let ends: Vec<bool> = ends.buffer_unordered(8).collect().await;
    let cancelled = ends.iter().filter(|cancelled| **cancelled).count();
    assert!(
        (100..=100 + cancelled).contains(&placed.len()),
        "{} were sold, {cancelled} of them cancelled",
        placed.len()
    );
    let rest = 100 + cancelled - placed.len();
    shop.has_exact_stock(&mug, u32::try_from(rest).unwrap_or(u32::MAX)).await;
    // The log is written later and agrees.
    let mut expected = vec![("initial", 100)];
    expected.extend(vec![("sale", -1); placed.len()]);
    expected.extend(vec![("returned", 1); cancelled]);
    shop.awaits_movements(&mug, &expected).await;
}
