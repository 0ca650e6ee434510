//! An admin packs orders while their payments are captured.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use crate::buyers::{OrderRequest, PlacedOrder, Product};
use crate::run::Run;

const SOON: Duration = Duration::from_secs(40);
/// How long the provider's response to a capture takes. Longer than the admin needs, and shorter than souk waits.
const CAPTURE_MS: u64 = 3_000;

/// Three orders are packed while the provider's response to their capture is on its way. Then they are shipped and delivered.
pub(super) async fn play(run: &Run) {
    let product = run.create_product(30, 2100).await;
    join_all((0..3).map(|number| pack_during_capture(run, &product, number))).await;
}

async fn pack_during_capture(run: &Run, product: &Product, number: u32) {
    let buyer = run.create_guest(&format!("packed buyer {number}")).await;
    let card = format!("{}_hook_never", e2e::unique("pm_test_ok_"));
    let target = json!({ "method": "POST", "path_contains": "/capture", "card": card });
    run.shop.provider.fails(&json!({ "match": target, "kind": "delay", "ms": CAPTURE_MS, "times": 1 })).await;
    let request = OrderRequest::of_lines(&[(product, 2)]).with_card(&card);
    let Some(order) = PlacedOrder::of(&buyer.place_order(&request).await) else { return };
    buyer.await_order(&order, SOON, |order| order["status"] == "confirmed").await;
    let path = format!("/orders/{}/status", order.id);
    for status in ["processing", "shipped", "delivered"] {
        run.admin.patch(&path, json!({ "status": status })).key(&e2e::unique("move")).retry_until_known(5).await;
        // The order is shipped after its payment was captured.
        buyer.await_order(&order, SOON, |order| order["paymentStatus"] == "paid").await;
    }
}
