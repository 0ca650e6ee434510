//! The taxes of an order are recorded with the tax provider after its payment was captured, once, whatever fails. The provider of the test
//! stack knows Canada, to which no other test ships.

use e2e::{Checkout, Draft, EVENTUALLY, Order, Shop, await_until};
use serde_json::{Value, json};

const MARKET: &str = "e2e-tax-provider";
const POINT: &str = "taxes.recorded";

/// A paid order in a market whose prices include no tax.
async fn pays(shop: &Shop, mut checkout: Checkout) -> Order {
    shop.has_market(MARKET, &json!({ "currency": shop.stack.currency, "prices": "net" })).await;
    let (mug, customer) = (shop.sells(Draft::with_stock(9)).await, shop.new_customer().await);
    checkout.body["items"] = Checkout::of(&[(&mug.sku, 2)]).body["items"].clone();
    checkout.body["market"] = json!(MARKET);
    let order = customer.places(&checkout).await;
    customer.awaits(&order, "confirmed", "paid").await
}

/// An order of nothing yet, to Toronto.
fn to_canada() -> Checkout {
    let mut checkout = Checkout::of(&[]);
    checkout.body["shippingAddress"] = json!({
        "name": "Ada Lovelace", "line1": "290 Bremner Blvd", "city": "Toronto", "region": "ON", "postalCode": "M5V 3L9",
        "country": "CA",
    });
    checkout
}

/// The row of an order's due taxes; null if it has none.
async fn due_taxes(shop: &Shop, order: &Order) -> Value {
    shop.rows.reads("orders", &format!("ORDER#{}", order.id()), "DUE#TAXES").await
}

#[tokio::test]
async fn taxes_are_recorded_once_although_the_provider_fails_and_the_worker_is_killed() {
    let shop = Shop::open_disturbing(["payments"]).await;
    assert_eq!(shop.stack.points_of("taxes"), [POINT]);
    // Paid before anything is recorded.
    let order = pays(&shop, to_canada()).await;
    assert_ne!(order.0["taxes"], json!([]), "{}", order.0);
    for kind in ["server_error", "lost_answer"] {
        shop.provider.fails_taxes(&json!({ "kind": kind, "contains": order.id() })).await;
    }
    shop.stack.kills_at(POINT);

    await_until(format_args!("the taxes of {} are recorded", order.id()), EVENTUALLY, async || {
        let report = shop.runs_task("reconcile-payments").await;
        let due = due_taxes(&shop, &order).await;
        let is_recorded = due["outcome"]["S"] == "recorded" && due.get("gsi3pk").is_none();
        if is_recorded { Ok(()) } else { Err(format!("{due} {}", report.payload)) }
    })
    .await;
    shop.stack.awaits_kill(POINT).await;
    let record = shop.provider.tax_record(&order).await;
    let transaction = &record["transaction"];
    assert_eq!(transaction["taxes"], order.0["taxes"], "{record}");
    assert_eq!(
        transaction["destination"],
        json!({ "country": "CA", "region": "ON", "postalCode": "M5V 3L9" }),
        "{record}"
    );
}

#[tokio::test]
async fn order_to_a_country_that_the_provider_does_not_know_has_no_due_taxes() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let order = pays(&shop, Checkout::of(&[])).await;
    assert_eq!(due_taxes(&shop, &order).await, Value::Null);
    assert_eq!(shop.provider.tax_record(&order).await, Value::Null);
}
