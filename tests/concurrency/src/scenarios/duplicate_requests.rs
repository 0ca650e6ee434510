//! Buyers send the same request several times at once, and again when its order has changed.

use std::time::Duration;

use futures::future::join_all;

use crate::buyers::{OrderRequest, PlacedOrder};
use crate::run::Run;

/// How long a buyer waits for the payment.
const SOON: Duration = Duration::from_secs(30);

/// Six buyers send one request from three devices at the same time. Two of the three close the connection early and retry. When the order
/// is paid, the request comes once more.
pub(super) async fn play(run: &Run) {
    let product = run.create_product(40, 1999).await;
    join_all((0..6).map(async |number| {
        let name = format!("impatient buyer {number}");
        let mut random = run.rng(&name);
        let from_cart = number % 3 == 0;
        let buyer = if from_cart { run.register_customer(&name).await } else { run.create_guest(&name).await };
        let request = if from_cart {
            buyer.add(&product, 2).await;
            OrderRequest::from_cart()
        } else {
            OrderRequest::of_lines(&[(&product, random.u32(1..=3))])
        };
        let calls = ["first", "second", "third"].map(|device| {
            let timeout = Duration::from_millis(random.u64(10..250));
            let request = request.clone();
            (buyer.on_device(device), if device == "first" { request } else { request.with_first_timeout(timeout) })
        });
        let answers = join_all(calls.iter().map(|(device, request)| device.place_order(request))).await;
        if let Some(order) = answers.iter().find_map(PlacedOrder::of) {
            buyer.await_order(&order, SOON, |order| order["paymentStatus"] == "paid").await;
            buyer.place_order(&request).await;
        }
    }))
    .await;
}
