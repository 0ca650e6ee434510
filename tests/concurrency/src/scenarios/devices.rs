//! Two devices use one cart.

use std::time::Duration;

use futures::future::join_all;

use crate::buyers::{Buyer, OrderRequest, Product};
use crate::run::Run;

/// Two devices add to one cart, and one of them orders it in between. In two of the three carts, lines are only added, so that the
/// check can count them. In the third, lines are also set and removed.
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

/// Guests fill a cart and log in. Two of their devices merge the cart at the same time, while lines are added to both carts.
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
        // A second merge takes lines that were added late, and no line twice.
        laptop.merge_cart(&guest).await;
        customer.read_cart().await;
        customer.place_order(&OrderRequest::from_cart()).await;
    }))
    .await;
}
