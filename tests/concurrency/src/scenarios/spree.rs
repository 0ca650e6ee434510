//! People who shop as people do, at random: the load under which faults are tried.

use std::time::Duration;

use futures::future::join_all;

use super::races::goes_to_the_bank;
use crate::people::{Bought, Buyer, Mug, Purchase, card};
use crate::run::Run;
use crate::seed::weighted;

/// What may become of a payment before its customer acts.
const SOON: Duration = Duration::from_secs(8);

/// Shelves and people, made before anything breaks.
pub(super) struct Spree<'a> {
    run: &'a Run,
    name: String,
    mugs: Vec<Mug>,
    buyers: Vec<Buyer>,
}

impl<'a> Spree<'a> {
    /// So many people; every third has an account.
    pub(super) async fn of(run: &'a Run, name: &str, people: usize) -> Self {
        let mugs = vec![run.sells(500, 1099).await, run.sells(500, 2450).await, run.sells(12, 8900).await];
        let buyers = join_all((0..people).map(async |number| {
            let name = format!("{name} {number}");
            if number % 3 == 0 { run.customer(&name).await } else { run.guest(&name).await }
        }));
        Self { run, name: name.to_owned(), mugs, buyers: buyers.await }
    }

    /// Everybody buys so many times.
    pub(super) async fn begins(&self, rounds: usize) {
        join_all(self.buyers.iter().enumerate().map(async |(number, buyer)| {
            let mut random = self.run.source(&format!("{} {number}", self.name));
            for _ in 0..rounds {
                shops(self.run, buyer, &self.mugs, &mut random).await;
            }
        }))
        .await;
    }
}

/// Buys once, and acts on what becomes of it.
async fn shops(run: &Run, buyer: &Buyer, mugs: &[Mug], random: &mut fastrand::Rng) {
    let mut pick = || (&mugs[random.usize(0..mugs.len())], random.u32(1..=2));
    let lines = [pick(), pick()];
    let cards = [(8, card::GOOD), (3, card::BAD), (3, card::ASKS), (2, card::LOST), (2, card::SHAKY), (1, card::SLOW)];
    let token = weighted(random, &cards);
    let purchase = if random.bool() {
        for (mug, quantity) in lines {
            buyer.adds(mug, quantity).await;
        }
        let shown = buyer.looks().await;
        if shown.is_done() { Purchase::of_cart().expecting(&shown.body["total"]) } else { Purchase::of_cart() }
    } else {
        Purchase::of(&lines)
    };
    let purchase = match random.u8(0..5) {
        0 => purchase.hanging_up_after(Duration::from_millis(random.u64(20..400))),
        _ => purchase,
    };
    let Some(order) = Bought::of(&buyer.buys(&purchase.by(token)).await) else { return };
    match token {
        card::BAD => {
            let declined = buyer.awaits_payment(&order, SOON, &["failed"]).await.is_some();
            if declined && random.u8(0..3) > 0 {
                buyer.pays(&order, card::GOOD).await;
            }
        }
        card::ASKS => {
            let asks = buyer.awaits_payment(&order, SOON, &["requires_action"]).await.is_some();
            if asks && random.u8(0..4) > 0 {
                goes_to_the_bank(run, buyer, &order, random.u8(0..4) > 0).await;
            }
        }
        _ if random.u8(0..5) == 0 => {
            tokio::time::sleep(Duration::from_millis(random.u64(0..3000))).await;
            buyer.cancels(&order).await;
        }
        _ => {}
    }
}
