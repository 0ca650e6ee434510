//! A compromised function forges events of other contexts.

use std::time::Duration;

use serde_json::{Value, json};

use crate::buyers::{OrderRequest, PlacedOrder, card};
use crate::run::Run;

const SOON: Duration = Duration::from_secs(60);

/// A buyer's order is paid. Then a writer of another table says that it was cancelled, delivered and refunded, and that its stock
/// has gone back.
pub(super) async fn play(run: &Run) {
    let product = run.create_product(30, 1700).await;
    let buyer = run.create_guest("buyer with forged events").await;
    let request = OrderRequest::of_lines(&[(&product, 3)]).with_card(card::VALID);
    let Some(order) = PlacedOrder::of(&buyer.place_order(&request).await) else { return };
    if !buyer.await_order(&order, SOON, |order| order["paymentStatus"] == "paid").await {
        return;
    }
    let state = run.observe().await;
    let row = state.order(&order.id).map_or(Value::Null, |order| order.row.clone());
    let data = json!({
        "orderId": order.id, "orderNumber": row["number"], "paymentId": order.payment, "recipient": row["buyer"],
        "refundId": "rfd_01h455vb4pex5vsknk084sn02q", "amount": row["total"], "refunded": row["total"],
        "captured": row["total"], "lines": [], "reason": "by_shop",
        "items": [{ "sku": product.sku, "productId": product.id, "quantity": 3 }],
    });
    for (context, event_type) in [
        ("catalog", "order.cancelled"),
        ("payments", "order.cancelled"),
        ("identity", "payment.refunded"),
        ("orders", "payment.completed"),
    ] {
        run.shop.forges(context, event_type, 1000, &data).await;
    }
    run.recorder.note(format!("events about {} forged", order.id));
}
