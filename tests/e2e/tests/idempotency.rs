//! A repeated request has one effect.

use e2e::scenarios::paid_order;
use e2e::{Checkout, Draft, Shop, unique};
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn repeated_request_is_one_order() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let customer = shop.new_customer().await;
    customer.adds(&mug.sku, 1).await;
    let checkout = Checkout::of_cart();
    let first = customer.tries_to_place(&checkout).await.expect(201);
    let again = customer.tries_to_place(&checkout).await.expect(201);
    assert!(!first.is_replayed() && again.is_replayed(), "{:?}", again.headers);
    assert_eq!(first.json(), again.json(), "the stored response should be the same");

    let order = customer.awaits(&e2e::Order(first.json()), "confirmed", "paid").await;
    let late = customer.tries_to_place(&checkout).await.expect(201);
    assert_eq!(first.json(), late.json(), "the response should be stored, whatever the order's status");
    let orders = customer.api.get("/api/v1/orders").await.expect(200).json();
    assert_eq!(orders["data"].as_array().map(Vec::len), Some(1));
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 4).await;
}

#[tokio::test]
async fn late_repetition_of_a_change_gets_the_order_as_it_was_answered() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    let (admin, path) = (shop.admin().await, format!("/api/v1/orders/{}/status", order.id()));
    let move_to = async |status: &str| {
        let change = admin.call(Method::PATCH, &path).idempotency_key(&format!("{}-{status}", order.id()));
        change.json(&json!({ "status": status })).send().await.expect(200)
    };
    let mut answers = Vec::new();
    for status in ["processing", "shipped", "delivered"] {
        answers.push((status, move_to(status).await));
    }
    for (status, answer) in answers {
        let late = move_to(status).await;
        assert!(late.is_replayed(), "{status}: {:?}", late.headers);
        assert_eq!(late.text, answer.text, "{status}");
    }
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn concurrent_repetitions_are_one_order() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(50)).await;
    let customer = shop.new_customer().await;
    let checkout = Checkout::of(&[(&mug.sku, 1)]);
    let responses = join_all((0..8).map(|_| customer.tries_to_place(&checkout))).await;
    let orders: Vec<_> = responses.into_iter().map(|response| response.expect(201).json()["id"].clone()).collect();
    assert!(orders.iter().all(|id| *id == orders[0]), "{orders:?}");
    let listed = customer.api.get("/api/v1/orders").await.expect(200).json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    shop.awaits_stock(&mug, 49).await;
}

#[tokio::test]
async fn key_belongs_to_one_request_of_one_caller() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let customer = shop.new_customer().await;
    let checkout = Checkout::of(&[(&mug.sku, 1)]);
    customer.places(&checkout).await;
    let other = Checkout { key: checkout.key.clone(), ..Checkout::of(&[(&mug.sku, 2)]) };
    customer.tries_to_place(&other).await.expect_problem(422, "idempotency_mismatch");
    // A key belongs to its caller: another customer's order under the same key is another order.
    let somebody = shop.new_customer().await;
    let theirs = somebody.places(&Checkout { key: checkout.key.clone(), ..Checkout::of(&[(&mug.sku, 2)]) }).await;
    somebody.awaits(&theirs, "confirmed", "paid").await;
    shop.awaits_stock(&mug, 2).await;
}

#[tokio::test]
async fn order_and_payment_need_a_key() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let customer = shop.new_customer().await;
    let mut body = Checkout::of(&[(&mug.sku, 1)]).body;
    body["paymentMethod"] = shop.stack.payment_method.clone();
    let without = customer.api.call(Method::POST, "/api/v1/orders").json(&body).send().await;
    without.expect_problem(400, "idempotency_key_required");

    let order = customer.places(&Checkout::of(&[(&mug.sku, 1)]).paid_with("pm_card_chargeDeclined")).await;
    let pay = format!("/api/v1/orders/{}/pay", order.id());
    let body = json!({ "paymentMethod": { "token": "pm_card_visa" } });
    let without = customer.api.call(Method::POST, &pay).json(&body).send().await;
    without.expect_problem(400, "idempotency_key_required");
}

#[tokio::test]
async fn adding_twice_under_one_key_adds_once() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let customer = shop.new_customer().await;
    let (key, item) = (unique("add"), json!({ "sku": mug.sku, "quantity": 2 }));
    let add = || customer.api.call(Method::POST, "/api/v1/cart/me/items").idempotency_key(&key).json(&item).send();
    let (first, again) = (add().await.expect_success(), add().await.expect_success());
    assert!(!first.is_replayed() && again.is_replayed());
    let cart = customer.api.get("/api/v1/cart/me").await.expect(200).json();
    assert_eq!(cart["items"][0]["quantity"], 2, "{cart}");
}

#[tokio::test]
async fn paying_twice_under_one_key_pays_once() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let customer = shop.new_customer().await;
    let order = customer.places(&Checkout::of(&[(&mug.sku, 1)]).paid_with("pm_card_chargeDeclined")).await;
    customer.awaits(&order, "pending", "failed").await;
    let (key, pay) = (unique("pay"), format!("/api/v1/orders/{}/pay", order.id()));
    let with = |token: &str| {
        let body = json!({ "paymentMethod": { "token": token } });
        customer.api.call(Method::POST, &pay).idempotency_key(&key).json(&body).send()
    };
    let (first, again) = (with("pm_card_visa").await.expect_success(), with("pm_card_visa").await.expect_success());
    assert!(!first.is_replayed() && again.is_replayed(), "{:?}", again.headers);
    assert_eq!(first.json(), again.json(), "the stored response should be the same");
    with("pm_card_mastercard").await.expect_problem(422, "idempotency_mismatch");
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
}
