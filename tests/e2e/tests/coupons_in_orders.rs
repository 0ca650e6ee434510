//! Coupons in quotes and orders: what they take off, what is kept of them, and why an order is refused.

use e2e::{Checkout, Product, SOON, Shop, await_until, decimal, unique, with};
use serde_json::{Value, json};

/// The market of these tests. A second one sells to Belgium alone.
const MARKET: &str = "e2e-order-codes";
const ONLY_BELGIUM: &str = "e2e-order-be";

async fn shop_with_markets() -> Shop {
    let shop = Shop::open().await;
    let gross = json!({ "currency": shop.stack.currency, "prices": "gross" });
    shop.has_market(MARKET, &gross).await;
    shop.has_market(ONLY_BELGIUM, &with(&gross, "/countries", json!(["BE"]))).await;
    shop
}

/// A product at 14.90.
async fn mug(shop: &Shop) -> Product {
    shop.sells_this(&with(&shop.mug(), "/stock/available", json!(20))).await
}

/// Publishes a promotion that takes 10 % off everything, with other fields, and adds a code to it; returns its path and the code.
async fn coupon(shop: &Shop, fields: Value) -> (String, String) {
    let mut body = json!({
        "market": MARKET, "name": "Ten percent", "stage": "order", "effect": { "kind": "percentage", "ppm": 100_000 },
        "scope": { "everything": true }, "combine": "stack", "trigger": "code",
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let path = shop.publishes_promotion(&body).await;
    let code = unique("ORDER").to_uppercase();
    shop.tries_to_add_code(&path, &json!({ "code": code })).await.expect_success();
    (path, code)
}

/// An order of mugs with coupons.
fn order_of(mug: &Product, quantity: u32, coupons: &[&str]) -> Checkout {
    let mut checkout = Checkout::of(&[(&mug.sku, quantity)]);
    checkout.body["market"] = json!(MARKET);
    checkout.body["coupons"] = json!(coupons);
    checkout
}

/// Panics unless the quote and the order are refused because of their coupons.
async fn is_refused(shop: &Shop, checkout: &Checkout, status: u16, code: &str) {
    let customer = shop.new_customer().await;
    for refused in [customer.api.quotes(&checkout.body).await, customer.tries_to_place(checkout).await] {
        refused.expect_refusal(status).has_error_code(code);
    }
}

#[tokio::test]
async fn order_with_a_coupon_costs_what_its_quote_said() {
    let shop = shop_with_markets().await;
    let (mug, customer) = (mug(&shop).await, shop.new_verified_customer().await);
    let (path, code) = coupon(&shop, json!({})).await;
    let checkout = order_of(&mug, 2, &[&code.to_lowercase()]);
    let quote = customer.api.quotes(&checkout.body).await.expect(200).json();
    let id = path.rsplit('/').next().unwrap_or_default();
    let discounts = json!([{ "promotion": id, "name": "Ten percent", "code": code, "amount": shop.money(298) }]);
    assert_eq!((&quote["discounts"], &quote["market"]), (&discounts, &json!(MARKET)), "{quote}");
    assert_eq!((&quote["discount"], &quote["total"]), (&shop.money(298), &shop.money(2_682)), "{quote}");
    let order = customer.places(&checkout.expecting(&quote["total"])).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    for part in ["market", "discounts", "taxes", "subtotal", "discount", "tax", "shipping", "total"] {
        assert_eq!(order.0[part], quote[part], "{part}: {}", order.0);
    }
    assert_eq!((&order.items()[0]["discount"], order.total()), (&shop.money(298), 2_682), "{}", order.0);
    shop.provider.charged_once(&order).await;
    let listed = customer.api.get("/api/v1/orders").await.expect(200).json();
    assert_eq!((&listed["data"][0]["discounts"], &listed["data"][0]["total"]), (&discounts, &quote["total"]));
    let [discount, total] = [298, 2_682].map(|amount| decimal(amount, &shop.stack.currency));
    shop.mailbox.awaits(&customer.email, &[order.number(), &format!("Discount: -{discount}"), &total]).await;
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn cancelled_order_returns_its_use_once() {
    let shop = shop_with_markets().await;
    let (mug, [ada, bob]) = (mug(&shop).await, [shop.new_customer().await, shop.new_customer().await]);
    let (path, code) = coupon(&shop, json!({ "limits": { "total": 1 } })).await;
    let admin = shop.admin().await;
    let used = async || admin.get(&format!("{path}/usage")).await.expect(200).json()["used"].clone();
    let checkout = || order_of(&mug, 1, &[&code]);
    let order = ada.places(&checkout()).await;
    let order = ada.awaits(&order, "confirmed", "paid").await;
    assert_eq!(used().await, 1);
    is_refused(&shop, &checkout(), 409, "promotion_exhausted").await;
    shop.has_exact_stock(&mug, 19).await;
    ada.cancels(&order, "Changed my mind").await.expect(200);
    assert_eq!(used().await, 0);
    ada.awaits(&order, "cancelled", "refunded").await;
    bob.places(&checkout()).await;
    assert_eq!(used().await, 1, "the refund should return nothing again");
}

#[tokio::test]
async fn order_that_is_not_paid_returns_its_use() {
    let shop = shop_with_markets().await;
    let (mug, customer) = (mug(&shop).await, shop.new_customer().await);
    let ends = json!({ "limits": { "total": 9, "perCustomer": 1 }, "endsAt": "2099-01-01T00:00:00Z" });
    let (path, code) = coupon(&shop, ends).await;
    let unpaid = order_of(&mug, 1, &[&code]).paid_with("pm_card_authenticationRequired_hook_never");
    let order = customer.places(&unpaid).await;
    customer.tries_to_place(&order_of(&mug, 1, &[&code])).await.expect_problem(422, "coupon_used");
    customer.api.awaits_payment(&order, "requires_action").await;
    shop.reaches_end_of_hold(&order).await;
    customer.awaits_status(&order, "cancelled").await;
    let usage = shop.admin().await.get(&format!("{path}/usage")).await.expect(200).json();
    assert_eq!(usage["used"], 0, "{usage}");
    customer.places(&order_of(&mug, 1, &[&code])).await;
}

#[tokio::test]
async fn coupons_of_a_cart_count_unless_the_order_names_others() {
    let shop = shop_with_markets().await;
    let (mug, customer) = (mug(&shop).await, shop.new_customer().await);
    let (_, ten) = coupon(&shop, json!({})).await;
    let (_, twenty) = coupon(&shop, json!({ "effect": { "kind": "percentage", "ppm": 200_000 } })).await;
    customer.api.post("/api/v1/cart", &json!({ "market": MARKET })).await.expect(200);
    customer.adds(&mug.sku, 1).await;
    customer.api.adds_coupon("me", &ten).await.expect(200);
    for (coupons, total) in [(Value::Null, 1_341), (json!([]), 1_490), (json!([twenty]), 1_192)] {
        let body = with(&json!({ "cart": "me" }), "/coupons", coupons);
        let quote = customer.api.quotes(&body).await.expect(200).json();
        assert_eq!(quote["total"], shop.money(total), "{quote}");
    }
    for other in ["home", ONLY_BELGIUM] {
        let body = json!({ "cart": "me", "market": other });
        customer.api.quotes(&body).await.expect_fault("market", "market_mismatch");
    }
    let mut checkout = Checkout::of_cart();
    checkout.body["market"] = json!(MARKET);
    let order = customer.places(&checkout).await;
    assert_eq!((&order.0["discounts"][0]["code"], order.total()), (&json!(ten), 1_341), "{}", order.0);
    let cart = customer.looks_into_cart().await;
    assert_eq!((&cart["items"], &cart["coupons"]), (&json!([]), &json!([])), "{cart}");
}

#[tokio::test]
async fn coupon_that_does_not_apply_refuses_the_order() {
    let shop = shop_with_markets().await;
    let mug = mug(&shop).await;
    let (_, good) = coupon(&shop, json!({})).await;
    let (_, late) = coupon(&shop, json!({ "startsAt": "2099-01-01T00:00:00Z" })).await;
    let (path, stopped) = coupon(&shop, json!({})).await;
    shop.tries_to_move_promotion(&path, "stop").await.expect(200);
    let minimum = json!({ "conditions": { "minimum": { "amount": shop.money(5_000) } } });
    let (_, large) = coupon(&shop, minimum).await;
    let (_, abroad) = coupon(&shop, json!({ "conditions": { "countries": ["BE"] } })).await;
    let unknown = unique("NONE").to_uppercase();
    let [good, late, stopped, large, abroad, unknown] =
        [&good, &late, &stopped, &large, &abroad, &unknown].map(String::as_str);
    for (coupons, code) in [
        (vec![unknown], "coupon_unknown"),
        (vec![late], "coupon_not_started"),
        (vec![good, stopped], "coupon_expired"),
        (vec![large], "coupon_not_applicable"),
        (vec![abroad], "coupon_not_applicable"),
        (vec![good, good], "coupon_doubled"),
        (vec![good, late, stopped, large, abroad, unknown], "too_many_coupons"),
        (vec!["no"], "invalid_value"),
    ] {
        is_refused(&shop, &order_of(&mug, 1, &coupons), 422, code).await;
    }
    // Without an address, the country is not known yet.
    let items = json!({ "market": MARKET, "items": [{ "sku": mug.sku, "quantity": 1 }], "coupons": [abroad] });
    let quote = shop.anonymous().quotes(&items).await.expect(200).json();
    assert_eq!((&quote["discounts"], &quote["total"]), (&json!([]), &shop.money(1_490)), "{quote}");
    shop.has_exact_stock(&mug, 20).await;
}

#[tokio::test]
async fn customer_is_known_by_the_email_address() {
    let shop = shop_with_markets().await;
    let (mug, ada) = (mug(&shop).await, shop.new_customer().await);
    let once = json!({ "limits": { "perCustomer": 1 }, "endsAt": "2099-01-01T00:00:00Z" });
    let (_, code) = coupon(&shop, once).await;
    let checkout = || order_of(&mug, 1, &[&code]);
    ada.places(&checkout()).await;
    ada.tries_to_place(&checkout()).await.expect_problem(422, "coupon_used");
    ada.api.quotes(&checkout().body).await.expect_problem(422, "coupon_used");
    let (ada_as_guest, guest) = (shop.new_guest().with_email(&ada.email), shop.new_guest());
    ada_as_guest.tries_to_place(&checkout()).await.expect_problem(422, "coupon_used");
    guest.places(&checkout()).await;
    guest.tries_to_place(&checkout()).await.expect_problem(422, "coupon_used");
}

#[tokio::test]
async fn coupon_for_first_orders_is_for_new_customers() {
    let shop = shop_with_markets().await;
    let (mug, [ada, bob]) = (mug(&shop).await, [shop.new_customer().await, shop.new_customer().await]);
    let first = json!({ "limits": { "firstOrder": true }, "endsAt": "2099-01-01T00:00:00Z" });
    let (_, code) = coupon(&shop, first).await;
    let checkout = || order_of(&mug, 1, &[&code]);
    let before = ada.places(&order_of(&mug, 1, &[])).await;
    await_until("the order is in the list of the account", SOON, async || {
        let listed = ada.api.get("/api/v1/orders").await.expect(200).json();
        if listed["data"] == json!([]) { Err(listed.to_string()) } else { Ok(()) }
    })
    .await;
    ada.tries_to_place(&checkout()).await.expect_problem(422, "coupon_first_order_only");
    let ada_as_guest = shop.new_guest().with_email(&ada.email);
    ada_as_guest.tries_to_place(&checkout()).await.expect_problem(422, "coupon_first_order_only");
    let order = bob.places(&checkout()).await;
    assert_eq!(order.total(), 1_341);
    bob.tries_to_place(&checkout()).await.expect_problem(422, "coupon_first_order_only");
    // Who has cancelled all orders may order as for the first time.
    for (customer, order) in [(&ada, &before), (&bob, &order)] {
        customer.cancels(order, "Changed my mind").await.expect(200);
        customer.places(&checkout()).await;
    }
}

#[tokio::test]
async fn market_sells_to_its_countries() {
    let shop = shop_with_markets().await;
    let (mug, customer) = (mug(&shop).await, shop.new_customer().await);
    let mut checkout = order_of(&mug, 1, &[]);
    for (market, field, code) in [
        ("e2e-none", "market", "market_unknown"),
        ("E2E", "market", "invalid_value"),
        (ONLY_BELGIUM, "shippingAddress", "destination_unserved"),
    ] {
        checkout.body["market"] = json!(market);
        customer.tries_to_place(&checkout).await.expect_fault(field, code);
        customer.api.quotes(&checkout.body).await.expect_fault(field, code);
    }
    checkout.body["shippingAddress"] = json!({
        "name": "Ada Lovelace", "line1": "Grand-Place 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE",
    });
    let order = customer.places(&checkout).await;
    assert_eq!((&order.0["market"], order.total()), (&json!(ONLY_BELGIUM), 1_490), "{}", order.0);
}

#[tokio::test]
async fn order_that_a_coupon_makes_free_is_paid_at_once() {
    let shop = shop_with_markets().await;
    let (mug, customer) = (mug(&shop).await, shop.new_customer().await);
    let gift = json!({ "effect": { "kind": "percentage", "ppm": 1_000_000 }, "limits": { "total": 1 } });
    let (_, code) = coupon(&shop, gift).await;
    let order = customer.places(&order_of(&mug, 2, &[&code])).await;
    assert_eq!((order.status(), order.payment_status(), order.total()), ("confirmed", "paid", 0), "{}", order.0);
    assert_eq!((&order.0["subtotal"], &order.0["discount"]), (&shop.money(2_980), &shop.money(2_980)), "{}", order.0);
    assert_eq!(customer.looks_up_payment(&order).await["provider"], "none");
    customer.cancels(&order, "I have enough mugs").await.expect(200);
    customer.places(&order_of(&mug, 1, &[&code])).await;
}
