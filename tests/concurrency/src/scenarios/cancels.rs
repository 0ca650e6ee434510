//! Orders are given up: while they are charged, while they wait for their customer, after they were paid, and while they are
//! being packed.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use crate::people::{Bought, Buyer, Mug, Purchase, card};
use crate::run::Run;

const SOON: Duration = Duration::from_secs(40);

/// Two orders for each moment, and three that are packed at the same time.
pub(super) async fn play(run: &Run) {
    let mug = run.sells(60, 1250).await;
    futures::join!(
        join_all((0..2).map(|number| at_once(run, &mug, number))),
        join_all((0..2).map(|number| while_it_is_charged(run, &mug, number))),
        join_all((0..2).map(|number| while_it_waits(run, &mug, number))),
        join_all((0..2).map(|number| after_it_was_paid(run, &mug, number))),
        join_all((0..3).map(|number| while_it_is_packed(run, &mug, number))),
    );
}

async fn buys(run: &Run, mug: &Mug, name: &str, token: &str) -> Option<(Buyer, Bought)> {
    let buyer = run.guest(name).await;
    let bought = Bought::of(&buyer.buys(&Purchase::of(&[(mug, 2)]).by(token)).await)?;
    Some((buyer, bought))
}

async fn at_once(run: &Run, mug: &Mug, number: u32) {
    if let Some((buyer, bought)) = buys(run, mug, &format!("hasty canceller {number}"), card::GOOD).await {
        // Twice at once, under two keys: it is cancelled once.
        futures::join!(buyer.cancels(&bought), buyer.cancels(&bought));
    }
}

/// The provider has the money reserved, and its answer is still on its way.
async fn while_it_is_charged(run: &Run, mug: &Mug, number: u32) {
    if let Some((buyer, bought)) = buys(run, mug, &format!("charged canceller {number}"), card::SLOW).await {
        let order = e2e::Order(json!({ "id": bought.id }));
        for _ in 0..100 {
            if run.shop.provider.tally(&order).await.authorised > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        buyer.cancels(&bought).await;
    }
}

/// The customer should authenticate, and does not want to.
async fn while_it_waits(run: &Run, mug: &Mug, number: u32) {
    if let Some((buyer, bought)) = buys(run, mug, &format!("waiting canceller {number}"), card::ASKS).await {
        buyer.awaits_payment(&bought, SOON, &["requires_action"]).await;
        buyer.cancels(&bought).await;
    }
}

async fn after_it_was_paid(run: &Run, mug: &Mug, number: u32) {
    if let Some((buyer, bought)) = buys(run, mug, &format!("paid canceller {number}"), card::GOOD).await {
        buyer.awaits_order(&bought, SOON, |order| order["paymentStatus"] == "paid").await;
        buyer.cancels(&bought).await;
    }
}

/// An admin packs it, and the customer gives it up, at the same moment; what was packed is sent.
async fn while_it_is_packed(run: &Run, mug: &Mug, number: u32) {
    if let Some((buyer, bought)) = buys(run, mug, &format!("packed canceller {number}"), card::GOOD).await {
        buyer.awaits_order(&bought, SOON, |order| order["paymentStatus"] == "paid").await;
        let path = format!("/orders/{}/status", bought.id);
        let moves = async |status: &str| {
            run.admin.patch(&path, json!({ "status": status })).key(&e2e::unique("move")).until_known(5).await
        };
        futures::join!(moves("processing"), buyer.cancels(&bought));
        for status in ["processing", "shipped", "delivered"] {
            moves(status).await;
        }
        buyer.cancels(&bought).await;
    }
}
