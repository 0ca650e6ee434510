//! Kills functions at every fault point.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::buyers::{Buyer, OrderRequest, PlacedOrder, Product, card};
use crate::fault_points::{FAULT_POINTS, OrderPath, worker};
use crate::run::Run;

/// How long an order may take to reach its point.
const POINT_TIMEOUT: Duration = Duration::from_secs(20);
/// The same for a point at the end of the hold.
const HOLD_END_TIMEOUT: Duration = Duration::from_secs(60);
/// How many orders are tried for a point. An order may fail because of a kill of another worker.
const MAX_ATTEMPTS: u32 = 3;
const SOON: Duration = Duration::from_secs(30);

/// Kills the workers side by side, but one process of each worker at a time. A message that is killed at every delivery would
/// rightly end in the dead-letter queue.
pub(super) async fn play(run: &Run) {
    let product = run.create_product(200, 1750).await;
    let mut by_worker: BTreeMap<&str, Vec<(&str, OrderPath)>> = BTreeMap::new();
    for (label, path) in FAULT_POINTS {
        by_worker.entry(worker(label)).or_default().push((label, path));
    }
    join_all(by_worker.into_values().map(async |points| {
        for (label, path) in points {
            kill_at_point(run, &product, label, path).await;
        }
    }))
    .await;
}

async fn kill_at_point(run: &Run, product: &Product, label: &str, path: OrderPath) {
    let buyer = run.create_guest(&format!("buyer past {label}")).await;
    run.faults.process.kill_at(label);
    let timeout = if path == OrderPath::Declined { HOLD_END_TIMEOUT } else { POINT_TIMEOUT };
    for _ in 0..MAX_ATTEMPTS {
        let started = Instant::now();
        let killed = async {
            while !run.faults.process.was_killed_at(label) && started.elapsed() < timeout {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        futures::join!(send_order(&buyer, product, path), killed);
        if run.faults.process.was_killed_at(label) {
            return;
        }
    }
    run.add_violation("fault_points", format!("no process reached the point {label} in {MAX_ATTEMPTS} attempts"));
}

async fn send_order(buyer: &Buyer, product: &Product, path: OrderPath) {
    let token = match path {
        OrderPath::Voided => card::REQUIRES_AUTHENTICATION,
        OrderPath::Declined => card::DECLINED,
        OrderPath::Paid | OrderPath::Refunded => card::VALID,
    };
    let Some(order) =
        PlacedOrder::of(&buyer.place_order(&OrderRequest::of_lines(&[(product, 1)]).with_card(token)).await)
    else {
        return;
    };
    match path {
        // The hold of a declined order ends by itself.
        OrderPath::Paid | OrderPath::Declined => {}
        OrderPath::Voided => {
            buyer.await_payment(&order, SOON, &["requires_action"]).await;
            buyer.cancel(&order).await;
        }
        OrderPath::Refunded => {
            buyer.await_payment(&order, SOON, &["captured"]).await;
            buyer.cancel(&order).await;
        }
    }
}
