//! Coupons in carts: what they take off, why they are refused, and what a cart says of them.

use e2e::{Product, Shop, unique, with};
use reqwest::Method;
use serde_json::{Value, json};

/// The market of these tests.
const MARKET: &str = "e2e-coupons";

async fn shop_with_market() -> Shop {
    let shop = Shop::open().await;
    shop.has_market(MARKET, &json!({ "currency": shop.stack.currency, "prices": "gross" })).await;
    shop
}

/// A product at 14.90 in a category of its own.
async fn mug(shop: &Shop) -> (Product, String) {
    let category = unique("coupons");
    let body = with(&with(&shop.mug(), "/category", json!(category)), "/stock/available", json!(9));
    (shop.sells_this(&body).await, category)
}

/// Publishes a promotion that takes 10 % off everything, with other fields, and adds a code to it.
async fn coupon(shop: &Shop, fields: Value) -> String {
    let mut body = json!({
        "market": MARKET, "name": "Ten percent", "stage": "order", "effect": { "kind": "percentage", "ppm": 100_000 },
        "scope": { "everything": true }, "combine": "stack", "trigger": "code",
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let admin = shop.admin().await;
    let draft = admin.post("/api/v1/promotions", &body).await.expect(201).json();
    let path = format!("/api/v1/promotions/{}", draft["id"].as_str().unwrap_or_default());
    let publish = admin.call(Method::POST, &format!("{path}/publish"));
    publish.header("If-Match", &format!("\"{}\"", draft["version"])).send().await.expect_success();
    let code = unique("CART").to_uppercase();
    admin.post(&format!("{path}/codes"), &json!({ "code": code })).await.expect_success();
    code
}

/// A condition on the least value of the goods.
fn minimum(shop: &Shop, amount: i64) -> Value {
    json!({ "minimum": { "amount": shop.money(amount) } })
}

#[tokio::test]
async fn coupon_takes_its_discount_off_until_it_is_removed() {
    let shop = shop_with_market().await;
    let ((mug, category), (other, _)) = (mug(&shop).await, mug(&shop).await);
    let code = coupon(&shop, json!({ "scope": { "categories": [category] } })).await;
    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart_in(MARKET).await;
    for product in [&mug, &other] {
        anonymous.adds_to(&cart, &product.sku, 2).await.expect_success();
    }
    let changed = anonymous.adds_coupon(&cart, &code.to_lowercase()).await.expect(200).json();
    assert_eq!((&changed["coupons"], &changed["refusedCoupons"]), (&json!([code]), &json!([])), "{changed}");
    let discount = &changed["discounts"][0];
    assert_eq!((&discount["name"], &discount["code"]), (&json!("Ten percent"), &json!(code)), "{changed}");
    assert_eq!((&discount["amount"], &changed["discount"]), (&shop.money(298), &shop.money(298)), "{changed}");
    let of_items = [&changed["items"][0]["discount"], &changed["items"][1]["discount"]];
    assert_eq!(of_items, [&shop.money(298), &shop.money(0)], "only one product is in scope: {changed}");
    assert_eq!((&changed["subtotal"], &changed["total"]), (&shop.money(5_960), &shop.money(5_662)), "{changed}");

    let read = anonymous.looks_into(&cart).await.expect(200).json();
    assert_eq!((&read["total"], &read["discounts"]), (&changed["total"], &changed["discounts"]), "{read}");
    let item = anonymous.put(&format!("/api/v1/cart/{cart}/items/{}", mug.sku), &read["items"][0]).await;
    assert_eq!(item.expect(200).json()["total"], read["total"], "an item can be sent back");

    let removed = anonymous.removes_coupon(&cart, &code).await.expect(200).json();
    assert_eq!((&removed["coupons"], &removed["total"]), (&json!([]), &shop.money(5_960)), "{removed}");
    anonymous.removes_coupon(&cart, &code).await.expect_problem(404, "not_found");
    anonymous.removes_coupon(&cart, "no!").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn coupon_that_cannot_be_used_is_refused() {
    let shop = shop_with_market().await;
    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart_in(MARKET).await;
    anonymous.adds_coupon(&cart, &unique("NONE")).await.expect_problem(422, "coupon_unknown");
    anonymous.adds_coupon(&cart, "no!").await.expect_fault("code", "invalid_value");
    let late = coupon(&shop, json!({ "startsAt": "2099-01-01T00:00:00Z" })).await;
    anonymous.adds_coupon(&cart, &late).await.expect_problem(422, "coupon_not_started");
    let elsewhere = coupon(&shop, json!({ "market": "home" })).await;
    anonymous.adds_coupon(&cart, &elsewhere).await.expect_problem(422, "coupon_not_applicable");
    let good = coupon(&shop, json!({})).await;
    anonymous.adds_coupon(&cart, &good).await.expect(200);
    anonymous.adds_coupon(&cart, &good).await.expect_problem(422, "coupon_doubled");
    let read = anonymous.looks_into(&cart).await.expect(200).json();
    assert_eq!(read["coupons"], json!([good]), "no other coupon is in the cart: {read}");
}

#[tokio::test]
async fn cart_has_at_most_five_coupons() {
    let shop = shop_with_market().await;
    let customer = shop.new_customer().await;
    customer.api.post("/api/v1/cart", &json!({ "market": MARKET })).await.expect(200);
    for _ in 0..5 {
        customer.api.adds_coupon("me", &coupon(&shop, json!({})).await).await.expect(200);
    }
    let sixth = coupon(&shop, json!({})).await;
    customer.api.adds_coupon("me", &sixth).await.expect_problem(422, "too_many_coupons");
    customer.api.delete("/api/v1/cart/me").await.expect(204);
    let cart = customer.looks_into_cart().await;
    assert_eq!((&cart["coupons"], &cart["market"]), (&json!([]), &json!(MARKET)), "{cart}");
}

#[tokio::test]
async fn coupon_below_its_minimum_stays_and_the_cart_says_what_is_missing() {
    let shop = shop_with_market().await;
    let (mug, _) = mug(&shop).await;
    let code = coupon(&shop, json!({ "conditions": minimum(&shop, 5_000) })).await;
    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart_in(MARKET).await;
    anonymous.adds_to(&cart, &mug.sku, 2).await.expect_success();
    let low = anonymous.adds_coupon(&cart, &code).await.expect(200).json();
    let refused = json!([{ "code": code, "reason": "coupon_not_applicable" }]);
    assert_eq!((&low["refusedCoupons"], &low["discounts"]), (&refused, &json!([])), "{low}");
    let hint = &low["hints"][0];
    assert_eq!((&hint["kind"], &hint["missing"]), (&json!("minimum"), &shop.money(2_020)), "{low}");
    let high = anonymous.adds_to(&cart, &mug.sku, 2).await.expect_success().json();
    assert_eq!((&high["refusedCoupons"], &high["hints"]), (&json!([]), &json!([])), "{high}");
    assert_eq!(high["discount"], shop.money(596), "{high}");
}

#[tokio::test]
async fn free_shipping_is_a_hint_until_its_minimum_is_reached() {
    let shop = shop_with_market().await;
    let (mug, _) = mug(&shop).await;
    let free = json!({ "stage": "shipping", "effect": { "kind": "free" }, "conditions": minimum(&shop, 5_000) });
    let code = coupon(&shop, free).await;
    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart_in(MARKET).await;
    anonymous.adds_coupon(&cart, &code).await.expect(200);
    let low = anonymous.adds_to(&cart, &mug.sku, 3).await.expect_success().json();
    assert_eq!(low["hints"][0]["missing"], shop.money(530), "{low}");
    let high = anonymous.adds_to(&cart, &mug.sku, 1).await.expect_success().json();
    assert_eq!((&high["hints"], &high["refusedCoupons"]), (&json!([]), &json!([])), "a quote decides: {high}");
    assert_eq!((&high["discounts"], &high["total"]), (&json!([]), &shop.money(5_960)), "{high}");
}

#[tokio::test]
async fn coupons_of_merged_carts_are_united() {
    let shop = shop_with_market().await;
    let (mug, _) = mug(&shop).await;
    let (guests, own) = (coupon(&shop, json!({})).await, coupon(&shop, json!({})).await);
    let (anonymous, customer) = (shop.anonymous(), shop.new_customer().await);
    let cart = anonymous.makes_cart_in(MARKET).await;
    anonymous.adds_to(&cart, &mug.sku, 1).await.expect_success();
    customer.api.post("/api/v1/cart", &json!({ "market": MARKET })).await.expect(200);
    for code in [&guests, &own] {
        anonymous.adds_coupon(&cart, code).await.expect(200);
    }
    customer.api.adds_coupon("me", &own).await.expect(200);
    let merged = customer.api.merges(&cart).await.expect(200).json();
    assert_eq!(merged["coupons"], json!([own, guests]), "{merged}");
    // 10 % of 14.90, and 10 % of the rest.
    assert_eq!(merged["discount"], shop.money(283), "{merged}");
    let left = anonymous.looks_into(&cart).await.expect(200).json();
    assert_eq!((&left["items"], &left["coupons"]), (&json!([]), &json!([])), "{left}");
}
