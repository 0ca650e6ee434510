//! A power cut at every labelled point between two steps.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::fault_points::{self, Way};
use crate::people::{Bought, Buyer, Mug, Purchase, card};
use crate::run::Run;

/// How long an order may take to come to its point.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often an order is sent past a point: of two at one place the other may die of it.
const TRIES: u32 = 3;
const SOON: Duration = Duration::from_secs(30);

/// Workers die side by side, but each of them only once at a time: a message that is killed at every delivery ends, rightly, in
/// the dead-letter queue.
pub(super) async fn play(run: &Run) {
    let mug = run.sells(200, 1750).await;
    let mut by_worker: BTreeMap<String, Vec<(String, Way)>> = BTreeMap::new();
    for (label, way) in fault_points::of(&run.site) {
        by_worker.entry(fault_points::worker(&label).to_owned()).or_default().push((label, way));
    }
    join_all(by_worker.into_values().map(async |points| {
        for (label, way) in points {
            dies(run, &mug, &label, way).await;
        }
    }))
    .await;
}

async fn dies(run: &Run, mug: &Mug, label: &str, way: Way) {
    let buyer = run.guest(&format!("buyer past {label}")).await;
    run.levers.sabotage.kills_at(label);
    for _ in 0..TRIES {
        let begun = Instant::now();
        let killed = async {
            while !run.levers.sabotage.has_killed(label) && begun.elapsed() < PATIENCE {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        futures::join!(goes(&buyer, mug, way), killed);
        if run.levers.sabotage.has_killed(label) {
            return;
        }
    }
    run.complains("fault_points", format!("nobody came to the point {label}, {TRIES} times"));
}

async fn goes(buyer: &Buyer, mug: &Mug, way: Way) {
    let token = if way == Way::Voided { card::ASKS } else { card::GOOD };
    let Some(order) = Bought::of(&buyer.buys(&Purchase::of(&[(mug, 1)]).by(token)).await) else { return };
    match way {
        Way::Paid => {}
        Way::Voided => {
            buyer.awaits_payment(&order, SOON, &["requires_action"]).await;
            buyer.cancels(&order).await;
        }
        Way::Refunded => {
            buyer.awaits_payment(&order, SOON, &["captured"]).await;
            buyer.cancels(&order).await;
        }
    }
}
