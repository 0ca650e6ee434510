//! Shipping methods in quotes and orders. With a zone, the shop refuses orders to places that no method serves: so these tests run alone, and
//! leave no zone. Execution environments remember zones for 30 seconds, so each test has new ones.

use e2e::{Checkout, Customer, Draft, HOME, Product, Shop, decimal, unique, with};
use serde_json::{Value, json};

use crate::shipping_zones_alone::with_zones;

const ZONE: &str = "/api/v1/shipping/zones/e2e-britain";

/// Gives the shop a zone for Britain, to which a parcel costs 4.90, or nothing from 50.00 on, and an express 12.90.
async fn ships_to_britain(shop: &Shop) {
    let admin = shop.admin().await;
    let zone = json!({ "name": "Britain", "countries": ["GB"], "timeZone": "Europe/London" });
    let mut tag = admin.put(ZONE, &zone).await.expect(201).expect_header("etag").to_owned();
    let free_over = json!({ "amount": shop.money(5_000) });
    for (id, name, price, days, free_over) in
        [("parcel", "Parcel", 490, 2, free_over), ("express", "Express", 1_290, 1, Value::Null)]
    {
        let method = json!({
            "name": name, "market": HOME, "rate": { "kind": "flat", "price": shop.money(price) },
            "delivery": { "minDays": days, "maxDays": days + 1 },
        });
        let path = format!("{ZONE}/methods/{id}");
        let changed = admin.put_at(&tag, &path, &with(&method, "/freeOver", free_over)).await.expect(200);
        tag = changed.expect_header("etag").to_owned();
    }
}

/// Runs a test in a shop that ships to Britain.
async fn shipping_to_britain(shop: &Shop, test: impl Future<Output = ()>) {
    shop.has_home_market().await;
    let test = with_zones(shop, async {
        ships_to_britain(shop).await;
        test.await;
    });
    shop.functions.while_set(&["orders"], "SOUK_HOLD_SECONDS", "60", test).await;
}

/// A product at 10.00, and its buyer.
async fn mug_and_customer(shop: &Shop) -> (Product, Customer) {
    let mug = shop.sells(Draft { price: 1_000, ..Draft::with_stock(50) }).await;
    (mug, shop.new_verified_customer().await)
}

/// An order to London with a shipping method.
fn order_of(mug: &Product, quantity: u32, method: &str) -> Checkout {
    let mut checkout = Checkout::of(&[(&mug.sku, quantity)]);
    checkout.body["shippingMethod"] = json!(method);
    checkout
}

#[tokio::test]
async fn order_has_one_of_the_methods_of_its_quote() {
    let shop = Shop::open_alone().await;
    shipping_to_britain(&shop, async {
        let (mug, customer) = mug_and_customer(&shop).await;
        let open = Checkout::of(&[(&mug.sku, 1)]);
        let listed = customer.api.quotes(&open.body).await.expect(200).json();
        let methods = listed["shippingMethods"].as_array().cloned().unwrap_or_default();
        let shown: Vec<_> = methods.iter().map(|method| (&method["id"], &method["name"], &method["total"])).collect();
        let [parcel, express] = [("parcel", "Parcel", 490), ("express", "Express", 1_290)]
            .map(|(id, name, total)| (json!(id), json!(name), shop.money(total)));
        assert_eq!(shown, [(&parcel.0, &parcel.1, &parcel.2), (&express.0, &express.1, &express.2)], "{listed}");
        for method in &methods {
            let [earliest, latest] = ["earliest", "latest"].map(|day| method[day].as_str().unwrap_or_default());
            assert!(earliest.len() == 10 && earliest < latest, "{method}");
        }
        assert_eq!((&listed["shipping"], &listed["total"]), (&shop.money(0), &shop.money(1_000)), "{listed}");
        customer.tries_to_place(&open).await.expect_fault("shippingMethod", "required");

        let checkout = order_of(&mug, 1, "parcel");
        let quote = customer.api.quotes(&checkout.body).await.expect(200).json();
        assert_eq!((&quote["shipping"], &quote["total"]), (&shop.money(490), &shop.money(1_490)), "{quote}");
        let unaware = order_of(&mug, 1, "parcel").expecting(&listed["total"]);
        let problem = customer.tries_to_place(&unaware).await.expect_problem(409, "shipping_changed");
        assert!(problem.errors().iter().any(|error| error["total"] == quote["total"]), "{}", problem.body);
        let order = customer.places(&checkout.expecting(&quote["total"])).await;
        let order = customer.awaits(&order, "confirmed", "paid").await;
        for part in ["shippingMethod", "shipping", "subtotal", "total"] {
            assert_eq!(order.0[part], quote[part], "{part}: {}", order.0);
        }
        let method = &order.0["shippingMethod"];
        assert_eq!((&method["id"], &method["price"]), (&json!("parcel"), &shop.money(490)), "{method}");
        shop.provider.charged_once(&order).await;
        let shipping = format!("Shipping (Parcel): {}", decimal(490, &shop.stack.currency));
        shop.mailbox.awaits(&customer.email, &[order.number(), &shipping]).await;
        customer.cancels(&order, "Changed my mind").await.expect(200);
        let order = customer.awaits(&order, "cancelled", "refunded").await;
        shop.provider.refunded_in_full(&order, 1).await;
    })
    .await;
}

#[tokio::test]
async fn method_that_does_not_serve_the_order_is_refused() {
    let shop = Shop::open_alone().await;
    shipping_to_britain(&shop, async {
        let (mug, customer) = mug_and_customer(&shop).await;
        let known = order_of(&mug, 1, "parcel");
        let belgium = json!({
            "name": "Ada Lovelace", "line1": "Grand-Place 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE",
        });
        let abroad = Checkout { body: with(&known.body, "/shippingAddress", belgium), ..known.clone() };
        for (checkout, field, code) in [
            (&order_of(&mug, 1, "drone"), "shippingMethod", "shipping_method_unknown"),
            (&order_of(&mug, 1, "No method"), "shippingMethod", "invalid_value"),
            (&abroad, "shippingAddress", "destination_unserved"),
        ] {
            customer.tries_to_place(checkout).await.expect_fault(field, code);
            customer.api.quotes(&checkout.body).await.expect_fault(field, code);
        }
        let nowhere = with(&known.body, "/shippingAddress", Value::Null);
        customer.api.quotes(&nowhere).await.expect_fault("shippingAddress", "required");
        shop.has_exact_stock(&mug, 50).await;
    })
    .await;
}

#[tokio::test]
async fn shipping_is_free_from_a_value_on_and_with_a_coupon() {
    let shop = Shop::open_alone().await;
    shipping_to_britain(&shop, async {
        let (mug, customer) = mug_and_customer(&shop).await;
        let order = customer.places(&order_of(&mug, 5, "parcel")).await;
        let price = &order.0["shippingMethod"]["price"];
        assert_eq!(
            (price, &order.0["shipping"], order.total()),
            (&shop.money(0), &shop.money(0), 5_000),
            "{}",
            order.0
        );

        let promotion = json!({
            "market": HOME, "name": "Free shipping", "stage": "shipping", "effect": { "kind": "free" },
            "scope": { "everything": true }, "trigger": "code",
        });
        let path = shop.publishes_promotion(&promotion).await;
        let code = unique("SHIP").to_uppercase();
        shop.tries_to_add_code(&path, &json!({ "code": code })).await.expect_success();
        let coupons = |body: &Value| with(body, "/coupons", json!([code]));
        let open = coupons(&Checkout::of(&[(&mug.sku, 1)]).body);
        let listed = customer.api.quotes(&open).await.expect(200).json();
        let parcel = &listed["shippingMethods"][0];
        assert_eq!((&parcel["discount"], &parcel["total"]), (&shop.money(490), &shop.money(0)), "{listed}");
        let checkout = order_of(&mug, 1, "parcel");
        let order = customer.places(&Checkout { body: coupons(&checkout.body), ..checkout }).await;
        let discount = &order.0["discounts"][0];
        assert_eq!((&discount["code"], &discount["amount"]), (&json!(code), &shop.money(490)), "{}", order.0);
        assert_eq!((&order.0["discount"], &order.0["shipping"]), (&shop.money(0), &shop.money(0)), "{}", order.0);
        let order = customer.awaits(&order, "confirmed", "paid").await;
        assert_eq!((&order.0["shippingMethod"]["discount"], order.total()), (&shop.money(490), 1_000), "{}", order.0);
        shop.provider.charged_once(&order).await;
    })
    .await;
}
