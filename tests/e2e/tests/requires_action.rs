//! Cards whose bank wants to authenticate the customer: the API shows the next action, and the customer's result
//! counts.

use e2e::scenarios::order_with;
use e2e::{Checkout, Customer, Draft, Order, Product, Shop};
use serde_json::{Value, json};

/// The bank asks for authentication; the provider sends webhooks.
const ASKS: &str = "pm_card_authenticationRequired";
/// The bank asks for authentication; the provider sends no webhooks.
const ASKS_QUIETLY: &str = "pm_card_authenticationRequired_hook_never";
const GOOD: &str = "pm_card_visa";

/// An order whose customer has to visit the bank's page.
async fn order_awaiting_authentication(shop: &Shop, card: &str) -> (Customer, Order, Product, Value) {
    let (customer, order, mug) = order_with(shop, card).await;
    let payment = customer.api.awaits_payment(&order, "requires_action").await;
    (customer, order, mug, payment)
}

/// The provider's intent that a payment waits for.
fn intent_of(payment: &Value) -> String {
    let url = payment["nextAction"]["url"].as_str().unwrap_or_default();
    url.split('/').find(|part| part.starts_with("pi_")).unwrap_or_default().to_owned()
}

/// The status of an intent at the provider.
async fn state_of(shop: &Shop, order: &Order, intent: &str) -> Value {
    let books = shop.provider.books(order).await;
    let found = books["intents"].as_array().into_iter().flatten().find(|one| one["id"] == intent);
    found.map(|one| one["status"].clone()).unwrap_or_else(|| panic!("the provider should know {intent}: {books:#}"))
}

#[tokio::test]
async fn payment_shows_the_banks_page() {
    let shop = Shop::open().await;
    let (customer, order, mug, payment) = order_awaiting_authentication(&shop, ASKS).await;
    assert_eq!(payment["nextAction"]["type"], "redirect", "{payment}");
    assert!(payment["nextAction"]["url"].as_str().is_some_and(|url| url.starts_with("http")), "{payment}");
    assert_eq!((&payment["captured"], &payment["failure"]), (&shop.money(0), &json!(null)), "{payment}");
    let now = customer.looks_up(&order).await;
    assert_eq!((now.status(), now.payment_status()), ("pending", "unpaid"), "the order should wait");
    shop.has_exact_stock(&mug, 2).await;
    shop.provider.charged_nothing(&order).await;

    assert!(shop.provider.authenticates(&payment, "succeed").await);
    let order = customer.awaits(&order, "confirmed", "paid").await;
    let payment = customer.looks_up_payment(&order).await;
    assert_eq!((&payment["status"], &payment["nextAction"]), (&json!("captured"), &json!(null)), "{payment}");
}

#[tokio::test]
async fn returning_customer_confirms_the_payment() {
    let shop = Shop::open().await;
    let (customer, order, mug, payment) = order_awaiting_authentication(&shop, ASKS_QUIETLY).await;
    // A check without authentication changes nothing.
    shop.requests_payment_check(&order).await;
    assert_eq!(customer.looks_up_payment(&order).await["status"], "requires_action");

    assert!(shop.provider.authenticates(&payment, "succeed").await);
    let confirmed = customer.api.confirms(&order).await.expect(202).json();
    assert_eq!(confirmed["id"], order.payment_id(), "{confirmed}");
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.has_exact_stock(&mug, 2).await;
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn webhook_confirms_the_payment_of_a_customer_who_does_not_return() {
    let shop = Shop::open().await;
    let (customer, order, _mug, payment) = order_awaiting_authentication(&shop, ASKS).await;
    assert!(shop.provider.authenticates(&payment, "succeed").await);
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    let events = shop.provider.awaits_webhooks(&order).await;
    let kinds: Vec<_> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    for kind in ["payment_intent.requires_action", "payment_intent.amount_capturable_updated"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
}

#[tokio::test]
async fn webhook_and_confirmation_may_arrive_together() {
    let shop = Shop::open().await;
    let (customer, order, _mug, payment) =
        order_awaiting_authentication(&shop, "pm_card_authenticationRequired_hook_twice_500ms").await;
    assert!(shop.provider.authenticates(&payment, "succeed").await);
    for _ in 0..3 {
        // Nothing is left to confirm once it is paid.
        let response = customer.api.confirms(&order).await;
        assert!(matches!(response.status, 202 | 409), "{} {}", response.status, response.text);
    }
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.awaits_webhooks(&order).await;
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn guest_authenticates_with_the_order_token() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let guest = shop.new_guest();
    let (order, token) = guest.places(&Checkout::of(&[(&mug.sku, 1)]).paid_with(ASKS_QUIETLY)).await;
    let holder = shop.anonymous().with_order_token(&token);
    let payment = holder.awaits_payment(&order, "requires_action").await;
    let (_, anothers) = guest.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    for stranger in [shop.anonymous().with_order_token(&anothers), shop.new_customer().await.api] {
        stranger.reads_payment(&order).await.expect_refusal(404);
        stranger.confirms(&order).await.expect_refusal(404);
    }
    shop.anonymous().reads_payment(&order).await.expect_refusal(401);
    shop.anonymous().confirms(&order).await.expect_refusal(401);

    assert!(shop.provider.authenticates(&payment, "succeed").await);
    holder.confirms(&order).await.expect(202);
    let order = holder.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    let listed = holder.get(&format!("/api/v1/payments?orderId={}", order.id())).await.expect(200).json();
    assert_eq!(listed["data"][0]["id"], order.payment_id(), "{listed}");
}

#[tokio::test]
async fn another_card_pays_and_closes_the_first_page() {
    let shop = Shop::open().await;
    let (customer, order, mug, payment) = order_awaiting_authentication(&shop, ASKS).await;
    customer.pays(&order, GOOD).await.expect_success();
    let order = customer.awaits(&order, "confirmed", "paid").await;
    assert_eq!(state_of(&shop, &order, &intent_of(&payment)).await, "canceled", "the first intent should be cancelled");
    assert!(!shop.provider.authenticates(&payment, "succeed").await, "the bank's page should be closed");
    shop.provider.charged_once(&order).await;
    shop.has_exact_stock(&mug, 2).await;
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn second_card_may_ask_for_authentication_too() {
    let shop = Shop::open().await;
    let (customer, order, _mug, first) = order_awaiting_authentication(&shop, ASKS).await;
    customer.pays(&order, "pm_card_threeDSecure2Required").await.expect_success();
    let second = e2e::await_until("the other card's bank asks", e2e::SOON, async || {
        let payment = customer.looks_up_payment(&order).await;
        let asks = payment["status"] == "requires_action" && intent_of(&payment) != intent_of(&first);
        if asks { Ok(payment) } else { Err(payment.to_string()) }
    })
    .await;
    assert!(!shop.provider.authenticates(&first, "succeed").await, "the first page should be closed");
    assert!(shop.provider.authenticates(&second, "succeed").await);
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn failed_authentication_is_declined_and_another_card_pays() {
    let shop = Shop::open().await;
    let (customer, order, mug, payment) = order_awaiting_authentication(&shop, ASKS).await;
    assert!(shop.provider.authenticates(&payment, "fail").await);
    let order = customer.awaits(&order, "pending", "failed").await;
    let payment = customer.looks_up_payment(&order).await;
    assert_eq!(payment["status"], "failed", "{payment}");
    assert_eq!(payment["failure"]["code"], "payment_intent_authentication_failure", "{payment}");
    shop.mailbox.awaits(&customer.email, &[order.number(), "did not go through"]).await;

    customer.pays(&order, GOOD).await.expect_success();
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.has_exact_stock(&mug, 2).await;
}

#[tokio::test]
async fn order_without_authentication_is_cancelled_and_not_charged() {
    let shop = Shop::open().await;
    let (customer, order, mug, payment) = order_awaiting_authentication(&shop, ASKS).await;
    let order = customer.awaits(&order, "cancelled", "voided").await;
    shop.has_exact_stock(&mug, 3).await;
    assert_eq!(state_of(&shop, &order, &intent_of(&payment)).await, "canceled");
    assert!(!shop.provider.authenticates(&payment, "succeed").await, "the bank's page should be closed");
    shop.provider.charged_nothing(&order).await;
    assert_eq!(customer.looks_up_payment(&order).await["status"], "cancelled");
    shop.mailbox.awaits(&customer.email, &[order.number(), "is cancelled", "not paid in time"]).await;
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn page_finished_before_the_end_of_the_hold_pays_although_its_webhook_is_lost() {
    let shop = Shop::open().await;
    let (customer, order, mug, payment) = order_awaiting_authentication(&shop, ASKS_QUIETLY).await;
    assert!(shop.provider.authenticates(&payment, "succeed").await);
    shop.reaches_end_of_hold(&order).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.has_exact_stock(&mug, 2).await;
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn page_that_failed_before_the_end_of_the_hold_ends_the_order() {
    let shop = Shop::open().await;
    let (customer, order, mug, payment) = order_awaiting_authentication(&shop, ASKS_QUIETLY).await;
    assert!(shop.provider.authenticates(&payment, "fail").await);
    shop.reaches_end_of_hold(&order).await;
    // In the same run of the worker.
    let now = customer.looks_up(&order).await;
    assert_eq!((now.status(), now.payment_status()), ("cancelled", "voided"), "{}", now.0);
    shop.provider.charged_nothing(&order).await;
    shop.has_exact_stock(&mug, 3).await;
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn order_is_cancelled_during_authentication() {
    let shop = Shop::open().await;
    let (customer, order, mug, payment) = order_awaiting_authentication(&shop, ASKS).await;
    customer.cancels(&order, "I have no phone with me").await.expect(200);
    let order = customer.awaits(&order, "cancelled", "voided").await;
    assert_eq!(state_of(&shop, &order, &intent_of(&payment)).await, "canceled");
    shop.provider.charged_nothing(&order).await;
    shop.has_exact_stock(&mug, 3).await;
}
