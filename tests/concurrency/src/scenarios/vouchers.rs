//! Coupons whose uses are limited: for all orders, for each customer, and for first orders.

use std::pin::pin;
use std::time::Duration;

use futures::future::{join_all, select};
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
const BUYERS: u32 = 200;
/// Of so many orders one is cancelled at once, by two requests at the same time.
const PLACED_BY_CANCELLED: u32 = 3;
/// The devices of a customer that order at the same time.
const DEVICES: usize = 4;
/// The customers of each coupon that is limited for a customer.
const CUSTOMERS: u32 = 4;
/// How often a call whose response is lost is sent.
const MAX_ATTEMPTS: u32 = 12;
/// The places where functions are killed that place and cancel orders, and the pause after each.
const KILLS: [&str; 4] = ["orders.placing", "orders.placed", "orders.before_commit", "orders.committed"];
const KILL_PAUSE: Duration = Duration::from_secs(2);

/// What the buyers want, created before any fault is injected.
struct Offers {
    product: Product,
    /// For ten orders.
    ten: Coupon,
    /// For one order of each customer.
    once: Coupon,
    /// For first orders.
    first: Coupon,
}

/// Two hundred buyers at once, customers with several devices, and then those who find the uses that were given back.
pub(super) async fn play(run: &Run) {
    let offers = prepare(run).await;
    sell(run, &offers).await;
    use_again(run, &offers).await;
}

/// The same while DynamoDB calls fail and functions are killed. When all work has ended, the uses that were given back are there.
pub(super) async fn play_under_faults(run: &Run) {
    let offers = prepare(run).await;
    run.faults.database.inject_by_chance(&DATABASE_FAULTS, run.seed).await;
    {
        let (sale, kills) = (pin!(sell(run, &offers)), pin!(kill(run)));
        select(sale, kills).await;
    }
    run.faults.process.cancel_kills();
    run.faults.database.reset().await;
    run.await_quiescence(QUIESCENCE_TIMEOUT).await;
    use_again(run, &offers).await;
}

async fn prepare(run: &Run) -> Offers {
    let market = json!({ "currency": run.test_stack.stack.currency, "prices": "gross" });
    run.shop.has_market(MARKET, &market).await;
    let product = run.create_product(500, 2500).await;
    let coupon = async |limits: Value| create_coupon(run, &product, &limits).await;
    let (ten, once, first) = (
        coupon(json!({ "total": USES })).await,
        coupon(json!({ "perCustomer": 1 })).await,
        coupon(json!({ "firstOrder": true, "perCustomer": 5 })).await,
    );
    Offers { product, ten, once, first }
}

/// The admin publishes a promotion of 10 % with a code.
async fn create_coupon(run: &Run, product: &Product, limits: &Value) -> Coupon {
    let body = json!({
        "market": MARKET, "name": "Ten percent", "stage": "order", "effect": { "kind": "percentage", "ppm": 100_000 },
        "scope": { "skus": [product.sku] }, "combine": "stack", "trigger": "code", "limits": limits,
        "endsAt": "2099-01-01T00:00:00Z",
    });
    let draft =
        run.admin.post("/promotions", body).key(&e2e::unique("promotion")).retry_until_known(MAX_ATTEMPTS).await;
    let id = draft.body["id"].as_str().unwrap_or_else(|| panic!("the promotion was not created: {draft:?}"));
    let publish = run.admin.post(&format!("/promotions/{id}/publish"), Value::Null).if_match(&draft.body["version"]);
    let published = publish.send_once().await;
    assert!(published.is_success(), "the promotion was not published: {published:?}");
    let code = e2e::unique("PROOF").to_uppercase();
    let added = run.admin.post(&format!("/promotions/{id}/codes"), json!({ "code": code })).send_once().await;
    assert!(added.is_success(), "the code was not added: {added:?}");
    Coupon { market: MARKET, code }
}

async fn sell(run: &Run, offers: &Offers) {
    // Alone, so that as many as possible come at the same time.
    sell_ten(run, offers).await;
    let customers = (0..CUSTOMERS).flat_map(|number| [(number, &offers.once), (number, &offers.first)]);
    join_all(customers.map(async |(number, coupon)| {
        let name = format!("customer {number} of {}", coupon.code);
        let buyer = if number % 2 == 0 { run.register_customer(&name).await } else { run.guest_without_cart(&name) };
        order_from_devices(offers, coupon, &buyer).await;
    }))
    .await;
}

/// Every third buyer who gets a use cancels the order, and some of those who come later get it.
async fn sell_ten(run: &Run, offers: &Offers) {
    let buyers = stream::iter(0..BUYERS).map(async |number| {
        let buyer = run.guest_without_cart(&format!("coupon buyer {number}"));
        let Some(order) = order(&buyer, offers, &offers.ten).await else { return };
        if number % PLACED_BY_CANCELLED == 0 {
            futures::join!(buyer.cancel(&order), buyer.cancel(&order));
        }
    });
    buyers.buffer_unordered(BUYERS as usize).collect::<Vec<()>>().await;
}

/// A customer orders from several devices at the same time. All orders that were placed are cancelled, and the customer orders once more.
async fn order_from_devices(offers: &Offers, coupon: &Coupon, buyer: &Buyer) {
    let placed = join_all(
        (0..DEVICES).map(async |device| order(&buyer.on_device(&format!("device {device}")), offers, coupon).await),
    );
    for order in placed.await.iter().flatten() {
        futures::join!(buyer.cancel(order), buyer.cancel(order));
    }
    order(buyer, offers, coupon).await;
}

/// When nobody else orders: one order of the first coupon is cancelled, and all uses that are left can be had.
async fn use_again(run: &Run, offers: &Offers) {
    for number in 0..=2 * USES {
        let buyer = run.guest_without_cart(&format!("late coupon buyer {number}"));
        let placed = order(&buyer, offers, &offers.ten).await;
        match placed {
            Some(order) if number == 0 => {
                buyer.cancel(&order).await;
            }
            Some(_) => {}
            None => return,
        }
    }
}

async fn order(buyer: &Buyer, offers: &Offers, coupon: &Coupon) -> Option<PlacedOrder> {
    let request = OrderRequest::of_lines(&[(&offers.product, 2)]).with_coupon(coupon).with_card(card::VALID);
    PlacedOrder::of(&buyer.place_order(&request).await)
}

/// Kills functions one after another, as far as orders reach these points.
async fn kill(run: &Run) {
    loop {
        for label in KILLS {
            run.faults.process.kill_at(label);
            tokio::time::sleep(KILL_PAUSE).await;
        }
    }
}
