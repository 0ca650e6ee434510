//! Mails whose worker is killed, or whose count fails, between the claim of the message and the mail. They run alone, because they need the
//! notifier for themselves.
//!
//! All are about low stock, because only one mail a day is sent about a SKU. So the next event tells whether this one was counted.

use e2e::envelope::{batch, new_event, new_id};
use e2e::{SOON, Shop, await_until, unique};
use serde_json::json;

const LOW: &str = "stock.low";
/// The operator's email address in the test stack.
const OPERATOR: &str = "operator@souk.local";

/// A batch with a new event about low stock of this SKU.
fn low_stock(sku: &str) -> String {
    let data = json!({ "productId": new_id("prd"), "sku": sku, "name": "Mug", "available": 1, "threshold": 5 });
    batch(&[new_event(LOW, sku, &data)])
}

/// Delivers another event about low stock of this SKU. Returns the statuses of all its messages, sorted, and the number of mails.
async fn after_another(shop: &Shop, sku: &str) -> (Vec<String>, usize) {
    shop.delivers_message("notifier", low_stock(sku)).await;
    let mut statuses = shop.rows.message_statuses(LOW, sku).await;
    statuses.sort_unstable();
    let mails = shop.mailbox.of(OPERATOR).await;
    (statuses, mails.iter().filter(|mail| mail.mentions(sku)).count())
}

/// Kills the notifier at this point, at an event about a new SKU, and delivers the event again. Returns the SKU.
async fn killed_at(shop: &Shop, point: &str) -> String {
    // A mail of an earlier test may be the one that is killed.
    for _ in 0..3 {
        let sku = unique("KILLED").to_uppercase();
        let event = low_stock(&sku);
        shop.stack.kills_at(point);
        let result = shop.functions.invoke("notifier", event.clone()).await;
        shop.stack.awaits_kill(point).await;
        if result.error.is_some() {
            assert_eq!(shop.rows.message_statuses(LOW, &sku).await, ["sending"]);
            shop.delivers_message("notifier", event).await;
            return sku;
        }
    }
    panic!("the notifier should be killed at {point}");
}

#[tokio::test]
async fn mail_whose_worker_was_killed_is_never_sent_and_counted_only_after_its_claim() {
    let shop = Shop::open_alone().await;
    for (point, next, mails) in [("notifier.claimed", "sent", 1), ("notifier.counted", "suppressed", 0)] {
        let sku = killed_at(&shop, point).await;
        assert_eq!(shop.rows.message_statuses(LOW, &sku).await, ["unknown"], "after a kill at {point}");
        let expected = (vec![next.to_owned(), "unknown".to_owned()], mails);
        assert_eq!(after_another(&shop, &sku).await, expected, "after a kill at {point}");
    }
}

#[tokio::test]
async fn mail_whose_count_lost_its_answer_is_counted_once_and_sent() {
    let shop = Shop::open_alone().await;
    shop.awaits_end_of(&[]).await;
    let sku = unique("LOST").to_uppercase();
    let fault = json!({
        "operation": "UpdateItem", "table_contains": "Notifications", "kind": "timeout_after_commit", "times": 1,
    });
    let before = shop.proxy.injected("UpdateItem").await;
    shop.proxy.failing(&fault, shop.delivers_message("notifier", low_stock(&sku))).await;
    assert_eq!(shop.proxy.injected("UpdateItem").await - before, 1, "the answer should be lost");
    assert_eq!(shop.rows.message_statuses(LOW, &sku).await, ["sent"]);
    assert_eq!(after_another(&shop, &sku).await, (vec!["sent".to_owned(), "suppressed".to_owned()], 1));
}

#[tokio::test]
async fn mail_whose_count_failed_is_sent_later() {
    let shop = Shop::open_alone().await;
    let sku = unique("FAILED").to_uppercase();
    let fault = json!({ "operation": "UpdateItem", "table_contains": "Notifications", "kind": "internal_error" });
    let delivery = shop.delivers_message("notifier", low_stock(&sku));
    shop.proxy.failing(&fault, delivery).await;
    // The worker has sent itself a copy for later.
    await_until(format_args!("the mail about {sku} is sent"), SOON, async || {
        let statuses = shop.rows.message_statuses(LOW, &sku).await;
        if statuses == ["sent"] { Ok(()) } else { Err(format!("{statuses:?}")) }
    })
    .await;
    assert_eq!(after_another(&shop, &sku).await, (vec!["sent".to_owned(), "suppressed".to_owned()], 1));
}
