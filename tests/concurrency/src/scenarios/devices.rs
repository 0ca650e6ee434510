//! One cart in two hands.

use std::time::Duration;

use futures::future::join_all;

use crate::people::{Buyer, Mug, Purchase};
use crate::run::Run;

/// Two devices add to one cart, and one of them checks out in between. Two carts are only added to, so that what is in them can
/// be counted; in a third, things are set and removed as well.
pub(super) async fn two_devices(run: &Run) {
    let mugs = [run.sells(400, 899).await, run.sells(400, 1450).await];
    join_all((0..3).map(async |number| {
        let name = format!("two-devices buyer {number}");
        let buyer = run.customer(&name).await;
        let devices = ["phone", "laptop"].map(|device| (buyer.at(device), run.source(&format!("{name}, {device}"))));
        join_all(devices.into_iter().map(async |(device, mut random)| {
            for step in 0..7 {
                let mug = &mugs[random.usize(0..mugs.len())];
                if number == 2 && random.u8(0..3) == 0 {
                    changes(&device, mug, &mut random).await;
                } else if random.u8(0..6) == 0 {
                    device.adds_and_leaves(mug, 1, Duration::from_millis(random.u64(5..60))).await;
                } else {
                    device.adds(mug, random.u32(1..=3)).await;
                }
                if step == 3 && random.bool() {
                    device.buys(&Purchase::of_cart()).await;
                }
            }
            device.looks().await;
        }))
        .await;
    }))
    .await;
}

async fn changes(device: &Buyer, mug: &Mug, random: &mut fastrand::Rng) {
    if random.bool() {
        device.sets(mug, random.u32(0..=5)).await;
    } else {
        device.removes(mug).await;
    }
}

/// Guests fill a cart, log in, and both of their devices merge it at once, while they go on adding.
pub(super) async fn merges(run: &Run) {
    let mugs = [run.sells(400, 700).await, run.sells(400, 1100).await];
    join_all((0..3).map(async |number| {
        let name = format!("merging buyer {number}");
        let mut random = run.source(&name);
        let (own, guest) = (run.customer(&name).await, run.guest(&format!("{name} before")).await);
        own.adds(&mugs[0], random.u32(1..=3)).await;
        for mug in &mugs {
            guest.adds(mug, random.u32(1..=3)).await;
        }
        let (phone, laptop) = (own.at("phone"), own.at("laptop"));
        futures::join!(phone.merges(&guest), laptop.merges(&guest), phone.adds(&mugs[1], 1), guest.adds(&mugs[0], 1));
        // Once more: what came late comes along, and what was taken over is not taken twice.
        laptop.merges(&guest).await;
        own.looks().await;
        own.buys(&Purchase::of_cart()).await;
    }))
    .await;
}
