//! One cart in two hands.

use std::time::Duration;

use futures::future::join_all;

use crate::buyers::{Buyer, OrderRequest, Product};
use crate::run::Run;

/// Two devices add to one cart, and one of them checks out in between. Two carts are only added to, so that what is in them can
/// be counted; in a third, things are set and removed as well.
pub(super) async fn two_devices(run: &Run) {
    let products = [run.create_product(400, 899).await, run.create_product(400, 1450).await];
    join_all((0..3).map(async |number| {
        let name = format!("two-devices buyer {number}");
        let buyer = run.register_customer(&name).await;
        let devices =
            ["phone", "laptop"].map(|device| (buyer.on_device(device), run.rng(&format!("{name}, {device}"))));
        join_all(devices.into_iter().map(async |(device, mut random)| {
            for step in 0..7 {
                let product = &products[random.usize(0..products.len())];
                if number == 2 && random.u8(0..3) == 0 {
                    change_cart(&device, product, &mut random).await;
                } else if random.u8(0..6) == 0 {
                    device.add_and_disconnect(product, 1, Duration::from_millis(random.u64(5..60))).await;
                } else {
                    device.add(product, random.u32(1..=3)).await;
                }
                if step == 3 && random.bool() {
                    device.place_order(&OrderRequest::from_cart()).await;
                }
            }
            device.read_cart().await;
        }))
        .await;
    }))
    .await;
}

async fn change_cart(device: &Buyer, product: &Product, random: &mut fastrand::Rng) {
    if random.bool() {
        device.set_quantity(product, random.u32(0..=5)).await;
    } else {
        device.remove(product).await;
    }
}

/// Guests fill a cart, log in, and both of their devices merge it at once, while they go on adding.
pub(super) async fn cart_merges(run: &Run) {
    let products = [run.create_product(400, 700).await, run.create_product(400, 1100).await];
    join_all((0..3).map(async |number| {
        let name = format!("merging buyer {number}");
        let mut random = run.rng(&name);
        let (customer, guest) = (run.register_customer(&name).await, run.create_guest(&format!("{name} before")).await);
        customer.add(&products[0], random.u32(1..=3)).await;
        for product in &products {
            guest.add(product, random.u32(1..=3)).await;
        }
        let (phone, laptop) = (customer.on_device("phone"), customer.on_device("laptop"));
        futures::join!(
            phone.merge_cart(&guest),
            laptop.merge_cart(&guest),
            phone.add(&products[1], 1),
            guest.add(&products[0], 1)
        );
        // Once more: what came late comes along, and what was taken over is not taken twice.
        laptop.merge_cart(&guest).await;
        customer.read_cart().await;
        customer.place_order(&OrderRequest::from_cart()).await;
    }))
    .await;
}
