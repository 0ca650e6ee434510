//! Automatic promotions in quotes and orders. Execution environments remember the promotions of a market for 30 seconds. So this test has a
//! market of its own, and publishes all promotions before it prices anything there.

use e2e::{Checkout, Product, Shop, with};
use serde_json::{Value, json};

const MARKET: &str = "e2e-order-auto";

/// A product at 14.90, which 10 % are taken off, with other fields of the promotion; and the path of the promotion.
async fn mug_for_less(shop: &Shop, fields: Value) -> (Product, String) {
    let mug = shop.sells_this(&with(&shop.mug(), "/stock/available", json!(9))).await;
    let mut body = shop.ten_percent_off(&mug, MARKET);
    for (name, value) in fields.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let path = shop.publishes_promotion(&body).await;
    (mug, path)
}

fn order_of(mug: &Product, quantity: u32) -> Checkout {
    let mut checkout = Checkout::of(&[(&mug.sku, quantity)]);
    checkout.body["market"] = json!(MARKET);
    checkout
}

#[tokio::test]
async fn automatic_promotion_changes_the_total_that_a_customer_expects() {
    let shop = Shop::open().await;
    shop.has_market(MARKET, &json!({ "currency": shop.stack.currency, "prices": "gross" })).await;
    let minimum = json!({ "minimum": { "amount": shop.money(4_000) } });
    let (mug, path) = mug_for_less(&shop, json!({ "conditions": minimum })).await;
    let (last, path_of_last) = mug_for_less(&shop, json!({ "limits": { "total": 1 } })).await;
    let (ada, bob) = (shop.new_customer().await, shop.new_customer().await);

    let low = ada.api.quotes(&order_of(&mug, 2).body).await.expect(200).json();
    let id = path.rsplit('/').next().unwrap_or_default();
    assert_eq!(low["hints"], json!([{ "kind": "minimum", "promotion": id, "missing": shop.money(1_020) }]), "{low}");
    assert_eq!((&low["discounts"], &low["total"]), (&json!([]), &shop.money(2_980)), "{low}");
    let unaware = order_of(&mug, 3).expecting(&shop.money(4_470));
    let refused = ada.tries_to_place(&unaware).await.expect_problem(409, "promotion_changed");
    let sums = total_of(refused.errors());
    assert_eq!((&sums["was"], &sums["now"]), (&shop.money(4_470), &shop.money(4_023)), "{sums}");
    assert_eq!((&sums["discounts"][0]["promotion"], &sums["discount"]), (&json!(id), &shop.money(447)), "{sums}");
    let order = ada.places(&order_of(&mug, 3).expecting(&sums["total"])).await;
    assert_eq!((&order.0["discounts"], order.total()), (&sums["discounts"], 4_023), "{}", order.0);

    // The last one goes to Ada, and Bob hears what it costs now.
    let expecting = || order_of(&last, 1).expecting(&shop.money(1_341));
    ada.places(&expecting()).await;
    let refused = bob.tries_to_place(&expecting()).await.expect_refusal(409);
    // An execution environment that has read the promotion after that order does not know that it could be had.
    assert!(["promotion_exhausted", "price_changed"].contains(&refused.code()), "{}", refused.body);
    let sums = total_of(refused.errors());
    assert_eq!((&sums["total"], &sums["discounts"]), (&shop.money(1_490), &json!([])), "{sums}");
    let order = bob.places(&order_of(&last, 1).expecting(&sums["total"])).await;
    assert_eq!((&order.0["discounts"], order.total()), (&json!([]), 1_490), "{}", order.0);
    for path in [path, path_of_last] {
        shop.tries_to_move_promotion(&path, "stop").await.expect(200);
    }
}

/// The new breakdown in the refusal of an order.
fn total_of(errors: &[Value]) -> Value {
    let found = errors.iter().find(|error| error["field"] == "expectedTotal");
    found.unwrap_or_else(|| panic!("the refusal should have the new total: {errors:?}")).clone()
}
