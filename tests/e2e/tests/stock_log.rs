//! The log of stock movements when a record of the stream is repeated or lost, and for orders of the release before.

use e2e::envelope::{batch, new_event, new_id};
use e2e::{Checkout, Customer, Draft, EVENTUALLY, Order, Product, Shop, await_until};
use serde_json::{Value, json};

/// More than a mail about low stock is sent for.
const STOCK: u32 = 50;
const INITIAL: (&str, i64) = ("initial", 50);

/// A customer has paid for two mugs.
async fn two_mugs(shop: &Shop) -> (Customer, Order, Product) {
    let mug = shop.sells(Draft::with_stock(STOCK)).await;
    let customer = shop.new_customer().await;
    let order = customer.places(&Checkout::of(&[(&mug.sku, 2)])).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.awaits_movements(&mug, &[INITIAL, ("sale", -2)]).await;
    (customer, order, mug)
}

/// The customer cancels the order, and gets the money back.
async fn cancels(customer: &Customer, order: &Order) {
    customer.cancels(order, "Too many mugs").await.expect(200);
    customer.awaits(order, "cancelled", "refunded").await;
}

fn sold_and_returned() -> [(&'static str, i64); 3] {
    [INITIAL, ("sale", -2), ("returned", 2)]
}

/// Does the row of the offer name the movement of its last change?
async fn names_last_movement(shop: &Shop, mug: &Product) -> bool {
    let offer = shop.rows.reads("catalog", &format!("SKU#{}", mug.sku), "OFFER").await;
    assert!(offer["moveVersion"].is_object(), "the sale should have a name: {offer}");
    offer["moveVersion"] == offer["stockVersion"]
}

#[tokio::test]
async fn record_of_a_sale_delivered_three_times_is_logged_once() {
    let shop = Shop::open().await;
    let (customer, order, mug) = two_mugs(&shop).await;
    for _ in 0..2 {
        shop.repeats_stock_record(&mug.sku, -2).await;
    }
    shop.awaits_movements(&mug, &[INITIAL, ("sale", -2)]).await;
    cancels(&customer, &order).await;
    for _ in 0..2 {
        shop.repeats_stock_record(&mug.sku, 2).await;
    }
    shop.awaits_movements(&mug, &sold_and_returned()).await;
    assert!(names_last_movement(&shop, &mug).await);
}

#[tokio::test]
async fn record_of_a_change_by_hand_is_no_movement_of_the_sale_before() {
    let shop = Shop::open().await;
    let (_, _, mug) = two_mugs(&shop).await;
    shop.counts_stock(&mug, &json!({ "delta": 5 })).await;
    shop.repeats_stock_record(&mug.sku, 5).await;
    assert!(!names_last_movement(&shop, &mug).await);
    shop.awaits_movements(&mug, &[INITIAL, ("sale", -2), ("delta", 5)]).await;
}

#[tokio::test]
async fn movements_that_the_stream_has_lost_are_logged_by_the_walk() {
    let shop = Shop::open().await;
    let (customer, order, mug) = two_mugs(&shop).await;
    cancels(&customer, &order).await;
    let before = shop.awaits_movements(&mug, &sold_and_returned()).await;
    for line in before.iter().filter(|line| line["orderId"] == order.id()) {
        let [at, kind] = ["at", "kind"].map(|member| line[member].as_str().unwrap_or_default());
        let sort_key = format!("{at}#{}#{kind}", order.id());
        shop.rows.removes("catalog", &format!("MOVES#{}", mug.sku), &sort_key).await;
    }
    shop.awaits_movements(&mug, &[INITIAL]).await;

    let day = order.0["createdAt"].as_str().and_then(|at| at.split('T').next());
    let walk = json!({ "task": "walk-orders", "from": day }).to_string();
    // Another run of the task may continue the walk at the same moment.
    await_until("the walk has logged the movements", EVENTUALLY, async || {
        let result = shop.functions.invoke("housekeeping", walk.clone()).await;
        let after = shop.movements(&mug).await;
        if after == before { Ok(()) } else { Err(format!("{}: {after:?}", result.payload)) }
    })
    .await;
    shop.functions.invoke("housekeeping", walk).await;
    assert_eq!(shop.movements(&mug).await, before, "a second walk should log nothing");
}

#[tokio::test]
async fn walk_begins_at_a_day_of_the_last_month_only() {
    let shop = Shop::open().await;
    for from in ["yesterday", "2020-02-02"] {
        let task = json!({ "task": "walk-orders", "from": from }).to_string();
        let result = shop.functions.invoke("housekeeping", task).await;
        assert!(result.error.is_some(), "{from}: {}", result.payload);
    }
}

/// Its function has written the order and its event; the workers of today cancel it.
#[tokio::test]
async fn cancellation_of_an_order_of_the_release_before_is_logged_by_its_event() {
    let shop = Shop::open_disturbing(["catalog"]).await;
    let (customer, order, mug) = two_mugs(&shop).await;
    let key = format!("ORDER#{}", order.id());
    shop.rows.sets("orders", &key, "ORDER", "namesMoves", json!({ "BOOL": false })).await;
    cancels(&customer, &order).await;
    shop.awaits_movements(&mug, &sold_and_returned()).await;
    assert!(!names_last_movement(&shop, &mug).await, "the event has the return logged, so the stream must not");
    shop.repeats_stock_record(&mug.sku, 2).await;
    shop.awaits_movements(&mug, &sold_and_returned()).await;
}

#[tokio::test]
async fn cancellation_on_a_later_day_is_logged_by_its_event() {
    let shop = Shop::open_disturbing(["catalog"]).await;
    let (customer, order, mug) = two_mugs(&shop).await;
    let key = format!("ORDER#{}", order.id());
    let created_at = async |at: &Value| {
        shop.rows.sets("orders", &key, "ORDER", "createdAt", json!({ "S": at })).await;
    };
    created_at(&json!("2026-01-01T08:00:00.000Z")).await;
    cancels(&customer, &order).await;
    shop.awaits_movements(&mug, &sold_and_returned()).await;
    // The history of the order is compared with its row.
    created_at(&order.0["createdAt"]).await;
    assert!(!names_last_movement(&shop, &mug).await, "the walk has passed the day of the order");
}

#[tokio::test]
async fn sale_event_of_the_release_before_delivered_three_times_is_logged_once() {
    let shop = Shop::open_disturbing(["catalog"]).await;
    let mug = shop.sells(Draft::with_stock(STOCK)).await;
    let order = new_id("ord");
    let data = json!({
        "orderId": order, "orderNumber": "7KQ4M-2XD9A", "paymentId": new_id("pay"),
        "total": { "amount": 900, "currency": shop.stack.currency }, "holdExpiresAt": "2026-11-21T08:10:00.000Z",
        "items": [{ "sku": mug.sku, "productId": mug.id, "quantity": 2 }],
    });
    let event = new_event("order.created", &order, &data);
    shop.delivers_message("catalog-worker", batch(&[event.clone(), event.clone()])).await;
    shop.delivers_message("catalog-worker", batch(&[event])).await;
    shop.awaits_movements(&mug, &[INITIAL, ("sale", -2)]).await;
}
