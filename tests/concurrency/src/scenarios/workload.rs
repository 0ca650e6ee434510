//! The workload under which faults are injected: buyers who order at random.

use std::time::Duration;

use futures::future::join_all;

use super::races::authenticate_payment;
use crate::buyers::{Buyer, OrderRequest, PlacedOrder, Product, card};
use crate::run::Run;
use crate::seed::pick_weighted;

/// How long a buyer waits for the payment's status.
const SOON: Duration = Duration::from_secs(8);

/// Products and buyers, created before any fault is injected.
pub(super) struct Workload<'a> {
    run: &'a Run,
    name: String,
    products: Vec<Product>,
    buyers: Vec<Buyer>,
}

impl<'a> Workload<'a> {
    /// Creates products and buyers. Every third buyer has an account.
    pub(super) async fn prepare(run: &'a Run, name: &str, buyer_count: usize) -> Self {
        let products = vec![
            run.create_product(500, 1099).await,
            run.create_product(500, 2450).await,
            run.create_product(12, 8900).await,
        ];
        let buyers = join_all((0..buyer_count).map(async |number| {
            let name = format!("{name} {number}");
            if number % 3 == 0 { run.register_customer(&name).await } else { run.create_guest(&name).await }
        }));
        Self { run, name: name.to_owned(), products, buyers: buyers.await }
    }

    /// Each buyer places this many orders.
    pub(super) async fn run(&self, orders_each: usize) {
        join_all(self.buyers.iter().enumerate().map(async |(number, buyer)| {
            let mut random = self.run.rng(&format!("{} {number}", self.name));
            for _ in 0..orders_each {
                shop_once(self.run, buyer, &self.products, &mut random).await;
            }
        }))
        .await;
    }
}

/// Places an order and reacts to its payment.
async fn shop_once(run: &Run, buyer: &Buyer, products: &[Product], random: &mut fastrand::Rng) {
    let mut pick_line = || (&products[random.usize(0..products.len())], random.u32(1..=2));
    let lines = [pick_line(), pick_line()];
    let cards = [
        (8, card::VALID),
        (3, card::DECLINED),
        (3, card::REQUIRES_AUTHENTICATION),
        (2, card::RESPONSE_LOST),
        (2, card::FAILS_ONCE),
        (1, card::SLOW),
    ];
    let token = pick_weighted(random, &cards);
    let request = if random.bool() {
        for (product, quantity) in lines {
            buyer.add(product, quantity).await;
        }
        let cart = buyer.read_cart().await;
        if cart.is_success() {
            OrderRequest::from_cart().with_expected_total(&cart.body["total"])
        } else {
            OrderRequest::from_cart()
        }
    } else {
        OrderRequest::of_lines(&lines)
    };
    let request = match random.u8(0..5) {
        0 => request.with_first_timeout(Duration::from_millis(random.u64(20..400))),
        _ => request,
    };
    let Some(order) = PlacedOrder::of(&buyer.place_order(&request.with_card(token)).await) else { return };
    match token {
        card::DECLINED => {
            let is_declined = buyer.await_payment(&order, SOON, &["failed"]).await.is_some();
            if is_declined && random.u8(0..3) > 0 {
                buyer.pay(&order, card::VALID).await;
            }
        }
        card::REQUIRES_AUTHENTICATION => {
            let requires_action = buyer.await_payment(&order, SOON, &["requires_action"]).await.is_some();
            if requires_action && random.u8(0..4) > 0 {
                authenticate_payment(run, buyer, &order, random.u8(0..4) > 0).await;
            }
        }
        _ if random.u8(0..5) == 0 => {
            tokio::time::sleep(Duration::from_millis(random.u64(0..3000))).await;
            buyer.cancel(&order).await;
        }
        _ => {}
    }
}
