//! Races between cancellation, payment, authentication, webhook and the end of the hold.

use std::time::Duration;

use e2e::envelope::about_payment;
use futures::future::join_all;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::buyers::{Buyer, OrderRequest, PlacedOrder, Product, card};
use crate::run::Run;
use crate::seed::pick_weighted;

const SOON: Duration = Duration::from_secs(20);

/// Eight races start immediately, four at the end of the hold. Two orders are cancelled while their intents are created, and three
/// customers authenticate just before the end of the hold.
pub(super) async fn play(run: &Run) {
    let product = run.create_product(60, 1500).await;
    let immediate_races =
        join_all((0..8).map(|number| race(run, &product, format!("racer {number}"), Start::Immediately)));
    let late_races =
        join_all((0..4).map(|number| race(run, &product, format!("late racer {number}"), Start::AtHoldEnd)));
    let cancellations = join_all((0..2).map(|number| cancel_during_creation(run, &product, number)));
    let authentications = join_all((0..3).map(|number| authenticate_before_hold_end(run, &product, number)));
    futures::join!(immediate_races, late_races, cancellations, authentications);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Immediately,
    AtHoldEnd,
}

async fn race(run: &Run, product: &Product, name: String, start: Start) {
    let mut random = run.rng(&name);
    let buyer = if random.u8(0..3) == 0 { run.register_customer(&name).await } else { run.create_guest(&name).await };
    let cards = match start {
        Start::Immediately => {
            vec![(3, card::REQUIRES_AUTHENTICATION), (2, card::DECLINED), (2, card::VALID), (2, card::SLOW)]
        }
        // A card that succeeds would end the hold early.
        Start::AtHoldEnd => vec![(3, card::REQUIRES_AUTHENTICATION), (2, card::DECLINED)],
    };
    let hook =
        pick_weighted(&mut random, &[(2, ""), (2, "_hook_late_800ms"), (2, "_hook_twice_600ms"), (1, "_hook_never")]);
    let token = format!("{}{hook}", pick_weighted(&mut random, &cards));
    let Some(order) =
        PlacedOrder::of(&buyer.place_order(&OrderRequest::of_lines(&[(product, 2)]).with_card(&token)).await)
    else {
        return;
    };
    match start {
        Start::Immediately => tokio::time::sleep(Duration::from_millis(random.u64(0..1500))).await,
        Start::AtHoldEnd => wait_for_hold_end(&buyer, &order).await,
    }
    let mut pause = || Duration::from_millis(random.u64(0..400));
    let (first, second, third, fourth) = (pause(), pause(), pause(), pause());
    let (is_cancelling, is_paying, is_expiring) = (random.u8(0..3) > 0, random.u8(0..3) > 0, start == Start::AtHoldEnd);
    let is_successful = random.u8(0..4) > 0;
    futures::join!(
        async {
            tokio::time::sleep(first).await;
            if is_cancelling {
                buyer.on_device("phone").cancel(&order).await;
            }
        },
        async {
            tokio::time::sleep(second).await;
            if is_paying {
                buyer.on_device("laptop").pay(&order, card::VALID).await;
            }
        },
        async {
            tokio::time::sleep(third).await;
            authenticate_payment(run, &buyer, &order, is_successful).await;
        },
        async {
            tokio::time::sleep(fourth).await;
            if is_expiring {
                run.run_housekeeping_task("expire-holds").await;
            }
        },
    );
}

/// Sleeps until shortly before the end of the hold.
async fn wait_for_hold_end(buyer: &Buyer, order: &PlacedOrder) {
    // The call to the provider extends the hold, so the end is read afterwards.
    buyer.await_payment(order, SOON, &["requires_action", "failed"]).await;
    tokio::time::sleep(read_hold_time(buyer, order).await.saturating_sub(Duration::from_millis(200))).await;
}

/// How long the hold still lasts.
async fn read_hold_time(buyer: &Buyer, order: &PlacedOrder) -> Duration {
    let response = buyer.read_order(order).await;
    let ends = response.body["holdExpiresAt"].as_str().and_then(|ends| OffsetDateTime::parse(ends, &Rfc3339).ok());
    let left = ends.map(|ends| ends - OffsetDateTime::now_utc()).and_then(|left| Duration::try_from(left).ok());
    left.unwrap_or_default()
}

/// The order is cancelled while the provider's response to the creation of its intent is on its way. The worker then has an intent
/// whose payment has ended, and must not store it.
async fn cancel_during_creation(run: &Run, product: &Product, number: u32) {
    let buyer = run.create_guest(&format!("early canceller {number}")).await;
    let card = format!("{}_hook_never", e2e::unique("pm_test_ok_"));
    let target = json!({ "method": "POST", "path_contains": "/payment_intents", "card": card });
    run.shop.provider.fails(&json!({ "match": target, "kind": "delay", "ms": 2_000, "times": 1 })).await;
    let request = OrderRequest::of_lines(&[(product, 1)]).with_card(&card);
    let Some(order) = PlacedOrder::of(&buyer.place_order(&request).await) else { return };
    let e2e_order = e2e_order(&order);
    for _ in 0..100 {
        if run.shop.provider.tally(&e2e_order).await.intents > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    buyer.cancel(&order).await;
}

/// The customer authenticates before the end of the hold. One worker reads the order before that end, and learns after it that the
/// payment is authorised. Another worker reads it after that end: it must ask the provider too, and its cancellations there take longest.
/// Either the order is confirmed, or nothing is charged.
async fn authenticate_before_hold_end(run: &Run, product: &Product, number: u32) {
    // Not while the other races have housekeeping look for holds that have ended.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let buyer = run.create_guest(&format!("late authenticator {number}")).await;
    let card = format!("{}_hook_never", card::REQUIRES_AUTHENTICATION);
    let request = OrderRequest::of_lines(&[(product, 1)]).with_card(&card);
    let placed = buyer.place_order(&request).await;
    let Some(order) = PlacedOrder::of(&placed) else { return };
    let Some(payment) = buyer.await_payment(&order, SOON, &["requires_action"]).await else { return };
    let left = read_hold_time(&buyer, &order).await;
    for (method, path, ms) in [("GET", "/payment_intents", 2_200), ("POST", "/cancel", 3_000)] {
        let target = json!({ "method": method, "path_contains": path, "order_id": order.id });
        run.shop.provider.fails(&json!({ "match": target, "kind": "delay", "ms": ms, "times": 10 })).await;
    }
    run.faults.provider.authenticate(payment["nextAction"]["url"].as_str().unwrap_or_default(), true).await;
    let e2e_order = e2e_order(&order);
    let member = |name: &str| placed.body[name].clone();
    let data = json!({
        "orderId": order.id, "orderNumber": member("number"), "paymentId": order.payment, "total": member("total"),
        "holdExpiresAt": member("holdExpiresAt"), "items": [],
    });
    futures::join!(
        async {
            tokio::time::sleep(left.saturating_sub(Duration::from_millis(1_000))).await;
            run.shop.requests_payment_check(&e2e_order).await;
        },
        async {
            tokio::time::sleep(left + Duration::from_millis(100)).await;
            let message = about_payment(&e2e_order, "order.created", 1, &data);
            run.shop.delivers_message("payments-worker", message).await;
        },
    );
}

fn e2e_order(order: &PlacedOrder) -> e2e::Order {
    e2e::Order(json!({ "id": order.id, "paymentId": order.payment }))
}

/// Opens the payment's authentication link, if there is one, with success or failure. Then confirms the payment.
pub(super) async fn authenticate_payment(run: &Run, buyer: &Buyer, order: &PlacedOrder, is_successful: bool) {
    let payment: Value = buyer.read_payment(order).await.body;
    if let Some(url) = payment["nextAction"]["url"].as_str() {
        run.faults.provider.authenticate(url, is_successful).await;
        buyer.confirm(order).await;
    }
}
