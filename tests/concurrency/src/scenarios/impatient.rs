//! Who gets no answer asks again, and who is in a hurry asks three times at once.

use std::time::Duration;

use futures::future::join_all;

use crate::people::Purchase;
use crate::run::Run;

/// Six buyers send one request from three devices at the same moment; two of the three hang up before it is answered, and ask again.
pub(super) async fn play(run: &Run) {
    let mug = run.sells(40, 1999).await;
    join_all((0..6).map(async |number| {
        let name = format!("impatient buyer {number}");
        let mut random = run.source(&name);
        let from_cart = number % 3 == 0;
        let buyer = if from_cart { run.customer(&name).await } else { run.guest(&name).await };
        let purchase = if from_cart {
            buyer.adds(&mug, 2).await;
            Purchase::of_cart()
        } else {
            Purchase::of(&[(&mug, random.u32(1..=3))])
        };
        let sends = ["first", "second", "third"].map(|device| {
            let patience = Duration::from_millis(random.u64(10..250));
            let purchase = purchase.clone();
            (buyer.at(device), if device == "first" { purchase } else { purchase.hanging_up_after(patience) })
        });
        join_all(sends.iter().map(|(device, purchase)| device.buys(purchase))).await;
    }))
    .await;
}
