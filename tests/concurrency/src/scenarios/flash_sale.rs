//! A flash sale: a thousand buyers for a hundred pieces, while everything around them changes and workers are killed.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::{join_all, select};
use futures::{StreamExt, stream};

use crate::buyers::{Buyer, OrderRequest, PlacedOrder, Product};
use crate::fault_points::{FAULT_POINTS, OrderPath, worker};
use crate::quiescence::QUIESCENCE_TIMEOUT;
use crate::run::Run;

const PIECES: u32 = 100;
const BUYERS: usize = 1_000;
/// The orders at a time. The machine need not run a thousand execution environments.
const AT_ONCE: usize = 16;
/// Of so many orders one is cancelled.
const PLACED_BY_CANCELLED: usize = 10;
const BUCKETS: u32 = 32;
const FEWER_BUCKETS: u32 = 16;
const PRICE_CHANGES: i64 = 6;
/// How long workers are killed, and the pause after each kill of one worker. A message that is killed at every delivery would rightly end
/// in the dead-letter queue; it comes again after 12 seconds.
const KILL_TIME: Duration = Duration::from_secs(10);
const KILL_PAUSE: Duration = Duration::from_secs(1);
/// Between two looks for a killed process.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(4);

/// Buyers order, prices and the number of buckets change, and functions are killed. When all work has ended, the rest is sold. Then all
/// pieces are in orders.
pub(super) async fn play(run: &Run) {
    let product = run.create_product(PIECES, 2500).await;
    run.set_flash(&product, BUCKETS).await;
    {
        let sale = pin!(async {
            futures::join!(sell(run, &product), change_prices(run, &product), change_buckets(run, &product))
        });
        let disturbances = pin!(async { futures::join!(kill_workers(run), sweep(run)) });
        select(sale, disturbances).await;
    }
    run.faults.process.cancel_kills();
    run.await_quiescence(QUIESCENCE_TIMEOUT).await;
    sell_the_rest(run, &product).await;
}

/// Each buyer orders one or two pieces, and accepts a refusal. Every tenth order is cancelled and its pieces are ordered by somebody else.
async fn sell(run: &Run, product: &Product) {
    let placed = AtomicUsize::new(0);
    let buyers = stream::iter(0..BUYERS).map(async |number| {
        let name = format!("flash buyer {number}");
        let quantity = run.rng(&name).u32(1..=2);
        let Some((buyer, order)) = order(run, product, &name, quantity).await else { return };
        if placed.fetch_add(1, Ordering::Relaxed).is_multiple_of(PLACED_BY_CANCELLED) {
            buyer.cancel(&order).await;
            order_of_another(run, product, number, quantity).await;
        }
    });
    buyers.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

async fn order(run: &Run, product: &Product, name: &str, quantity: u32) -> Option<(Buyer, PlacedOrder)> {
    let buyer = run.guest_without_cart(name);
    let outcome = buyer.place_order(&OrderRequest::of_lines(&[(product, quantity)])).await;
    Some((buyer, PlacedOrder::of(&outcome)?))
}

async fn order_of_another(run: &Run, product: &Product, number: usize, quantity: u32) {
    order(run, product, &format!("flash buyer after {number}"), quantity).await;
}

/// The products function is killed once during a change: the product is written, its buckets are not.
async fn change_prices(run: &Run, product: &Product) {
    for step in 1..=PRICE_CHANGES {
        if step == 2 {
            run.faults.process.kill_at("flash.terms_changed");
        }
        run.change_price(product, product.price + step * 10).await;
    }
    report_missed_kill(run, "flash.terms_changed");
}

/// The buckets become fewer and more again. Whoever moves pieces then is killed once, and the products function once more.
async fn change_buckets(run: &Run, product: &Product) {
    run.faults.process.kill_at("flash.rebalanced");
    run.set_flash(product, FEWER_BUCKETS).await;
    run.faults.process.kill_at("flash.switched");
    run.set_flash(product, BUCKETS).await;
    report_missed_kill(run, "flash.rebalanced");
    report_missed_kill(run, "flash.switched");
}

fn report_missed_kill(run: &Run, label: &str) {
    if !run.faults.process.was_killed_at(label) {
        run.add_violation("fault_points", format!("no process reached the point {label} in the flash sale"));
    }
}

/// Kills the workers of paid orders side by side, at one point after another, as far as orders reach them in time.
async fn kill_workers(run: &Run) {
    let started = Instant::now();
    let mut by_worker: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (label, _) in FAULT_POINTS.into_iter().filter(|(_, path)| *path == OrderPath::Paid) {
        by_worker.entry(worker(label)).or_default().push(label);
    }
    join_all(by_worker.into_values().map(async |labels| {
        for label in labels {
            run.faults.process.kill_at(label);
            while !run.faults.process.was_killed_at(label) {
                if started.elapsed() > KILL_TIME {
                    run.faults.process.cancel_kill(label);
                    return;
                }
                tokio::time::sleep(LOOK_PAUSE).await;
            }
            tokio::time::sleep(KILL_PAUSE).await;
        }
    }))
    .await;
}

/// Housekeeping looks after the buckets until the sale is over.
async fn sweep(run: &Run) {
    loop {
        tokio::time::sleep(HOUSEKEEPING_INTERVAL).await;
        run.run_housekeeping_task("rebalance-buckets").await;
    }
}

/// Single buyers order until one is refused. Orders that ended without a payment have returned their pieces.
async fn sell_the_rest(run: &Run, product: &Product) {
    for number in 0..=PIECES {
        if order(run, product, &format!("late flash buyer {number}"), 1).await.is_none() {
            break;
        }
    }
    let state = run.observe().await;
    let kept = state.orders.iter().filter(|order| order.keeps_stock());
    let sold: i64 = kept.map(|order| order.pieces_of(&product.sku)).sum();
    if sold != i64::from(PIECES) {
        run.add_violation("all_pieces_sold", format!("{sold} of {PIECES} pieces are in orders after a refusal"));
    }
}
