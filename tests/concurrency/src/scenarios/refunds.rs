//! Many refunds at the same time.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::buyers::{Buyer, OrderRequest, PlacedOrder, Product, card};
use crate::run::Run;

const SOON: Duration = Duration::from_secs(60);

/// Fifty refunds of one payment, which together exceed it, and some refunds of another payment while its order is cancelled.
pub(super) async fn play(run: &Run) {
    let product = run.create_product(100, 1000).await;
    futures::join!(fifty_refunds_of_one_payment(run, &product), refund_during_cancellation(run, &product));
}

async fn place_paid_order(run: &Run, product: &Product, name: &str, token: &str) -> Option<(Buyer, PlacedOrder)> {
    let buyer = run.create_guest(name).await;
    let order = PlacedOrder::of(&buyer.place_order(&OrderRequest::of_lines(&[(product, 10)]).with_card(token)).await)?;
    let is_paid = buyer.await_order(&order, SOON, |order| order["paymentStatus"] == "paid").await;
    is_paid.then_some((buyer, order))
}

async fn request_refund(run: &Run, order: &PlacedOrder, body: Value, key: &str) {
    let path = format!("/payments/{}/refunds", order.payment);
    run.admin.post(&path, body).key(key).retry_until_known(8).await;
}

async fn fifty_refunds_of_one_payment(run: &Run, product: &Product) {
    let Some((buyer, order)) = place_paid_order(run, product, "refunded buyer", card::VALID).await else { return };
    let mut random = run.rng("refunds");
    let requests: Vec<(Value, String)> = (0..40)
        .map(|number| {
            // The payment is 100.00; half of these refunds would use it up.
            let body = match number % 8 {
                0 => json!({ "lines": [{ "sku": product.sku, "quantity": 1 }], "reason": "broken" }),
                _ => json!({ "amount": buyer.money(random.i64(100..=900)), "reason": "scratched" }),
            };
            (body, e2e::unique("refund"))
        })
        .collect();
    // The first ten are sent twice.
    let requests: Vec<_> = requests.iter().chain(requests.iter().take(10)).collect();
    join_all(requests.into_iter().map(|(body, key)| request_refund(run, &order, body.clone(), key))).await;
    let remainder = json!({ "reason": "the remaining amount" });
    let keys = [e2e::unique("refund"), e2e::unique("refund")];
    join_all(keys.iter().map(|key| request_refund(run, &order, remainder.clone(), key))).await;
}

/// The provider's responses to the first refunds of this card are lost.
async fn refund_during_cancellation(run: &Run, product: &Product) {
    let Some((buyer, order)) = place_paid_order(run, product, "cancelling buyer", "pm_test_refund_lost_2").await else {
        return;
    };
    let mut random = run.rng("refunds and cancel");
    let bodies: Vec<Value> =
        (0..5).map(|_| json!({ "amount": buyer.money(random.i64(500..=3000)), "reason": "late" })).collect();
    let refunds =
        join_all(bodies.into_iter().map(async |body| request_refund(run, &order, body, &e2e::unique("refund")).await));
    futures::join!(refunds, buyer.cancel(&order));
}
