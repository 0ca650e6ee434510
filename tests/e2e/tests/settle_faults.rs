//! An order and its payment move together, although their worker is killed, or the provider is gone when the hold ends.

use e2e::envelope::body_about_payment;
use e2e::scenarios::order_with;
use e2e::{Customer, Order, Product, Shop};
use serde_json::{Value, json};

const DECLINED: &str = "pm_card_chargeDeclined";
/// Without webhooks: nothing else knows what the killed worker has done.
const GOOD: &str = "pm_card_visa_hook_never";

/// The statuses of an order, of its payment as the order shows it, and of its payment, that one transaction may leave.
const TOGETHER: [(&str, &str, &str); 8] = [
    ("pending", "unpaid", "open"),
    ("pending", "failed", "failed"),
    ("confirmed", "authorized", "authorized"),
    ("confirmed", "paid", "captured"),
    ("cancelled", "unpaid", "cancelling"),
    ("cancelled", "failed", "cancelling"),
    ("cancelled", "authorized", "cancelling"),
    ("cancelled", "voided", "cancelled"),
];

/// Panics if the rows of an order and of its payment do not belong together. The order is read before and after its payment, because
/// a worker may move both.
async fn expect_together(customer: &Customer, order: &Order) -> Order {
    loop {
        let before = customer.looks_up(order).await;
        let payment = customer.looks_up_payment(order).await;
        let now = customer.looks_up(order).await;
        if now.0["version"] != before.0["version"] {
            continue;
        }
        let statuses = (now.status(), now.payment_status(), payment["status"].as_str().unwrap_or_default());
        assert!(TOGETHER.contains(&statuses), "{statuses:?} should not stand side by side: {} {payment}", now.0);
        return now;
    }
}

/// How often a history reaches a payment status.
fn times_reached(history: &[Value], status: &str) -> usize {
    let is_new = |pair: &&[Value]| pair[0]["paymentStatus"] != status && pair[1]["paymentStatus"] == status;
    history.windows(2).filter(is_new).count()
}

#[tokio::test]
async fn worker_killed_at_any_point_leaves_no_order_without_its_payment() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let points = shop.stack.points_of("payments");
    let mut orders = Vec::new();
    // A killed worker's message returns after its visibility timeout. The next order does not wait for that.
    for point in ["payments.before_commit", "payments.committed", "payments.authorized", "payments.settled"] {
        assert!(points.iter().any(|label| label == point), "the sources should name the point {point}: {points:?}");
        shop.stack.kills_at(point);
        let (customer, order, mug) = order_with(&shop, GOOD).await;
        shop.stack.awaits_kill(point).await;
        expect_together(&customer, &order).await;
        orders.push((customer, order, mug));
    }
    for (customer, order, mug) in orders {
        let order = customer.awaits(&order, "confirmed", "paid").await;
        shop.provider.charged_once(&order).await;
        shop.has_exact_stock(&mug, 2).await;
        let history = customer.api.folds(&order).await;
        assert_eq!((times_reached(&history, "authorized"), times_reached(&history, "paid")), (1, 1), "{history:#?}");
        shop.mailbox.awaits(&customer.email, &[order.number()]).await;
    }
}

/// A declined order whose hold lasts, and its product.
async fn declined_order(shop: &Shop) -> (Customer, Order, Product) {
    let (customer, order, mug) = order_with(shop, DECLINED).await;
    let order = customer.awaits(&order, "pending", "failed").await;
    (customer, order, mug)
}

/// A declined order whose hold has ended, and the event about its end. The notifications queue is stopped meanwhile.
async fn ended_order(shop: &Shop, queue: &str) -> (Customer, Order, Value) {
    let (customer, order, mug) = declined_order(shop).await;
    shop.reaches_end_of_hold(&order).await;
    let order = customer.awaits(&order, "cancelled", "voided").await;
    shop.has_exact_stock(&mug, 3).await;
    loop {
        // Housekeeping may have sent the event about the decline.
        let message = shop.queues.takes(queue, order.id()).await;
        let event: Value = serde_json::from_str(&message).unwrap_or_default();
        if event["eventType"] == "order.cancelled" {
            return (customer, order, event);
        }
    }
}

#[tokio::test]
async fn declined_order_and_its_payment_end_in_one_change() {
    let shop = Shop::open_disturbing(["notifications", "payments"]).await;
    let queue = shop.queues.url("notifications");
    let (customer, order, event) = shop.functions.while_stopped(queue, ended_order(&shop, queue)).await;
    let tally = shop.provider.tally(&order).await;
    assert_eq!((tally.intents, tally.cancelled, tally.authorised), (1, 1, 0), "{tally:?}");
    assert_eq!(customer.looks_up_payment(&order).await["status"], "cancelled");
    let history = customer.api.folds(&order).await;
    let end = history.iter().find(|entry| entry["reason"] == "hold_expired").cloned().unwrap_or_default();
    assert_eq!(end["actor"], "system:payments-worker", "the worker of payments should end the hold: {end}");
    assert_eq!((&end["status"], &end["paymentStatus"]), (&json!("cancelled"), &json!("voided")), "{end}");
    assert_eq!(history.last(), Some(&end), "nothing should follow: {history:#?}");
    assert_eq!(event["data"]["paymentEnded"], true, "no worker has to end the payment: {event}");
}

#[tokio::test]
async fn declined_order_whose_worker_is_killed_after_the_provider_cancelled_ends_at_the_next_delivery() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let point = "payments.expiring";
    let (customer, order, mug) = declined_order(&shop).await;
    shop.stack.kills_at(point);
    shop.ends_hold_unlisted(&order).await;
    let data = json!({ "paymentId": order.payment_id(), "orderId": order.id() });
    let message = body_about_payment(&order, "payment.requested", 1000, &data);
    shop.queues.send(shop.queues.url("payments"), &message).await;
    shop.stack.awaits_kill(point).await;
    expect_together(&customer, &order).await;
    customer.awaits(&order, "cancelled", "voided").await;
    shop.provider.charged_nothing(&order).await;
    shop.has_exact_stock(&mug, 3).await;
    let history = customer.api.folds(&order).await;
    assert_eq!(times_reached(&history, "voided"), 1, "{history:#?}");
}

#[tokio::test]
async fn declined_order_ends_although_the_provider_is_gone() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let (customer, order, mug) = declined_order(&shop).await;
    // A declined intent has no card any more, so the fault names the order.
    let target = json!({ "method": "POST", "path_contains": "/cancel", "order_id": order.id() });
    shop.provider.fails(&json!({ "match": target, "kind": "unavailable", "times": 1 })).await;
    shop.reaches_end_of_hold(&order).await;
    assert_eq!(customer.looks_up(&order).await.status(), "cancelled");
    shop.has_exact_stock(&mug, 3).await;
    customer.awaits(&order, "cancelled", "voided").await;
    let history = customer.api.folds(&order).await;
    let end = history.iter().find(|entry| entry["reason"] == "hold_expired").cloned().unwrap_or_default();
    assert_eq!(end["paymentStatus"], "failed", "the provider had not cancelled its intent yet: {history:#?}");
    shop.provider.charged_nothing(&order).await;
    shop.mailbox.awaits(&customer.email, &[order.number(), "is cancelled", "not paid in time"]).await;
}
