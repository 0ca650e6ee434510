//! Taxes in quotes and orders. The shop of these tests is registered in the Faroe Islands, to which no other test ships. Execution
//! environments remember registrations for 30 seconds, so a test repeats an order until it is taxed.

use e2e::{Checkout, Customer, Order, Product, SOON, Shop, await_until, decimal, unique, with};
use serde_json::{Value, json};

/// Markets whose prices include tax, and whose prices do not.
const GROSS: &str = "e2e-tax-gross";
const NET: &str = "e2e-tax-net";
const REGISTRATIONS: &str = "/api/v1/registrations";

async fn shop_with_taxes() -> Shop {
    let shop = Shop::open().await;
    for (key, prices) in [(GROSS, "gross"), (NET, "net")] {
        shop.has_market(key, &json!({ "currency": shop.stack.currency, "prices": prices })).await;
    }
    let admin = shop.admin().await;
    for (class, ppm) in [("standard", 250_000), ("reduced", 100_000)] {
        let rate = json!({ "components": [{ "jurisdiction": "FO", "ppm": ppm }], "reason": class });
        let response = admin.put(&format!("/api/v1/taxes/rates/FO/{class}/2026-01-01"), &rate).await;
        if response.status != 201 {
            response.expect_problem(409, "tax_rate_exists");
        }
    }
    await_until("the shop is registered", SOON, async || {
        let read = admin.get(REGISTRATIONS).await.expect(200);
        let here = json!({ "country": "FO", "kind": "local", "from": "2026-01-01" });
        let mut all = read.json()["registrations"].as_array().cloned().unwrap_or_default();
        if all.contains(&here) {
            return Ok(read);
        }
        all.push(here);
        let body = with(&read.json(), "/registrations", json!(all));
        let response = admin.put_at(read.expect_header("etag"), REGISTRATIONS, &body).await;
        if response.status == 412 { Err(response.text) } else { Ok(response.expect(200)) }
    })
    .await;
    shop
}

/// A product at 11.00, of the class `reduced`, which has 10 % tax.
async fn mug(shop: &Shop) -> Product {
    let body = with(&shop.mug(), "/price", shop.money(1_100));
    shop.sells_this(&with(&body, "/stock/available", json!(99))).await
}

/// An order of two mugs to Tórshavn.
fn order_of(mug: &Product, market: &str) -> Checkout {
    let mut checkout = Checkout::of(&[(&mug.sku, 2)]);
    checkout.body["market"] = json!(market);
    checkout.body["shippingAddress"] = json!({
        "name": "Ada Lovelace", "line1": "Áarvegur 1", "city": "Tórshavn", "postalCode": "100", "country": "FO",
    });
    checkout
}

/// The taxes of an order of two mugs.
fn taxes(shop: &Shop, (ppm, reason): (u32, &str), base: i64, amount: i64) -> Value {
    json!([{ "jurisdiction": "FO", "ppm": ppm, "reason": reason, "base": shop.money(base), "amount": shop.money(amount) }])
}

/// Was it computed by the rates of the Faroe Islands?
fn is_taxed(price: &Value) -> bool {
    price["taxes"][0]["reason"].as_str().is_some_and(|reason| reason != "not_collecting")
}

async fn quotes_with_taxes(customer: &Customer, checkout: &Checkout) -> Value {
    await_until("the quote has taxes", SOON, async || {
        let quote = customer.api.quotes(&checkout.body).await.expect(200).json();
        if is_taxed(&quote) { Ok(quote) } else { Err(quote.to_string()) }
    })
    .await
}

async fn places_with_taxes(customer: &Customer, checkout: &Checkout) -> Order {
    await_until("the order has taxes", SOON, async || {
        let checkout = Checkout { key: unique("checkout"), ..checkout.clone() };
        let response = customer.tries_to_place(&checkout).await;
        let is_placed = response.status == 201 && is_taxed(&response.json());
        if is_placed { Ok(Order(response.json())) } else { Err(response.text) }
    })
    .await
}

#[tokio::test]
async fn gross_price_includes_the_tax_of_the_destination() {
    let shop = shop_with_taxes().await;
    let (mug, customer) = (mug(&shop).await, shop.new_verified_customer().await);
    let checkout = order_of(&mug, GROSS);
    let without_address = with(&checkout.body, "/shippingAddress", Value::Null);
    let quote = customer.api.quotes(&without_address).await.expect(200).json();
    assert_eq!((&quote["taxes"], quote.get("includedTax")), (&json!([]), None), "{quote}");
    let quote = quotes_with_taxes(&customer, &checkout).await;
    let expected = taxes(&shop, (100_000, "reduced"), 2_000, 200);
    assert_eq!((&quote["taxes"], &quote["includedTax"]), (&expected, &shop.money(200)), "{quote}");
    assert_eq!((&quote["tax"], &quote["total"]), (&shop.money(0), &shop.money(2_200)), "{quote}");

    let order = places_with_taxes(&customer, &checkout.expecting(&quote["total"])).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    for part in ["taxes", "includedTax", "subtotal", "tax", "total"] {
        assert_eq!(order.0[part], quote[part], "{part}: {}", order.0);
    }
    assert_eq!(order.items()[0]["includedTax"], shop.money(200), "{}", order.0);
    shop.provider.charged_once(&order).await;
    let included = format!("Tax included in the total: {}", decimal(200, &shop.stack.currency));
    shop.mailbox.awaits(&customer.email, &[order.number(), &included]).await;
}

#[tokio::test]
async fn tax_is_added_to_a_net_price() {
    let shop = shop_with_taxes().await;
    let (mug, customer) = (mug(&shop).await, shop.new_verified_customer().await);
    let checkout = order_of(&mug, NET);
    let quote = quotes_with_taxes(&customer, &checkout).await;
    let expected = taxes(&shop, (100_000, "reduced"), 2_200, 220);
    assert_eq!((&quote["taxes"], &quote["tax"]), (&expected, &shop.money(220)), "{quote}");
    assert_eq!((&quote["total"], quote.get("includedTax")), (&shop.money(2_420), None), "{quote}");

    let order = places_with_taxes(&customer, &checkout.clone().expecting(&quote["total"])).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    for part in ["taxes", "subtotal", "tax", "total"] {
        assert_eq!(order.0[part], quote[part], "{part}: {}", order.0);
    }
    assert_eq!((&order.items()[0]["tax"], order.total()), (&shop.money(220), 2_420), "{}", order.0);
    shop.provider.charged_once(&order).await;
    let tax = format!("Tax: {}", decimal(220, &shop.stack.currency));
    shop.mailbox.awaits(&customer.email, &[order.number(), &tax]).await;

    // The total of a quote without an address. Where the registration is not known yet, it is accepted.
    let refused = await_until("the total without tax is refused", SOON, async || {
        let unaware = order_of(&mug, NET).expecting(&shop.money(2_200));
        let response = customer.tries_to_place(&unaware).await;
        if response.status == 201 { Err(response.text) } else { Ok(response) }
    })
    .await;
    let problem = refused.expect_problem(409, "tax_changed");
    let sums = problem.errors().iter().find(|error| error["field"] == "expectedTotal").cloned().unwrap_or_default();
    assert_eq!((&sums["tax"], &sums["total"]), (&shop.money(220), &shop.money(2_420)), "{sums}");
}

#[tokio::test]
async fn exempt_account_pays_no_tax() {
    let shop = shop_with_taxes().await;
    let (mug, customer) = (mug(&shop).await, shop.new_customer().await);
    let path = format!("/api/v1/users/{}/tax-status", customer.id());
    let status = json!({ "status": "exempt", "reason": "An embassy" });
    shop.admin().await.put(&path, &status).await.expect(200);
    for (market, total) in [(NET, 2_200), (GROSS, 2_000)] {
        let checkout = order_of(&mug, market);
        // The reason is the same before the registration is known, but a gross price does not include the tax then.
        let quote = await_until("the quote has the price without tax", SOON, async || {
            let quote = customer.api.quotes(&checkout.body).await.expect(200).json();
            if quote["total"] == shop.money(total) { Ok(quote) } else { Err(quote.to_string()) }
        })
        .await;
        assert_eq!(quote["taxes"], taxes(&shop, (0, "exempt"), total, 0), "{quote}");
        assert_eq!((&quote["tax"], quote.get("includedTax")), (&shop.money(0), None), "{quote}");
        let order = places_with_taxes(&customer, &checkout.expecting(&quote["total"])).await;
        assert_eq!((&order.0["taxes"], &order.0["total"]), (&quote["taxes"], &quote["total"]), "{}", order.0);
        let order = customer.awaits(&order, "confirmed", "paid").await;
        shop.provider.charged_once(&order).await;
    }
}
