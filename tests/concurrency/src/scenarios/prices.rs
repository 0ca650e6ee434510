//! Prices change while buyers order.

use std::time::Duration;

use futures::future::join_all;

use crate::buyers::{Buyer, OrderRequest, Product};
use crate::run::Run;

/// Two prices change six times, while six buyers fill carts, read them, wait, and order at the total that they read. Some order
/// without an expected total.
pub(super) async fn play(run: &Run) {
    let products = [run.create_product(300, 1000).await, run.create_product(300, 2000).await];
    let price_changes = async {
        for step in 1..=6 {
            for product in &products {
                run.change_price(product, product.price + step * 50).await;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    };
    let orders = join_all((0..6).map(async |number| {
        let name = format!("prices buyer {number}");
        let mut random = run.rng(&name);
        let buyer = if number % 3 == 0 { run.register_customer(&name).await } else { run.create_guest(&name).await };
        for _ in 0..3 {
            let product = &products[random.usize(0..products.len())];
            if random.u8(0..4) == 0 {
                buyer.place_order(&OrderRequest::of_lines(&[(product, 1)])).await;
            } else {
                buyer.add(product, random.u32(1..=2)).await;
                order_at_displayed_price(&buyer, &mut random).await;
            }
        }
    }));
    futures::join!(price_changes, orders, order_at_outdated_price(run));
}

/// Reads the cart, waits and orders. If the price has changed meanwhile, starts again.
async fn order_at_displayed_price(buyer: &Buyer, random: &mut fastrand::Rng) {
    for _ in 0..4 {
        let cart = buyer.read_cart().await;
        tokio::time::sleep(Duration::from_millis(random.u64(0..400))).await;
        let request = match random.u8(0..3) {
            0 => OrderRequest::from_cart(),
            _ => OrderRequest::from_cart().with_expected_total(&cart.body["total"]),
        };
        if buyer.place_order(&request).await.is_success() {
            break;
        }
    }
}

/// A cart holds an outdated price when it is ordered.
async fn order_at_outdated_price(run: &Run) {
    let product: Product = run.create_product(10, 5000).await;
    let buyer = run.create_guest("prices believer").await;
    buyer.add(&product, 1).await;
    run.change_price(&product, 7500).await;
    buyer.place_order(&OrderRequest::from_cart()).await;
    buyer.read_cart().await;
    buyer.place_order(&OrderRequest::from_cart()).await;
}
