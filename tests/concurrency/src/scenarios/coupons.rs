//! Coupons whose uses are limited: for all orders, for each customer, and for first orders.

use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::outages::DATABASE_FAULTS;
use crate::buyers::{Buyer, Coupon, OrderRequest, PlacedOrder, Product, card};
use crate::quiescence::QUIESCENCE_TIMEOUT;
use crate::run::Run;

/// The market of the coupons. Its prices include tax.
const MARKET: &str = "proof-coupons";
/// The uses of the coupon that many want.
const USES: u32 = 10;
const BUYERS: usize = 200;
/// Of so many orders one is cancelled at once, by two requests at the same time.
const PLACED_BY_CANCELLED: usize = 3;
/// The uses of that coupon that are given back when nobody else orders.
const LATE_CANCELS: usize = 2;
/// The customers of each coupon that is limited for a customer, and their devices that order at the same time.
const CUSTOMERS: usize = 6;
const DEVICES: usize = 4;
/// How often a call whose response is lost is sent.
const MAX_ATTEMPTS: u32 = 12;
/// The places where functions are killed that place and cancel orders, and the pause after each.
const KILLS: [&str; 4] = ["orders.placing", "orders.placed", "orders.before_commit", "orders.committed"];
const KILL_PAUSE: Duration = Duration::from_secs(2);

/// What buyers want, created before any fault is injected.
struct Offers {
    product: Product,
    /// For ten orders.
    ten: Coupon,
    /// Customers, each with a coupon for one order of each customer, or for first orders.
    customers: Vec<(Buyer, Coupon)>,
}

/// Two hundred buyers at once, customers with several devices, and then those who get the uses that were given back.
pub(super) async fn play(run: &Run) {
    let offers = prepare(run).await;
    let placed = sell(run, &offers).await;
    use_again(run, &offers, &placed).await;
}

/// The same while DynamoDB calls fail and functions are killed. When all work has ended, the uses that were given back can be had.
pub(super) async fn play_under_faults(run: &Run) {
    let offers = prepare(run).await;
    run.faults.database.inject_by_chance(&DATABASE_FAULTS, run.seed).await;
    let (placed, ()) = futures::join!(sell(run, &offers), kill(run));
    run.faults.reset().await;
    run.await_quiescence(QUIESCENCE_TIMEOUT).await;
    use_again(run, &offers, &placed).await;
}

async fn prepare(run: &Run) -> Offers {
    // The first market of a shop becomes the default. It sells as the shop does without markets.
    for (key, prices) in [("home", "net"), (MARKET, "gross")] {
        let market = json!({ "currency": run.test_stack.stack.currency, "prices": prices, "priceList": "default" });
        let outcome = run.admin.put(&format!("/markets/{key}"), market).retry_until_known(MAX_ATTEMPTS).await;
        assert!(outcome.is_success() || outcome.code() == "market_exists", "{key} was not created: {outcome:?}");
    }
    let product = run.create_product(500, 2500).await;
    let ten = create_coupon(run, &product, json!({ "total": USES }), Some(2 * USES)).await;
    let once = create_coupon(run, &product, json!({ "perCustomer": 1 }), None).await;
    let first = create_coupon(run, &product, json!({ "firstOrder": true }), None).await;
    let mut customers = Vec::new();
    for (number, coupon) in (0..CUSTOMERS).flat_map(|number| [(number, &once), (number, &first)]) {
        let name = format!("customer {number} of {}", coupon.code);
        let has_account = number.is_multiple_of(2);
        let buyer = if has_account { run.register_customer(&name).await } else { run.guest_without_cart(&name) };
        customers.push((buyer, coupon.clone()));
    }
    Offers { product, ten, customers }
}

/// The admin publishes a promotion of 10 % with a code.
async fn create_coupon(run: &Run, product: &Product, limits: Value, max_uses: Option<u32>) -> Coupon {
    let body = json!({
        "market": MARKET, "name": "Ten percent", "stage": "order", "effect": { "kind": "percentage", "ppm": 100_000 },
        "scope": { "skus": [product.sku] }, "combine": "stack", "trigger": "code", "limits": limits,
        "endsAt": "2099-01-01T00:00:00Z",
    });
    let draft =
        run.admin.post("/promotions", body).key(&e2e::unique("promotion")).retry_until_known(MAX_ATTEMPTS).await;
    let id = draft.body["id"].as_str().unwrap_or_else(|| panic!("the promotion was not created: {draft:?}"));
    publish(run, &format!("/promotions/{id}")).await;
    let code = e2e::unique("PROOF").to_uppercase();
    let mut body = json!({ "code": code });
    if let Some(max_uses) = max_uses {
        body["maxUses"] = max_uses.into();
    }
    let added = run.admin.post(&format!("/promotions/{id}/codes"), body).retry_until_known(MAX_ATTEMPTS).await;
    assert!(added.is_success(), "the code was not added: {added:?}");
    Coupon { market: MARKET, code }
}

/// If a response is lost, the promotion says whether it is live.
async fn publish(run: &Run, path: &str) {
    for _ in 0..MAX_ATTEMPTS {
        let promotion = run.admin.get(path).retry_until_known(MAX_ATTEMPTS).await;
        if promotion.body["status"] == "live" {
            return;
        }
        run.admin.post(&format!("{path}/publish"), Value::Null).if_match(&promotion.body["version"]).send_once().await;
    }
    panic!("{path} was not published in {MAX_ATTEMPTS} attempts");
}

/// Returns the orders that have a use of the first coupon.
async fn sell(run: &Run, offers: &Offers) -> Vec<(Buyer, PlacedOrder)> {
    // Alone, so that as many as possible come at the same time.
    let placed = sell_ten(run, offers).await;
    let customers = offers.customers.iter().enumerate();
    join_all(customers.map(async |(number, (buyer, coupon))| {
        order_from_devices(offers, coupon, buyer, number < CUSTOMERS).await;
    }))
    .await;
    placed
}

/// Every third buyer cancels the order, if it is placed. Some of those who come later get its use.
async fn sell_ten(run: &Run, offers: &Offers) -> Vec<(Buyer, PlacedOrder)> {
    let buyers = stream::iter(0..BUYERS).map(async |number| {
        let buyer = run.guest_without_cart(&format!("coupon buyer {number}"));
        let order = order(&buyer, offers, &offers.ten).await?;
        if number.is_multiple_of(PLACED_BY_CANCELLED) {
            futures::join!(buyer.cancel(&order), buyer.cancel(&order));
            return None;
        }
        Some((buyer, order))
    });
    let placed = buyers.buffer_unordered(BUYERS).collect::<Vec<_>>().await;
    placed.into_iter().flatten().collect()
}

/// A customer orders from several devices at the same time. Some cancel what was placed, and order once more.
async fn order_from_devices(offers: &Offers, coupon: &Coupon, buyer: &Buyer, cancels: bool) {
    let placed = join_all((0..DEVICES).map(async |device| {
        let buyer = buyer.on_device(&format!("device {device}"));
        order(&buyer, offers, coupon).await
    }))
    .await;
    if cancels {
        for order in placed.iter().flatten() {
            futures::join!(buyer.cancel(order), buyer.cancel(order));
        }
        order(buyer, offers, coupon).await;
    }
}

/// When nobody else orders, some orders give back their uses of the first coupon. These can be had, and no more.
async fn use_again(run: &Run, offers: &Offers, placed: &[(Buyer, PlacedOrder)]) {
    for (buyer, order) in placed.iter().take(LATE_CANCELS) {
        buyer.cancel(order).await;
    }
    for number in 0..=BUYERS {
        let buyer = run.guest_without_cart(&format!("late coupon buyer {number}"));
        if order(&buyer, offers, &offers.ten).await.is_none() {
            return;
        }
    }
}

async fn order(buyer: &Buyer, offers: &Offers, coupon: &Coupon) -> Option<PlacedOrder> {
    let request = OrderRequest::of_lines(&[(&offers.product, 2)]).with_coupon(coupon).with_card(card::VALID);
    PlacedOrder::of(&buyer.place_order(&request).await)
}

/// Kills functions at one point after another, as far as orders reach it.
async fn kill(run: &Run) {
    for label in KILLS {
        run.faults.process.kill_at(label);
        tokio::time::sleep(KILL_PAUSE).await;
    }
}
