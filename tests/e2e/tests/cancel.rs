//! Cancelling an order: who may do it and until when, what happens to the payment, and that the stock returns once.

use e2e::scenarios::{order_with, paid_order};
use e2e::{Checkout, Draft, Order, Shop, decimal, unique};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const DECLINED: &str = "pm_card_chargeDeclined";
const WHY: &str = "Ordered twice by mistake";
/// Well-formed, but no order.
const NO_ORDER: &str = "ord_01h455vb4pex5vsknk084sn02q";

fn path(order: &Order) -> String {
    format!("/api/v1/orders/{}/cancel", order.id())
}

#[tokio::test]
async fn customer_cancels_an_unpaid_order() {
    let shop = Shop::open().await;
    let (customer, order, mug) = order_with(&shop, DECLINED).await;
    customer.awaits(&order, "pending", "failed").await;
    shop.has_exact_stock(&mug, 2).await;

    let cancelled = Order(customer.cancels(&order, WHY).await.expect(200).json());
    assert_eq!((cancelled.id(), cancelled.status()), (order.id(), "cancelled"));
    shop.has_exact_stock(&mug, 3).await;
    customer.awaits(&order, "cancelled", "voided").await;
    shop.provider.charged_nothing(&order).await;
    shop.mailbox.awaits(&customer.email, &[order.number(), "is cancelled", "You asked us to"]).await;
    customer.pays(&order, "pm_card_visa").await.expect_problem(409, "illegal_transition");
}

#[tokio::test]
async fn customer_cancels_a_paid_order_and_is_refunded() {
    let shop = Shop::open().await;
    let (customer, order, mug) = paid_order(&shop).await;
    shop.provider.charged_once(&order).await;

    customer.cancels(&order, WHY).await.expect(200);
    shop.has_exact_stock(&mug, 3).await;
    customer.awaits(&order, "cancelled", "refunded").await;
    shop.provider.refunded_in_full(&order, 1).await;
    let payment = customer.looks_up_payment(&order).await;
    assert_eq!((&payment["status"], &payment["refunded"]), (&json!("refunded"), &order.0["total"]), "{payment}");
    shop.mailbox.awaits(&customer.email, &[order.number(), "is cancelled"]).await;
    let total = decimal(order.total(), &shop.stack.currency);
    shop.mailbox.awaits(&customer.email, &[order.number(), "refund", &total]).await;
    shop.has_exact_stock(&mug, 3).await;
}

#[tokio::test]
async fn cancellation_voids_an_authorised_payment() {
    let shop = Shop::open().await;
    let card = shop.provider.card_failing("/capture", "unavailable", 1000).await;
    let (customer, order, mug) = order_with(&shop, &card).await;
    customer.awaits(&order, "confirmed", "authorized").await;

    customer.cancels(&order, WHY).await.expect(200);
    customer.awaits(&order, "cancelled", "voided").await;
    let tally = shop.provider.tally(&order).await;
    assert_eq!((tally.authorised, tally.voided, tally.captured), (1, 1, 0), "{tally:?}");
    shop.has_exact_stock(&mug, 3).await;
    assert_eq!(customer.looks_up_payment(&order).await["status"], "cancelled");
}

#[tokio::test]
async fn cancellation_before_the_authorisation_arrives_wins() {
    let shop = Shop::open().await;
    // The bank has authorised the payment, and its response takes almost as long as souk waits. There are no webhooks.
    let (customer, order, mug) = order_with(&shop, "pm_test_delay_4500_hook_never").await;
    shop.provider.awaits_authorisation(&order).await;
    customer.cancels(&order, WHY).await.expect(200);
    shop.has_exact_stock(&mug, 3).await;

    customer.awaits(&order, "cancelled", "voided").await;
    shop.provider.charged_nothing(&order).await;
    assert_eq!(shop.provider.tally(&order).await.voided, 1, "the authorisation should be voided");
    shop.has_exact_stock(&mug, 3).await;
}

#[tokio::test]
async fn cancellation_during_the_capture_is_refunded() {
    let shop = Shop::open().await;
    // The money is captured, and the provider's response takes almost as long as souk waits. There are no webhooks.
    let card = format!("{}_hook_never", unique("pm_test_ok_"));
    let target = json!({ "method": "POST", "path_contains": "/capture", "card": card });
    shop.provider.fails(&json!({ "match": target, "kind": "delay", "ms": 4_500 })).await;
    let (customer, order, mug) = order_with(&shop, &card).await;
    customer.awaits(&order, "confirmed", "authorized").await;
    customer.cancels(&order, WHY).await.expect(200);
    shop.has_exact_stock(&mug, 3).await;

    customer.awaits(&order, "cancelled", "refunded").await;
    shop.provider.refunded_in_full(&order, 1).await;
    shop.has_exact_stock(&mug, 3).await;
    let history = customer.api.folds(&order).await;
    let is_paid = |entry: &&Value| entry["status"] != "cancelled" && entry["paymentStatus"] == "paid";
    assert_eq!(history.iter().find(is_paid), None, "the capture came after the end: {history:#?}");
}

#[tokio::test]
async fn only_the_shop_cancels_an_order_in_processing() {
    let shop = Shop::open().await;
    let (customer, order, mug) = paid_order(&shop).await;
    let admin = shop.admin().await;
    admin.moves(&order, "processing").await.expect(200);
    customer.cancels(&order, WHY).await.expect_problem(409, "illegal_transition");
    assert_eq!(customer.looks_up(&order).await.status(), "processing");
    shop.has_exact_stock(&mug, 2).await;

    admin.cancels(&order, "Broken in the warehouse").await.expect(200);
    customer.awaits(&order, "cancelled", "refunded").await;
    shop.has_exact_stock(&mug, 3).await;
    shop.provider.refunded_in_full(&order, 1).await;
    shop.mailbox.awaits(&customer.email, &[order.number(), "is cancelled", "We are sorry"]).await;
}

#[tokio::test]
async fn shipped_order_cannot_be_cancelled() {
    let shop = Shop::open().await;
    let (customer, order, mug) = paid_order(&shop).await;
    let admin = shop.admin().await;
    for status in ["processing", "shipped"] {
        admin.moves(&order, status).await.expect(200);
    }
    for caller in [&admin, &customer.api] {
        caller.cancels(&order, WHY).await.expect_problem(409, "illegal_transition");
    }
    shop.has_exact_stock(&mug, 2).await;
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn guest_cancels_with_the_order_token_only() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let guest = shop.new_guest();
    let (order, token) = guest.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let (_, anothers) = guest.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let holder = shop.anonymous().with_order_token(&token);
    holder.awaits(&order, "confirmed", "paid").await;
    for stranger in [shop.anonymous(), shop.anonymous().with_order_token(&anothers), shop.new_customer().await.api] {
        stranger.cancels(&order, WHY).await.expect_refusal(404);
    }

    holder.cancels(&order, WHY).await.expect(200);
    holder.awaits(&order, "cancelled", "refunded").await;
    shop.has_exact_stock(&mug, 2).await;
    shop.provider.refunded_in_full(&order, 1).await;
    shop.mailbox.awaits(&guest.email, &[order.number(), "is cancelled"]).await;
}

#[tokio::test]
async fn concurrent_cancellations_cancel_once() {
    let shop = Shop::open().await;
    let (customer, order, mug) = paid_order(&shop).await;
    let responses = join_all((0..8).map(|_| customer.cancels(&order, WHY))).await;
    let (successful, refused): (Vec<_>, Vec<_>) = responses.into_iter().partition(|response| response.status == 200);
    assert_eq!(successful.len(), 1, "one of eight should succeed");
    for response in refused {
        response.expect_problem(409, "illegal_transition");
    }
    customer.awaits(&order, "cancelled", "refunded").await;
    customer.cancels(&order, WHY).await.expect_problem(409, "illegal_transition");
    shop.admin().await.cancels(&order, WHY).await.expect_problem(409, "illegal_transition");
    shop.has_exact_stock(&mug, 3).await;
    shop.provider.refunded_in_full(&order, 1).await;
    let history = customer.api.folds(&order).await;
    assert_eq!(history.iter().filter(|entry| entry["reason"] == "cancelled_by_customer").count(), 1, "{history:#?}");
}

#[tokio::test]
async fn repeated_cancellation_gets_the_stored_response() {
    let shop = Shop::open().await;
    let (customer, order, mug) = paid_order(&shop).await;
    let key = unique("cancel");
    let send = |reason: &str| {
        let body = json!({ "reason": reason });
        customer.api.call(Method::POST, &path(&order)).idempotency_key(&key).json(&body).send()
    };
    let (first, again) = (send(WHY).await.expect(200), send(WHY).await.expect(200));
    assert!(!first.is_replayed() && again.is_replayed(), "{:?}", again.headers);
    assert_eq!(first.json(), again.json(), "the stored response should be the same");
    send("Another reason").await.expect_problem(422, "idempotency_mismatch");
    let without = customer.api.call(Method::POST, &path(&order)).json(&json!({ "reason": WHY })).send().await;
    without.expect_problem(409, "illegal_transition");
    customer.awaits(&order, "cancelled", "refunded").await;
    shop.has_exact_stock(&mug, 3).await;
    shop.provider.refunded_in_full(&order, 1).await;
}

#[tokio::test]
async fn cancellation_reason_is_validated_and_stored() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    for reason in [json!(""), json!("   "), json!("x".repeat(201)), json!("two\nlines"), json!(7), json!(null)] {
        let response = customer.api.post(&path(&order), &json!({ "reason": reason })).await;
        response.expect_refusal(422).names_field("reason");
    }
    customer.api.post(&path(&order), &json!({})).await.expect_refusal(422).names_field("reason");
    let more = json!({ "reason": WHY, "refund": true });
    customer.api.post(&path(&order), &more).await.expect_refusal(422).names_field("refund");
    assert_eq!(customer.looks_up(&order).await.status(), "confirmed", "nothing should be cancelled");

    let long = "x".repeat(200);
    customer.cancels(&order, &long).await.expect(200);
    let history = customer.api.history(&order).await;
    assert!(history.iter().any(|entry| entry["note"] == long.as_str()), "the reason should be stored: {history:#?}");
}

#[tokio::test]
async fn order_of_another_customer_cannot_be_cancelled() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    let stranger = shop.new_customer().await;
    let theirs = stranger.cancels(&order, WHY).await.expect_refusal(404);
    let reason = json!({ "reason": WHY });
    let nobodys = format!("/api/v1/orders/{NO_ORDER}/cancel");
    let nobodys = stranger.api.post(&nobodys, &reason).await.expect_refusal(404);
    assert_eq!(theirs.without_request_id(), nobodys.without_request_id(), "both responses should be the same");
    stranger.api.post("/api/v1/orders/nonsense/cancel", &reason).await.expect_refusal(404);
    assert_eq!(customer.looks_up(&order).await.status(), "confirmed");
}

#[tokio::test]
async fn cancellation_refunds_only_the_rest() {
    let shop = Shop::open().await;
    let (customer, order, mug) = paid_order(&shop).await;
    let admin = shop.admin().await;
    admin.refunds(&order, json!({ "amount": shop.money(300) })).await.expect(201);
    customer.awaits(&order, "confirmed", "partially_refunded").await;
    customer.cancels(&order, WHY).await.expect(200);
    customer.awaits(&order, "cancelled", "refunded").await;
    shop.provider.refunded_in_full(&order, 2).await;
    shop.has_exact_stock(&mug, 3).await;
}

/// `CancellationsPerAccount` of the test stack.
const CANCELLATIONS_PER_DAY: usize = 5;

#[tokio::test]
async fn paid_orders_are_cancelled_a_few_times_a_day() {
    let shop = Shop::open().await;
    let (mug, customer) = (shop.sells(Draft::with_stock(9)).await, shop.new_customer().await);
    let orders = join_all((0..=CANCELLATIONS_PER_DAY).map(async |_| {
        let order = customer.places(&Checkout::of(&[(&mug.sku, 1)])).await;
        customer.awaits(&order, "confirmed", "paid").await
    }))
    .await;
    // An unpaid order costs no fees, and does not count.
    let unpaid = customer.places(&Checkout::of(&[(&mug.sku, 1)]).paid_with(DECLINED)).await;
    customer.awaits(&unpaid, "pending", "failed").await;
    customer.cancels(&unpaid, WHY).await.expect(200);
    let responses = join_all(orders.iter().map(|order| customer.cancels(order, WHY))).await;
    let mut refused = orders.iter().zip(responses).filter(|(_, response)| response.status != 200);
    let (order, response) = refused.next().unwrap_or_else(|| panic!("one cancellation should be refused"));
    assert!(refused.next().is_none(), "{CANCELLATIONS_PER_DAY} cancellations should be allowed");
    let wait = response.expect_header("retry-after").parse::<u32>();
    assert!(matches!(wait, Ok(1..=86_400)), "{wait:?}");
    response.clone().expect_problem(429, "too_many_cancellations");
    assert_eq!(customer.looks_up(order).await.status(), "confirmed");
    // The shop may.
    shop.admin().await.cancels(order, WHY).await.expect(200);
}
