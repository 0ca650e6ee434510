//! Merging carts at login: the quantities of a guest's cart are added to the account's own, once.

use std::collections::BTreeMap;

use e2e::{Checkout, Draft, Shop, pieces, unique};
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

/// Well-formed, but no cart.
const NO_CART: &str = "crt_01h455vb4pex5vsknk084sn02q";

fn holding(lines: &[(&str, u64)]) -> BTreeMap<String, u64> {
    lines.iter().map(|(sku, quantity)| ((*sku).to_owned(), *quantity)).collect()
}

#[tokio::test]
async fn guest_cart_is_merged_at_login() {
    let shop = Shop::open().await;
    let (mug, pot) = (shop.sells(Draft::with_stock(9)).await, shop.sells(Draft::with_stock(9)).await);
    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart().await;
    anonymous.adds_to(&cart, &mug.sku, 2).await.expect_success();
    anonymous.adds_to(&cart, &pot.sku, 1).await.expect_success();
    let customer = shop.new_customer().await;
    customer.adds(&mug.sku, 3).await;

    let merged = customer.api.merges(&cart).await.expect(200).json();
    assert_eq!(pieces(&merged), holding(&[(&mug.sku, 5), (&pot.sku, 1)]), "{merged}");
    assert_eq!((&merged["owner"], &merged["changes"]), (&json!(customer.id()), &json!([])), "{merged}");
    assert_eq!(merged["total"], shop.money(6 * 1299), "{merged}");
    assert_eq!(pieces(&customer.looks_into_cart().await), pieces(&merged));
    let guests = anonymous.looks_into(&cart).await.expect(200).json();
    assert_eq!(guests["items"], json!([]), "merged items should leave the guest's cart");

    let order = customer.checks_out().await;
    assert_eq!(pieces(&order.0), pieces(&merged));
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.has_exact_stock(&mug, 4).await;
}

#[tokio::test]
async fn merged_quantity_is_capped_by_the_stock_and_reported() {
    let shop = Shop::open().await;
    let (scarce, plenty) = (shop.sells(Draft::with_stock(5)).await, shop.sells(Draft::with_stock(2000)).await);
    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart().await;
    let customer = shop.new_customer().await;
    shop.tries_to_patch(&plenty.id, &json!({ "maxPerOrder": 999 })).await.expect(200);
    for (product, guests, own) in [(&scarce, 4, 3), (&plenty, 600, 500)] {
        anonymous.adds_to(&cart, &product.sku, guests).await.expect_success();
        customer.adds(&product.sku, own).await;
    }
    let merged = customer.api.merges(&cart).await.expect(200).json();
    assert_eq!(pieces(&merged), holding(&[(&scarce.sku, 5), (&plenty.sku, 999)]), "{merged}");
    let changes = merged["changes"].as_array().cloned().unwrap_or_default();
    for (sku, was, now) in [(&scarce.sku, 7, 5), (&plenty.sku, 1100, 999)] {
        let expected = json!({ "sku": sku, "kind": "capped", "was": was, "now": now });
        assert!(changes.contains(&expected), "{expected} should be reported: {merged}");
    }
    assert_eq!(customer.looks_into_cart().await["changes"], json!([]), "changes should be shown once");
}

#[tokio::test]
async fn archived_product_is_not_merged() {
    let shop = Shop::open().await;
    let (mug, gone) = (shop.sells(Draft::with_stock(9)).await, shop.sells(Draft::with_stock(9)).await);
    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart().await;
    for product in [&mug, &gone] {
        anonymous.adds_to(&cart, &product.sku, 1).await.expect_success();
    }
    shop.archives(&gone).await;
    let customer = shop.new_customer().await;
    let merged = customer.api.merges(&cart).await.expect(200).json();
    assert_eq!(pieces(&merged), holding(&[(&mug.sku, 1)]), "{merged}");
    assert_eq!(merged["changes"][0]["kind"], "gone", "{merged}");
}

#[tokio::test]
async fn repeated_merge_changes_nothing() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart().await;
    anonymous.adds_to(&cart, &mug.sku, 2).await.expect_success();
    let customer = shop.new_customer().await;
    customer.adds(&mug.sku, 1).await;

    let key = unique("merge");
    let send = || {
        let call = customer.api.call(Method::POST, "/api/v1/cart/me/merge");
        call.idempotency_key(&key).json(&json!({ "from": cart })).send()
    };
    let (first, again) = (send().await.expect(200), send().await.expect(200));
    assert!(!first.is_replayed() && again.is_replayed(), "{:?}", again.headers);
    assert_eq!(first.json(), again.json(), "the stored response should be the same");
    let another = customer.api.merges(&cart).await.expect(200).json();
    assert_eq!(pieces(&another), holding(&[(&mug.sku, 3)]), "another key should not merge again: {another}");
    assert_eq!(another["version"], first.json()["version"], "nothing should be written: {another}");

    // The guest's cart still exists: items that are added later are merged next time.
    anonymous.adds_to(&cart, &mug.sku, 1).await.expect_success();
    let later = customer.api.merges(&cart).await.expect(200).json();
    assert_eq!(pieces(&later), holding(&[(&mug.sku, 4)]), "{later}");
}

#[tokio::test]
async fn concurrent_merges_merge_once() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(50)).await;
    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart().await;
    anonymous.adds_to(&cart, &mug.sku, 3).await.expect_success();
    let (ada, bob) = (shop.new_customer().await, shop.new_customer().await);
    let responses = join_all((0..3).flat_map(|_| [ada.api.merges(&cart), bob.api.merges(&cart)])).await;
    for response in responses {
        response.expect(200);
    }
    let (adas, bobs) = (pieces(&ada.looks_into_cart().await), pieces(&bob.looks_into_cart().await));
    assert_eq!(adas.values().chain(bobs.values()).sum::<u64>(), 3, "no unit should be merged twice: {adas:?} {bobs:?}");
}

#[tokio::test]
async fn only_an_existing_guest_cart_can_be_merged() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let (customer, stranger) = (shop.new_customer().await, shop.new_customer().await);
    stranger.adds(&mug.sku, 2).await;
    let expired = shop.anonymous().makes_cart().await;
    shop.anonymous().adds_to(&expired, &mug.sku, 2).await.expect_success();
    shop.expires_cart(&expired).await;
    for from in [stranger.id(), customer.id(), "me", NO_CART, "nonsense", "", &expired] {
        customer.api.merges(from).await.expect_problem(422, "cart_unknown").names_field("from");
    }
    for body in [json!({}), json!({ "from": 7 }), json!({ "from": null })] {
        customer.api.post("/api/v1/cart/me/merge", &body).await.expect_refusal(422).names_field("from");
    }
    let more = json!({ "from": NO_CART, "strategy": "sum" });
    customer.api.post("/api/v1/cart/me/merge", &more).await.expect_refusal(422).names_field("strategy");
    assert_eq!(customer.looks_into_cart().await["items"], json!([]));
    assert_eq!(
        pieces(&stranger.looks_into_cart().await),
        holding(&[(&mug.sku, 2)]),
        "the stranger's cart should be unchanged"
    );
}

#[tokio::test]
async fn guest_cannot_merge_carts() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart().await;
    anonymous.adds_to(&cart, &mug.sku, 1).await.expect_success();
    anonymous.merges(&cart).await.expect_refusal(401);
    // But guests can order from their cart.
    let guest = shop.new_guest();
    let (order, token) = guest.places(&Checkout::of_guest_cart(&cart)).await;
    let order = anonymous.with_order_token(&token).awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    assert_eq!(
        anonymous.looks_into(&cart).await.expect(200).json()["items"],
        json!([]),
        "the order should empty the cart"
    );
}
