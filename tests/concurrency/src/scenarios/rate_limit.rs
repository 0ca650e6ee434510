//! One customer sends more requests than the rate limit allows, from many devices at once, so that many execution environments count them.

use futures::future::join_all;
use serde_json::json;

use crate::run::Run;

const DEVICES: usize = 8;
/// All devices together send three times the limit.
const REQUESTS: usize = 15;

/// Each device asks for new carts.
pub(super) async fn play(run: &Run) {
    let buyer = run.register_customer("customer in a hurry").await;
    join_all((0..DEVICES).map(async |number| {
        let device = buyer.client.on_device(&format!("device {number}"));
        for _ in 0..REQUESTS {
            device.post("/cart", json!({})).send_once().await;
        }
    }))
    .await;
}
