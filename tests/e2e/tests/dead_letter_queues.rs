//! Messages that no worker can read, and messages that no worker can handle.

use e2e::{Checkout, Draft, Shop, unique};
use serde_json::json;

#[tokio::test]
async fn unreadable_message_ends_in_the_dlq_and_blocks_nothing() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let customer = shop.new_customer().await;
    let mark = unique("poison");
    let queues = shop.queues.unordered();
    assert!(queues.len() >= 4, "there should be at least four queues: {queues:?}");
    for queue in &queues {
        let url = shop.queues.url(queue);
        shop.queues.send(url, &format!("{mark} is not JSON")).await;
        shop.queues.send(url, &json!({ "eventType": "nothing.known", "mark": mark }).to_string()).await;
    }
    let order = customer.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.mailbox.awaits(&customer.email, &[order.number()]).await;
    for queue in &queues {
        for _ in 0..2 {
            shop.queues.takes(shop.queues.dlq(queue), &mark).await;
        }
    }
}

#[tokio::test]
async fn readable_message_that_always_fails_ends_in_the_dlq() {
    let shop = Shop::open().await;
    let mark = unique("undoable");
    let (payment, refund) = ("pay_01h455vb4pex5vsknk084sn02q", "rfd_01h455vb4pex5vsknk084sn02q");
    let envelope = json!({
        "eventId": "evt_01h455vb4pex5vsknk084sn02q", "version": 1, "timestamp": "2026-11-21T08:00:00.000Z",
        "subject": refund, "sequence": 1, "correlationId": mark, "eventType": "payment.refund_requested",
        "data": { "refundId": refund, "paymentId": payment, "orderId": "ord_01h455vb4pex5vsknk084sn02q" },
    });
    // No worker can read the row of this refund.
    let (pk, sk) = (format!("PAYMENT#{payment}"), format!("REFUND#{refund}"));
    shop.rows.puts("payments", &pk, &sk, &json!({ "status": { "S": "damaged" } })).await;
    shop.queues.send(shop.queues.url("payments"), &envelope.to_string()).await;
    shop.queues.takes(shop.queues.dlq("payments"), &mark).await;
    shop.rows.removes("payments", &pk, &sk).await;
}
