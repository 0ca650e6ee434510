//! Messages that come when all is over. A queue may deliver any of them again, in any order.

use e2e::scenes::order_with;
use e2e::{Order, Shop, unique};
use serde_json::{Value, json};

/// What the orders worker is handed when an authorisation of the order's payment is delivered, `sequence` being the
/// payment's version that it tells of.
fn authorisation(order: &Order, sequence: u64) -> String {
    let envelope = json!({
        "eventId": "evt_01h455vb4pex5vsknk084sn02q", "version": 1, "timestamp": "2026-11-21T08:00:00.000Z",
        "subject": order.payment_id(), "sequence": sequence, "correlationId": unique("late"),
        "eventType": "payment.authorized",
        "data": {
            "paymentId": order.payment_id(), "orderId": order.id(), "orderNumber": order.number(),
            "recipient": "gst_01h455vb4pex5vsknk084sn02q", "amount": order.0["total"], "lines": [],
        },
    });
    let message = json!({
        "messageId": "late", "body": envelope.to_string(), "attributes": {}, "messageAttributes": {},
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:OrdersQueue",
    });
    json!({ "Records": [message] }).to_string()
}

/// Hands it over past the queue: the answer says that it has been dealt with.
async fn deliver(shop: &Shop, batch: String) {
    let invoked = shop.functions.invoke("orders-worker", batch).await;
    assert_eq!((invoked.error, &invoked.payload["batchItemFailures"]), (None, &json!([])), "it is taken");
}

#[tokio::test]
async fn an_authorisation_that_comes_after_the_capture_changes_nothing() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = order_with(&shop, "pm_card_visa").await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    let history = async || -> Value {
        customer.api.get(&format!("/api/v1/orders/{}/history", order.id())).await.expect(200).json()
    };
    let before = history().await;
    deliver(&shop, authorisation(&order, 3)).await;
    assert_eq!(customer.looks_up(&order).await.0, order.0, "the order is as it was");
    assert_eq!(history().await, before, "nothing was done again");
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn an_authorisation_that_comes_after_the_end_of_an_order_confirms_nothing() {
    let shop = Shop::open().await;
    let (customer, order, mug) = order_with(&shop, "pm_card_chargeDeclined").await;
    let order = customer.awaits(&order, "cancelled", "voided").await;
    deliver(&shop, authorisation(&order, 1000)).await;
    assert_eq!(customer.looks_up(&order).await.status(), "cancelled");
    shop.provider.charged_nothing(&order).await;
    shop.awaits_stock(&mug, 3).await;
}
