//! Carts: their limits, their expiry, and the changes that their owner is shown.

use e2e::{Checkout, Draft, Product, Shop, pieces};
use futures::future::join_all;
use serde_json::{Value, json};

/// New products, created a few at a time.
async fn products(shop: &Shop, count: usize) -> Vec<Product> {
    let mut products = Vec::new();
    while products.len() < count {
        let some = (count - products.len()).min(10);
        products.extend(join_all((0..some).map(|_| shop.sells(Draft::with_stock(9)))).await);
    }
    products
}

#[tokio::test]
async fn cart_holds_fifty_lines_and_becomes_one_order() {
    let shop = Shop::open().await;
    let products = products(&shop, 51).await;
    let customer = shop.new_customer().await;
    for product in &products[..50] {
        customer.adds(&product.sku, 1).await;
    }
    let last = &products[50];
    let response = customer.tries_to_add(json!({ "sku": last.sku, "quantity": 1 })).await;
    response.expect_problem(422, "cart_full");
    customer.adds(&products[7].sku, 1).await;
    assert_eq!(pieces(&customer.looks_into_cart().await).len(), 50);
    let many: Vec<_> = products.iter().map(|product| (product.sku.as_str(), 1)).collect();
    customer.tries_to_place(&Checkout::of(&many)).await.expect_refusal(422).names_field("items");

    // There is no room for what a guest has chosen.
    let cart = shop.anonymous().makes_cart().await;
    shop.anonymous().adds_to(&cart, &last.sku, 2).await.expect_success();
    let merged = customer.api.merges(&cart).await.expect(200).json();
    let expected = json!([{ "sku": last.sku, "kind": "capped", "was": 2, "now": 0 }]);
    assert_eq!((pieces(&merged).len(), &merged["changes"]), (50, &expected));

    let order = customer.checks_out().await;
    assert_eq!((order.items().len(), order.total()), (50, 51 * 1299));
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.has_exact_stock(&products[7], 7).await;
    shop.has_exact_stock(&products[49], 8).await;
}

#[tokio::test]
async fn cart_line_holds_at_most_999_units() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3000)).await;
    let customer = shop.new_customer().await;
    customer.adds(&mug.sku, 999).await;
    let response = customer.tries_to_add(json!({ "sku": mug.sku, "quantity": 1 })).await;
    response.expect_problem(422, "quantity_out_of_range").names_field("quantity");
    let twice = Checkout::of(&[(&mug.sku, 600), (&mug.sku, 600)]);
    customer.tries_to_place(&twice).await.expect_refusal(422);
    let order = customer.checks_out().await;
    assert_eq!(pieces(&order.0)[&mug.sku], 999);
}

#[tokio::test]
async fn concurrent_adds_from_two_devices_are_all_counted() {
    let shop = Shop::open().await;
    let (mug, pot) = (shop.sells(Draft::with_stock(50)).await, shop.sells(Draft::with_stock(50)).await);
    let customer = shop.new_customer().await;
    join_all((0..6).flat_map(|_| [customer.adds(&mug.sku, 1), customer.adds(&pot.sku, 2)])).await;
    let cart = pieces(&customer.looks_into_cart().await);
    assert_eq!((cart[&mug.sku], cart[&pot.sku]), (6, 12));
}

#[tokio::test]
async fn expired_cart_is_empty_at_once() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let customer = shop.new_customer().await;
    customer.adds(&mug.sku, 2).await;
    shop.expires_cart(customer.id()).await;
    assert_eq!(customer.looks_into_cart().await["items"], json!([]));
    customer.tries_to_place(&Checkout::of_cart()).await.expect_refusal(422);
    customer.adds(&mug.sku, 1).await;
    assert_eq!(pieces(&customer.looks_into_cart().await)[&mug.sku], 1, "a new cart should begin empty");

    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart().await;
    anonymous.adds_to(&cart, &mug.sku, 2).await.expect_success();
    shop.expires_cart(&cart).await;
    anonymous.looks_into(&cart).await.expect_refusal(404);
    anonymous.adds_to(&cart, &mug.sku, 1).await.expect_refusal(404);
    shop.new_guest().tries_to_place(&Checkout::of_guest_cart(&cart)).await.expect_refusal(422);
    shop.has_exact_stock(&mug, 9).await;
}

#[tokio::test]
async fn change_extends_a_cart_by_a_week() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let customer = shop.new_customer().await;
    customer.adds(&mug.sku, 1).await;
    let soon = e2e::webhooks::now() + 60;
    let row = format!("CART#{}", customer.id());
    shop.rows.sets("cart", &row, "CART", "expiresAt", json!({ "N": soon.to_string() })).await;
    customer.adds(&mug.sku, 1).await;
    let cart = shop.rows.reads("cart", &row, "CART").await;
    let until: u64 = cart["expiresAt"]["N"].as_str().and_then(|at| at.parse().ok()).unwrap_or_default();
    let week = 7 * 24 * 3600;
    assert!((until - e2e::webhooks::now()).abs_diff(week) < 300, "the cart should expire in a week: {cart}");
}

#[tokio::test]
async fn changes_since_the_last_read_are_shown_once() {
    let shop = Shop::open().await;
    let [dearer, scarcer, gone] = [
        shop.sells(Draft::with_stock(9)).await,
        shop.sells(Draft::with_stock(9)).await,
        shop.sells(Draft::with_stock(9)).await,
    ];
    let customer = shop.new_customer().await;
    for product in [&dearer, &scarcer, &gone] {
        customer.adds(&product.sku, 5).await;
    }
    assert_eq!(customer.looks_into_cart().await["changes"], json!([]));
    shop.reprices(&dearer, 1499).await;
    shop.archives(&gone).await;
    let other = shop.new_customer().await;
    other.places(&Checkout::of(&[(&scarcer.sku, 7)])).await;

    let cart = customer.looks_into_cart().await;
    let expected: Vec<Value> = vec![
        json!({ "sku": dearer.sku, "kind": "price", "was": shop.money(1299), "now": shop.money(1499) }),
        json!({ "sku": scarcer.sku, "kind": "stock", "was": 9, "now": 2 }),
        json!({ "sku": gone.sku, "kind": "gone", "was": 5, "now": 0 }),
    ];
    assert_eq!(cart["changes"], json!(expected), "{cart}");
    assert_eq!(cart["total"], shop.money(5 * 1499 + 5 * 1299), "{cart}");
    assert_eq!(customer.looks_into_cart().await["changes"], json!([]), "changes should be shown once");
}
