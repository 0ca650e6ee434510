//! Orders are cancelled: while the card is charged, before the customer authenticates, after the payment, and while an admin
//! processes them.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use crate::buyers::{Buyer, OrderRequest, PlacedOrder, Product, card};
use crate::run::Run;

const SOON: Duration = Duration::from_secs(40);

/// Two orders for each of four moments, and three orders that an admin processes at the same time.
pub(super) async fn play(run: &Run) {
    let product = run.create_product(60, 1250).await;
    futures::join!(
        join_all((0..2).map(|number| cancel_immediately(run, &product, number))),
        join_all((0..2).map(|number| cancel_during_charge(run, &product, number))),
        join_all((0..2).map(|number| cancel_before_authentication(run, &product, number))),
        join_all((0..2).map(|number| cancel_after_payment(run, &product, number))),
        join_all((0..3).map(|number| cancel_during_packing(run, &product, number))),
    );
}

async fn place_order(run: &Run, product: &Product, name: &str, token: &str) -> Option<(Buyer, PlacedOrder)> {
    let buyer = run.create_guest(name).await;
    let order = PlacedOrder::of(&buyer.place_order(&OrderRequest::of_lines(&[(product, 2)]).with_card(token)).await)?;
    Some((buyer, order))
}

async fn cancel_immediately(run: &Run, product: &Product, number: u32) {
    if let Some((buyer, order)) = place_order(run, product, &format!("hasty canceller {number}"), card::VALID).await {
        // Two requests with two keys at the same time: the order is cancelled once.
        futures::join!(buyer.cancel(&order), buyer.cancel(&order));
    }
}

/// The provider has authorised the payment, and its response is still on its way.
async fn cancel_during_charge(run: &Run, product: &Product, number: u32) {
    if let Some((buyer, order)) = place_order(run, product, &format!("charged canceller {number}"), card::SLOW).await {
        let e2e_order = e2e::Order(json!({ "id": order.id }));
        for _ in 0..100 {
            if run.shop.provider.tally(&e2e_order).await.authorised > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        buyer.cancel(&order).await;
    }
}

/// The customer cancels instead of authenticating.
async fn cancel_before_authentication(run: &Run, product: &Product, number: u32) {
    if let Some((buyer, order)) =
        place_order(run, product, &format!("waiting canceller {number}"), card::REQUIRES_AUTHENTICATION).await
    {
        buyer.await_payment(&order, SOON, &["requires_action"]).await;
        buyer.cancel(&order).await;
    }
}

async fn cancel_after_payment(run: &Run, product: &Product, number: u32) {
    if let Some((buyer, order)) = place_order(run, product, &format!("paid canceller {number}"), card::VALID).await {
        buyer.await_order(&order, SOON, |order| order["paymentStatus"] == "paid").await;
        buyer.cancel(&order).await;
    }
}

/// An admin processes the order while the customer cancels it. If processing wins, the order is shipped and delivered.
async fn cancel_during_packing(run: &Run, product: &Product, number: u32) {
    if let Some((buyer, order)) = place_order(run, product, &format!("packed canceller {number}"), card::VALID).await {
        buyer.await_order(&order, SOON, |order| order["paymentStatus"] == "paid").await;
        let path = format!("/orders/{}/status", order.id);
        let set_status = async |status: &str| {
            run.admin.patch(&path, json!({ "status": status })).key(&e2e::unique("move")).retry_until_known(5).await
        };
        futures::join!(set_status("processing"), buyer.cancel(&order));
        for status in ["processing", "shipped", "delivered"] {
            set_status(status).await;
        }
        buyer.cancel(&order).await;
    }
}
