//! One order may have a limited number of pieces of a SKU: as many as the shop says, and otherwise 20 for a guest.

use e2e::{Checkout, Draft, Response, Shop};
use serde_json::json;

/// Panics unless the response refuses the quantity, and says how many pieces are allowed.
#[track_caller]
fn expect_too_many(response: Response, max: u32) {
    let problem = response.expect_problem(422, "max_per_order");
    assert!(problem.errors().iter().any(|error| error["maxPerOrder"] == max), "{}", problem.body);
}

#[tokio::test]
async fn guest_cannot_take_the_whole_stock() {
    let shop = Shop::open().await;
    let (mug, guest) = (shop.sells(Draft::with_stock(60)).await, shop.new_guest());
    expect_too_many(guest.tries_to_place(&Checkout::of(&[(&mug.sku, 60)])).await, 20);
    expect_too_many(guest.tries_to_place(&Checkout::of(&[(&mug.sku, 11), (&mug.sku, 10)])).await, 20);
    let quote = json!({ "items": [{ "sku": mug.sku, "quantity": 21 }] });
    expect_too_many(shop.anonymous().quotes(&quote).await, 20);
    let cart = shop.anonymous().makes_cart().await;
    expect_too_many(shop.anonymous().adds_to(&cart, &mug.sku, 21).await, 20);
    shop.has_exact_stock(&mug, 60).await;
    guest.places(&Checkout::of(&[(&mug.sku, 20)])).await;
    // An account may order more.
    shop.new_customer().await.places(&Checkout::of(&[(&mug.sku, 21)])).await;
}

#[tokio::test]
async fn shop_says_how_many_pieces_an_order_may_have() {
    let shop = Shop::open().await;
    let (mug, customer) = (shop.sells(Draft::with_stock(90)).await, shop.new_customer().await);
    customer.adds(&mug.sku, 3).await;
    let patched = shop.tries_to_patch(&mug.id, &json!({ "maxPerOrder": 2 })).await.expect(200).json();
    assert_eq!(patched["maxPerOrder"], 2, "{patched}");
    assert_eq!(shop.reads_product(&mug).await["maxPerOrder"], 2);
    expect_too_many(customer.tries_to_add(json!({ "sku": mug.sku, "quantity": 1 })).await, 2);
    // The cart was filled before the limit, so the transaction refuses the order.
    expect_too_many(customer.tries_to_place(&Checkout::of_cart()).await, 2);
    expect_too_many(customer.tries_to_place(&Checkout::of(&[(&mug.sku, 3)])).await, 2);
    customer.places(&Checkout::of(&[(&mug.sku, 2)])).await;
    // It also raises what a guest may order.
    shop.tries_to_patch(&mug.id, &json!({ "maxPerOrder": 30 })).await.expect(200);
    shop.new_guest().places(&Checkout::of(&[(&mug.sku, 30)])).await;
    let removed = shop.tries_to_patch(&mug.id, &json!({ "maxPerOrder": null })).await.expect(200).json();
    assert_eq!(removed["maxPerOrder"], json!(null), "{removed}");
    customer.checks_out().await;
}

#[tokio::test]
async fn variants_have_limits_of_their_own() {
    let shop = Shop::open().await;
    let mut shirt = shop.shirt(&[("S", 90, 1000), ("M", 90, 1000)]);
    shirt["maxPerOrder"] = json!(4);
    shirt["variants"][1]["maxPerOrder"] = json!(5);
    let admin = shop.admin().await;
    let created = admin.post("/api/v1/products", &shirt).await.expect(201).json();
    let limit = |at: usize| created["variants"][at]["maxPerOrder"].clone();
    assert_eq!((limit(0), limit(1)), (json!(4), json!(5)), "{created}");
    let sku = created["variants"][1]["sku"].as_str().unwrap_or_default();
    let guest = shop.new_guest();
    expect_too_many(guest.tries_to_place(&Checkout::of(&[(sku, 6)])).await, 5);
    guest.places(&Checkout::of(&[(sku, 5)])).await;
    shirt["sku"] = json!(e2e::unique("TEE").to_uppercase());
    shirt["variants"][0]["maxPerOrder"] = json!(0);
    admin.post("/api/v1/products", &shirt).await.expect_fault("variants[0].maxPerOrder", "max_per_order_out_of_range");
}
