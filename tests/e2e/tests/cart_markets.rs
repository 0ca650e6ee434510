//! Markets and customer groups of carts: which prices a cart has, and when they change.

use e2e::{Product, SOON, Shop, await_until, pieces, unique, with};
use reqwest::Method;
use serde_json::{Value, json};

/// A market in another currency than the shop's.
const ABROAD: &str = "e2e-cart-abroad";
/// A market in the shop's currency.
const NEAR: &str = "e2e-cart-near";

fn foreign(shop: &Shop, amount: i64) -> Value {
    let currency = if shop.stack.currency == "USD" { "GBP" } else { "USD" };
    json!({ "amount": amount, "currency": currency })
}

async fn shop_with_markets() -> Shop {
    let shop = Shop::open().await;
    let currency = foreign(&shop, 0)["currency"].clone();
    shop.has_market(ABROAD, &json!({ "currency": currency, "prices": "net" })).await;
    shop.has_market(NEAR, &json!({ "currency": shop.stack.currency, "prices": "gross" })).await;
    shop
}

/// A product at 14.90 in the shop, and at 9.90 in the market abroad.
async fn mug(shop: &Shop) -> Product {
    let prices = json!([{ "list": ABROAD, "price": foreign(shop, 990) }]);
    shop.sells_this(&with(&shop.mug(), "/prices", prices)).await
}

#[tokio::test]
async fn cart_has_the_prices_of_its_market() {
    let shop = shop_with_markets().await;
    let (mug, local) = (mug(&shop).await, shop.sells_this(&shop.mug()).await);
    let anonymous = shop.anonymous();
    let cart = anonymous.makes_cart_in(ABROAD).await;
    let changed = anonymous.adds_to(&cart, &mug.sku, 2).await.expect_success().json();
    assert_eq!(changed["items"][0]["unitPrice"], foreign(&shop, 990), "{changed}");
    assert_eq!((&changed["total"], &changed["market"]), (&foreign(&shop, 1_980), &json!(ABROAD)), "{changed}");
    anonymous.adds_to(&cart, &local.sku, 1).await.expect_problem(422, "price_missing").names_field("sku");
    let read = anonymous.looks_into(&cart).await.expect(200).json();
    assert_eq!((&read["total"], &read["changes"]), (&changed["total"], &json!([])), "{read}");

    let near = anonymous.makes_cart_in(NEAR).await;
    let changed = anonymous.adds_to(&near, &mug.sku, 1).await.expect_success().json();
    assert_eq!(changed["total"], shop.money(1_490), "a list without a price has the price of the product");
}

#[tokio::test]
async fn account_chooses_the_market_of_its_empty_cart() {
    let shop = shop_with_markets().await;
    let (mug, customer) = (mug(&shop).await, shop.new_customer().await);
    let choose = async |market: &str| customer.api.post("/api/v1/cart", &json!({ "market": market })).await;
    let chosen = choose(ABROAD).await.expect(200).json();
    assert_eq!((&chosen["owner"], &chosen["market"]), (&json!(customer.id()), &json!(ABROAD)), "{chosen}");
    customer.adds(&mug.sku, 1).await;
    choose(NEAR).await.expect_problem(409, "cart_not_empty");
    choose(ABROAD).await.expect(200);
    assert_eq!(customer.looks_into_cart().await["total"], foreign(&shop, 990));
    customer.api.delete("/api/v1/cart/me").await.expect(204);
    choose(NEAR).await.expect(200);
    customer.adds(&mug.sku, 1).await;
    assert_eq!(customer.looks_into_cart().await["total"], shop.money(1_490));

    // Without a market, the new cart is a guest's.
    let guests = customer.api.post("/api/v1/cart", &json!({})).await.expect(201).json();
    assert!(guests["owner"].as_str().is_some_and(|owner| owner.starts_with("crt_")), "{guests}");
}

#[tokio::test]
async fn market_of_a_cart_exists() {
    let shop = shop_with_markets().await;
    let customer = shop.new_customer().await;
    for api in [&shop.anonymous(), &customer.api] {
        api.post("/api/v1/cart", &json!({ "market": "e2e-none" })).await.expect_fault("market", "market_unknown");
        api.post("/api/v1/cart", &json!({ "market": "E2E" })).await.expect_fault("market", "invalid_value");
        api.post("/api/v1/cart", &json!({ "colour": "red" })).await.expect_fault("colour", "unknown_field");
    }
    let malformed = shop.anonymous().call(Method::POST, "/api/v1/cart").text("application/json", "{".to_owned());
    malformed.send().await.expect_refusal(400);
}

#[tokio::test]
async fn merged_items_get_the_prices_of_the_own_market() {
    let shop = shop_with_markets().await;
    let (mug, local) = (mug(&shop).await, shop.sells_this(&shop.mug()).await);
    let anonymous = shop.anonymous();
    let guests = anonymous.makes_cart_in(NEAR).await;
    for product in [&mug, &local] {
        anonymous.adds_to(&guests, &product.sku, 1).await.expect_success();
    }
    let [ada, bob] = [shop.new_customer().await, shop.new_customer().await];
    let other =
        shop.sells_this(&with(&shop.mug(), "/prices", json!([{ "list": ABROAD, "price": foreign(&shop, 990) }]))).await;
    ada.api.post("/api/v1/cart", &json!({ "market": ABROAD })).await.expect(200);
    ada.adds(&other.sku, 1).await;
    let merged = ada.api.merges(&guests).await.expect(200).json();
    assert_eq!((&merged["market"], &merged["total"]), (&json!(ABROAD), &foreign(&shop, 1_980)), "{merged}");
    let changes = json!([
        { "sku": mug.sku, "kind": "price", "was": shop.money(1_490), "now": foreign(&shop, 990) },
        { "sku": local.sku, "kind": "gone", "was": 1, "now": 0 },
    ]);
    assert_eq!(merged["changes"], changes, "{merged}");

    // A cart without items moves to the market of the guest's.
    anonymous.adds_to(&guests, &local.sku, 1).await.expect_success();
    let merged = bob.api.merges(&guests).await.expect(200).json();
    assert_eq!((&merged["market"], &merged["total"]), (&json!(NEAR), &shop.money(1_490)), "{merged}");
}

#[tokio::test]
async fn prices_of_the_customer_group_are_noticed_by_the_next_request() {
    let shop = shop_with_markets().await;
    let group = unique("group");
    let prices = json!([{ "list": group, "price": shop.money(1_200) }]);
    let [cup, pot] = [
        shop.sells_this(&with(&shop.mug(), "/prices", prices.clone())).await,
        shop.sells_this(&with(&shop.mug(), "/prices", prices)).await,
    ];
    let customer = shop.new_customer().await;
    customer.adds(&cup.sku, 1).await;
    assert_eq!(customer.looks_into_cart().await["total"], shop.money(1_490));
    let path = format!("/api/v1/users/{}/group", customer.id());
    shop.admin().await.put(&path, &json!({ "group": group })).await.expect(200);

    let item = json!({ "sku": pot.sku, "quantity": 1 });
    let added = customer.tries_to_add(item).await.expect_success().json();
    let change = json!({ "sku": cup.sku, "kind": "price", "was": shop.money(1_490), "now": shop.money(1_200) });
    assert_eq!((&added["changes"], &added["total"]), (&json!([change]), &shop.money(2_400)), "{added}");
    let read = customer.looks_into_cart().await;
    assert_eq!((&read["changes"], &read["total"]), (&json!([]), &shop.money(2_400)), "{read}");
}

#[tokio::test]
async fn cart_of_a_deleted_market_moves_to_the_default_one() {
    let shop = shop_with_markets().await;
    let (key, admin, anonymous) = ("e2e-cart-gone", shop.admin().await, shop.anonymous());
    shop.has_market(key, &json!({ "currency": shop.stack.currency, "prices": "gross" })).await;
    let mug = mug(&shop).await;
    let cart = anonymous.makes_cart_in(key).await;
    anonymous.adds_to(&cart, &mug.sku, 1).await.expect_success();
    let path = format!("/api/v1/markets/{key}");
    let market = admin.get(&path).await.expect(200);
    let delete = admin.call(Method::DELETE, &path).header("If-Match", market.expect_header("etag"));
    delete.send().await.expect(204);
    let moved = await_until("the cart is of the default market", SOON, async || {
        let read = anonymous.looks_into(&cart).await.expect(200).json();
        if read["market"] == "home" { Ok(read) } else { Err(read.to_string()) }
    })
    .await;
    assert_eq!(pieces(&moved)[&mug.sku], 1);
}
