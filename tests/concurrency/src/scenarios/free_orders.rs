//! Orders that cost nothing: they are confirmed when they are placed, and sold out, cancelled and packed like all others.

use futures::future::join_all;
use serde_json::json;

use crate::buyers::{OrderRequest, PlacedOrder, Product, card};
use crate::run::Run;

/// Nine buyers order the last eight pieces of a product that costs nothing.
pub(super) async fn play(run: &Run) {
    let sample = run.create_product(8, 0).await;
    join_all((0..9).map(|number| order_sample(run, &sample, number))).await;
}

/// A buyer sends one request from two devices. Some name a card, which is not charged. A third of the orders is cancelled by two requests
/// at the same time, and a third is packed.
async fn order_sample(run: &Run, sample: &Product, number: u32) {
    let name = format!("buyer of a sample {number}");
    let buyer = run.create_guest(&name).await;
    let request = OrderRequest::of_lines(&[(sample, 1)]);
    let request = if number % 2 == 0 { request.without_card() } else { request.with_card(card::DECLINED) };
    let (first, second) = (buyer.on_device("first"), buyer.on_device("second"));
    let (answer, _) = futures::join!(first.place_order(&request), second.place_order(&request));
    let Some(order) = PlacedOrder::of(&answer) else { return };
    match number % 3 {
        0 => {
            futures::join!(buyer.cancel(&order), buyer.cancel(&order));
        }
        1 => {
            let call = run.admin.patch(&format!("/orders/{}/status", order.id), json!({ "status": "processing" }));
            call.key(&e2e::unique("move")).retry_until_known(5).await;
        }
        _ => {}
    }
}
