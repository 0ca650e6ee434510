//! Exactly one charge for an order, whatever fails between souk and the provider, and without webhooks (those are
//! in `webhooks.rs`). The provider's own books decide.

use e2e::scenarios::order_with;
use e2e::{Order, Shop};

/// The order is paid and charged once.
async fn charges_once(shop: &Shop, token: &str) -> Order {
    let (customer, order, mug) = order_with(shop, token).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 2).await;
    order
}

/// A unique good card with a fault: the next request to that path fails in this way.
async fn charges_once_despite(path: &str, kind: &str) {
    let shop = Shop::open().await;
    let token = shop.provider.card_failing(path, kind, 1).await;
    let order = charges_once(&shop, &token).await;
    let books = shop.provider.books(&order).await;
    let hit = books["requests"].as_array().into_iter().flatten().any(|request| request["fault"] == kind);
    assert!(hit, "the fault should occur: {books:#}");
}

#[tokio::test]
async fn confirmation_failing_before_its_effect_is_retried() {
    let shop = Shop::open().await;
    charges_once(&shop, "pm_test_fail_before_once_hook_never").await;
}

#[tokio::test]
async fn confirmation_failing_after_its_effect_is_not_repeated() {
    let shop = Shop::open().await;
    let order = charges_once(&shop, "pm_test_fail_after_once_hook_never").await;
    assert_eq!(shop.provider.tally(&order).await.authorised, 1);
}

#[tokio::test]
async fn confirmation_with_late_response_is_not_repeated() {
    let shop = Shop::open().await;
    charges_once(&shop, "pm_test_delay_7000_hook_never").await;
}

#[tokio::test]
async fn confirmation_with_lost_response_is_not_repeated() {
    charges_once_despite("/confirm", "drop_connection_after").await;
}

#[tokio::test]
async fn creation_with_lost_response_does_not_charge_twice() {
    charges_once_despite("/payment_intents", "drop_connection_after").await;
}

#[tokio::test]
async fn creation_failing_after_its_effect_does_not_charge_twice() {
    charges_once_despite("/payment_intents", "fail_after").await;
}

#[tokio::test]
async fn capture_failing_before_its_effect_is_retried() {
    charges_once_despite("/capture", "fail_before").await;
}

#[tokio::test]
async fn capture_failing_after_its_effect_is_not_repeated() {
    charges_once_despite("/capture", "fail_after").await;
}

#[tokio::test]
async fn capture_with_lost_response_is_not_repeated() {
    charges_once_despite("/capture", "drop_connection_after").await;
}

#[tokio::test]
async fn outage_longer_than_the_receives_of_a_message_loses_nothing() {
    let shop = Shop::open().await;
    // More failures than a message has receives before it goes to the dead-letter queue.
    charges_once(&shop, "pm_test_fail_before_4_hook_never").await;
}

#[tokio::test]
async fn every_request_that_moves_money_has_a_unique_key() {
    let shop = Shop::open().await;
    let order = charges_once(&shop, "pm_card_visa_hook_never").await;
    let books = shop.provider.books(&order).await;
    let posts = books["requests"].as_array().into_iter().flatten().filter(|request| request["method"] == "POST");
    let keys: Vec<_> =
        posts.map(|request| request["idempotency_key"].as_str().unwrap_or_default().to_owned()).collect();
    assert!(
        keys.len() >= 3 && keys.iter().all(|key| !key.is_empty()),
        "create, confirm and capture should each have a key: {keys:?}"
    );
    assert!(
        keys.iter().all(|key| keys.iter().filter(|other| *other == key).count() == 1),
        "keys should be unique: {keys:?}"
    );
}

#[tokio::test]
async fn payment_without_faults_takes_three_requests() {
    let shop = Shop::open().await;
    let order = charges_once(&shop, "pm_card_visa_hook_never").await;
    let books = shop.provider.books(&order).await;
    let posts = books["requests"].as_array().into_iter().flatten().filter(|request| request["method"] == "POST");
    let ends = posts.filter_map(|request| request["path"].as_str()?.rsplit('/').next());
    assert_eq!(
        ends.collect::<Vec<_>>(),
        ["payment_intents", "confirm", "capture"],
        "each request should be sent once: {books:#}"
    );
}
