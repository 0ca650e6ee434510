//! Exactly one charge an order, whatever happens between souk and the provider, and though no webhook tells of it (those are
//! in `webhooks.rs`). The judge is the provider's own book.

use e2e::scenarios::order_with;
use e2e::{Order, Shop};

/// The order ends as it should: paid, and charged once.
async fn one_charge(shop: &Shop, token: &str) -> Order {
    let (customer, order, mug) = order_with(shop, token).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 2).await;
    order
}

/// A good card of this test's own, at which a fault is aimed: the next request of that path fails in this way.
async fn one_charge_although(path: &str, kind: &str) {
    let shop = Shop::open().await;
    let token = shop.provider.card_failing(path, kind, 1).await;
    let order = one_charge(&shop, &token).await;
    let books = shop.provider.books(&order).await;
    let hit = books["requests"].as_array().into_iter().flatten().any(|request| request["fault"] == kind);
    assert!(hit, "the fault was met: {books:#}");
}

#[tokio::test]
async fn a_confirmation_that_fails_before_its_effect_is_made_again() {
    let shop = Shop::open().await;
    one_charge(&shop, "pm_test_fail_before_once_hook_never").await;
}

#[tokio::test]
async fn a_confirmation_that_fails_after_its_effect_is_not_made_again() {
    let shop = Shop::open().await;
    let order = one_charge(&shop, "pm_test_fail_after_once_hook_never").await;
    assert_eq!(shop.provider.tally(&order).await.authorised, 1);
}

#[tokio::test]
async fn a_confirmation_that_is_answered_too_late_is_not_made_again() {
    let shop = Shop::open().await;
    one_charge(&shop, "pm_test_delay_7000_hook_never").await;
}

#[tokio::test]
async fn a_confirmation_whose_answer_is_lost_is_not_made_again() {
    one_charge_although("/confirm", "drop_connection_after").await;
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_charges_nothing_twice() {
    one_charge_although("/payment_intents", "drop_connection_after").await;
}

#[tokio::test]
async fn a_creation_that_fails_after_its_effect_charges_nothing_twice() {
    one_charge_although("/payment_intents", "fail_after").await;
}

#[tokio::test]
async fn a_capture_that_fails_before_its_effect_is_made_again() {
    one_charge_although("/capture", "fail_before").await;
}

#[tokio::test]
async fn a_capture_that_fails_after_its_effect_is_not_made_again() {
    one_charge_although("/capture", "fail_after").await;
}

#[tokio::test]
async fn a_capture_whose_answer_is_lost_is_not_made_again() {
    one_charge_although("/capture", "drop_connection_after").await;
}

#[tokio::test]
async fn an_outage_outlasts_the_receives_of_a_message_and_loses_nothing() {
    let shop = Shop::open().await;
    // More failures than a message has receives before it is taken for poison.
    one_charge(&shop, "pm_test_fail_before_4_hook_never").await;
}

#[tokio::test]
async fn every_request_that_moves_money_has_a_key_of_its_own() {
    let shop = Shop::open().await;
    let order = one_charge(&shop, "pm_card_visa_hook_never").await;
    let books = shop.provider.books(&order).await;
    let posts = books["requests"].as_array().into_iter().flatten().filter(|request| request["method"] == "POST");
    let keys: Vec<_> =
        posts.map(|request| request["idempotency_key"].as_str().unwrap_or_default().to_owned()).collect();
    assert!(
        keys.len() >= 3 && keys.iter().all(|key| !key.is_empty()),
        "create, confirm, capture, each with a key: {keys:?}"
    );
    assert!(keys.iter().all(|key| keys.iter().filter(|other| *other == key).count() == 1), "no key twice: {keys:?}");
}

#[tokio::test]
async fn a_payment_without_trouble_is_made_by_three_requests() {
    let shop = Shop::open().await;
    let order = one_charge(&shop, "pm_card_visa_hook_never").await;
    let books = shop.provider.books(&order).await;
    let posts = books["requests"].as_array().into_iter().flatten().filter(|request| request["method"] == "POST");
    let ends = posts.filter_map(|request| request["path"].as_str()?.rsplit('/').next());
    assert_eq!(ends.collect::<Vec<_>>(), ["payment_intents", "confirm", "capture"], "none twice: {books:#}");
}
