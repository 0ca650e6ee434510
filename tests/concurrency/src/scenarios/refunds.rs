//! Everybody wants their money back at once.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::people::{Bought, Buyer, Mug, Purchase, card};
use crate::run::Run;

const SOON: Duration = Duration::from_secs(60);

/// Fifty refunds of one payment, of more than it in all; and a few of another while its order is cancelled.
pub(super) async fn play(run: &Run) {
    let mug = run.sells(100, 1000).await;
    futures::join!(fifty_of_one(run, &mug), while_it_is_cancelled(run, &mug));
}

async fn paid(run: &Run, mug: &Mug, name: &str, token: &str) -> Option<(Buyer, Bought)> {
    let buyer = run.guest(name).await;
    let order = Bought::of(&buyer.buys(&Purchase::of(&[(mug, 10)]).by(token)).await)?;
    let paid = buyer.awaits_order(&order, SOON, |order| order["paymentStatus"] == "paid").await;
    paid.then_some((buyer, order))
}

async fn refunds(run: &Run, order: &Bought, body: Value, key: &str) {
    let path = format!("/payments/{}/refunds", order.payment);
    run.admin.post(&path, body).key(key).until_known(8).await;
}

async fn fifty_of_one(run: &Run, mug: &Mug) {
    let Some((buyer, order)) = paid(run, mug, "refunded buyer", card::GOOD).await else { return };
    let mut random = run.source("refunds");
    let asked: Vec<(Value, String)> = (0..40)
        .map(|number| {
            // Of 100.00: half of these would be all of it.
            let body = match number % 8 {
                0 => json!({ "lines": [{ "sku": mug.sku, "quantity": 1 }], "reason": "broken" }),
                _ => json!({ "amount": buyer.money(random.i64(100..=900)), "reason": "scratched" }),
            };
            (body, e2e::unique("refund"))
        })
        .collect();
    // The first ten are sent twice.
    let asked: Vec<_> = asked.iter().chain(asked.iter().take(10)).collect();
    join_all(asked.into_iter().map(|(body, key)| refunds(run, &order, body.clone(), key))).await;
    let rest = json!({ "reason": "all that is left" });
    let keys = [e2e::unique("refund"), e2e::unique("refund")];
    join_all(keys.iter().map(|key| refunds(run, &order, rest.clone(), key))).await;
}

/// The provider's answers to the first refunds of this card are lost.
async fn while_it_is_cancelled(run: &Run, mug: &Mug) {
    let Some((buyer, order)) = paid(run, mug, "cancelling buyer", "pm_test_refund_lost_2").await else { return };
    let mut random = run.source("refunds and cancel");
    let bodies: Vec<Value> =
        (0..5).map(|_| json!({ "amount": buyer.money(random.i64(500..=3000)), "reason": "late" })).collect();
    let asking =
        join_all(bodies.into_iter().map(async |body| refunds(run, &order, body, &e2e::unique("refund")).await));
    futures::join!(asking, buyer.cancels(&order));
}
