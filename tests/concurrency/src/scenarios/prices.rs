//! Prices move while carts are on their way to the till.

use std::time::Duration;

use futures::future::join_all;

use crate::people::{Buyer, Mug, Purchase};
use crate::run::Run;

/// Two prices change six times, while six buyers put things in, look, think, and order what they were shown; those who do not
/// look order what they believe.
pub(super) async fn play(run: &Run) {
    let mugs = [run.sells(300, 1000).await, run.sells(300, 2000).await];
    let repricing = async {
        for step in 1..=6 {
            for mug in &mugs {
                run.reprices(mug, mug.price + step * 50).await;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    };
    let buying = join_all((0..6).map(async |number| {
        let name = format!("prices buyer {number}");
        let mut random = run.source(&name);
        let buyer = if number % 3 == 0 { run.customer(&name).await } else { run.guest(&name).await };
        for _ in 0..3 {
            let mug = &mugs[random.usize(0..mugs.len())];
            if random.u8(0..4) == 0 {
                buyer.buys(&Purchase::of(&[(mug, 1)])).await;
            } else {
                buyer.adds(mug, random.u32(1..=2)).await;
                orders_what_is_shown(&buyer, &mut random).await;
            }
        }
    }));
    futures::join!(repricing, buying, believes_the_old_price(run));
}

/// Looks, thinks and orders; if the price has moved meanwhile, looks again.
async fn orders_what_is_shown(buyer: &Buyer, random: &mut fastrand::Rng) {
    for _ in 0..4 {
        let shown = buyer.looks().await;
        tokio::time::sleep(Duration::from_millis(random.u64(0..400))).await;
        let purchase = match random.u8(0..3) {
            0 => Purchase::of_cart(),
            _ => Purchase::of_cart().expecting(&shown.body["total"]),
        };
        if buyer.buys(&purchase).await.is_done() {
            break;
        }
    }
}

/// Somebody's cart holds a price that surely is the price no more.
async fn believes_the_old_price(run: &Run) {
    let mug: Mug = run.sells(10, 5000).await;
    let buyer = run.guest("prices believer").await;
    buyer.adds(&mug, 1).await;
    run.reprices(&mug, 7500).await;
    buyer.buys(&Purchase::of_cart()).await;
    buyer.looks().await;
    buyer.buys(&Purchase::of_cart()).await;
}
