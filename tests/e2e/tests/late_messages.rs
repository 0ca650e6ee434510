//! Messages that arrive after the end of an order. A queue may deliver any message again, in any order.

use e2e::envelope::about_payment;
use e2e::scenarios::order_with;
use e2e::{Order, Shop};
use serde_json::json;

/// The batch for the orders worker when the authorisation of the order's payment is delivered. `sequence` is the
/// payment's version in it.
fn authorisation(order: &Order, sequence: u64) -> String {
    let data = json!({
        "paymentId": order.payment_id(), "orderId": order.id(), "orderNumber": order.number(),
        "recipient": "gst_01h455vb4pex5vsknk084sn02q", "amount": order.0["total"], "lines": [],
    });
    about_payment(order, "payment.authorized", sequence, &data)
}

#[tokio::test]
async fn authorisation_after_the_capture_changes_nothing() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = order_with(&shop, "pm_card_visa").await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    let before = customer.api.history(&order).await;
    shop.delivers_message("orders-worker", authorisation(&order, 3)).await;
    assert_eq!(customer.looks_up(&order).await.0, order.0, "the order should be unchanged");
    assert_eq!(customer.api.history(&order).await, before, "nothing should be repeated");
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn authorisation_after_the_end_of_an_order_confirms_nothing() {
    let shop = Shop::open().await;
    let (customer, order, mug) = order_with(&shop, "pm_card_chargeDeclined").await;
    customer.awaits(&order, "pending", "failed").await;
    shop.reaches_end_of_hold(&order).await;
    let order = customer.awaits(&order, "cancelled", "voided").await;
    shop.delivers_message("orders-worker", authorisation(&order, 1000)).await;
    assert_eq!(customer.looks_up(&order).await.status(), "cancelled");
    shop.provider.charged_nothing(&order).await;
    shop.awaits_stock(&mug, 3).await;
}
