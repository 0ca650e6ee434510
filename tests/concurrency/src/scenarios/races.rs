//! Races between cancellation, payment, authentication, webhook and the end of the hold.

use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::buyers::{Buyer, OrderRequest, PlacedOrder, Product, card};
use crate::run::Run;
use crate::seed::pick_weighted;

const SOON: Duration = Duration::from_secs(20);

/// Eight races start immediately, four at the end of the hold.
pub(super) async fn play(run: &Run) {
    let product = run.create_product(60, 1500).await;
    let immediate_races =
        join_all((0..8).map(|number| race(run, &product, format!("racer {number}"), Start::Immediately)));
    let late_races =
        join_all((0..4).map(|number| race(run, &product, format!("late racer {number}"), Start::AtHoldEnd)));
    futures::join!(immediate_races, late_races);
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
    let response = buyer.read_order(order).await;
    let ends = response.body["holdExpiresAt"].as_str().and_then(|ends| OffsetDateTime::parse(ends, &Rfc3339).ok());
    let left = ends.map(|ends| ends - OffsetDateTime::now_utc()).and_then(|left| Duration::try_from(left).ok());
    tokio::time::sleep(left.unwrap_or_default().saturating_sub(Duration::from_millis(200))).await;
}

/// Opens the payment's authentication link, if there is one, with success or failure. Then confirms the payment.
pub(super) async fn authenticate_payment(run: &Run, buyer: &Buyer, order: &PlacedOrder, is_successful: bool) {
    let payment: Value = buyer.read_payment(order).await.body;
    if let Some(url) = payment["nextAction"]["url"].as_str() {
        run.faults.provider.authenticate(url, is_successful).await;
        buyer.confirm(order).await;
    }
}
