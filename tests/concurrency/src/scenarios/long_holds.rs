//! Orders whose record is lost and whose hold outlasts the run: they do not end unless housekeeping finds them.

use std::time::Duration;

use crate::buyers::{OrderRequest, PlacedOrder, card};
use crate::run::Run;

/// The setting of a hold's seconds. Housekeeping bounds its search by it.
const HOLD_SECONDS: &str = "SOUK_HOLD_SECONDS";
/// How often housekeeping looks for the orders here.
const LOOKS: usize = 10;
/// Between two looks.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Guests order while the streams are gone. No other buyer may order meanwhile: an order that is not paid would never end.
pub(super) async fn play(run: &Run) {
    let product = run.create_product(20, 1500).await;
    run.shop
        .functions
        .while_set(&["orders", "housekeeping"], HOLD_SECONDS, "600", async {
            let mut orders = Vec::new();
            for number in 0..3 {
                let guest = run.create_guest(&format!("patient buyer {number}")).await;
                let request = OrderRequest::of_lines(&[(&product, 1)]).with_card(card::VALID);
                if let Some(order) = PlacedOrder::of(&guest.place_order(&request).await) {
                    orders.push((guest, order));
                }
            }
            for _ in 0..LOOKS {
                run.run_housekeeping_task("reconcile-orders").await;
                let mut open = 0;
                for (guest, order) in &orders {
                    open += usize::from(guest.await_payment(order, LOOK_INTERVAL, &["captured"]).await.is_none());
                }
                if open == 0 {
                    break;
                }
            }
        })
        .await;
}
