//! Cancel against pay against authentication against webhook against the end of the hold.

use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::people::{Bought, Buyer, Mug, Purchase, card};
use crate::run::Run;
use crate::seed::weighted;

const SOON: Duration = Duration::from_secs(20);

/// Eight race at once, four at the end of their holds.
pub(super) async fn play(run: &Run) {
    let mug = run.sells(60, 1500).await;
    let early = join_all((0..8).map(|number| races(run, &mug, format!("racer {number}"), Start::AtOnce)));
    let late = join_all((0..4).map(|number| races(run, &mug, format!("late racer {number}"), Start::AtTheEnd)));
    futures::join!(early, late);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    AtOnce,
    AtTheEnd,
}

async fn races(run: &Run, mug: &Mug, name: String, start: Start) {
    let mut random = run.source(&name);
    let buyer = if random.u8(0..3) == 0 { run.customer(&name).await } else { run.guest(&name).await };
    let cards = match start {
        Start::AtOnce => vec![(3, card::ASKS), (2, card::BAD), (2, card::GOOD), (2, card::SLOW)],
        // What the provider has said yes to has no hold any more.
        Start::AtTheEnd => vec![(3, card::ASKS), (2, card::BAD)],
    };
    let hook = weighted(&mut random, &[(2, ""), (2, "_hook_late_800ms"), (2, "_hook_twice_600ms"), (1, "_hook_never")]);
    let token = format!("{}{hook}", weighted(&mut random, &cards));
    let Some(order) = Bought::of(&buyer.buys(&Purchase::of(&[(mug, 2)]).by(&token)).await) else { return };
    match start {
        Start::AtOnce => tokio::time::sleep(Duration::from_millis(random.u64(0..1500))).await,
        Start::AtTheEnd => waits_for_the_end(&buyer, &order).await,
    }
    let mut pause = || Duration::from_millis(random.u64(0..400));
    let (first, second, third, fourth) = (pause(), pause(), pause(), pause());
    let (cancels, pays, expires) = (random.u8(0..3) > 0, random.u8(0..3) > 0, start == Start::AtTheEnd);
    let succeeds = random.u8(0..4) > 0;
    futures::join!(
        async {
            tokio::time::sleep(first).await;
            if cancels {
                buyer.at("phone").cancels(&order).await;
            }
        },
        async {
            tokio::time::sleep(second).await;
            if pays {
                buyer.at("laptop").pays(&order, card::GOOD).await;
            }
        },
        async {
            tokio::time::sleep(third).await;
            goes_to_the_bank(run, &buyer, &order, succeeds).await;
        },
        async {
            tokio::time::sleep(fourth).await;
            if expires {
                run.wakes("expire-holds").await;
            }
        },
    );
}

/// Sleeps until the hold is about to end.
async fn waits_for_the_end(buyer: &Buyer, order: &Bought) {
    // The call to the provider prolongs it, so it is asked for afterwards.
    buyer.awaits_payment(order, SOON, &["requires_action", "failed"]).await;
    let seen = buyer.order(order).await;
    let ends = seen.body["holdExpiresAt"].as_str().and_then(|ends| OffsetDateTime::parse(ends, &Rfc3339).ok());
    let left = ends.map(|ends| ends - OffsetDateTime::now_utc()).and_then(|left| Duration::try_from(left).ok());
    tokio::time::sleep(left.unwrap_or_default().saturating_sub(Duration::from_millis(200))).await;
}

/// Follows the link that the payment shows, if it shows one; the bank is content, or not. Then says so to the shop.
pub(super) async fn goes_to_the_bank(run: &Run, buyer: &Buyer, order: &Bought, succeeds: bool) {
    let payment: Value = buyer.payment(order).await.body;
    if let Some(url) = payment["nextAction"]["url"].as_str() {
        run.levers.provider.authenticates(url, succeeds).await;
        buyer.confirms(order).await;
    }
}
