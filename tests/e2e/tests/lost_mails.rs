//! Mails about payments whose record the notifier does not get: housekeeping finds the payment. The record that comes later has the same
//! claim.

use e2e::scenarios::{order_with, paid_order};
use e2e::{EVENTUALLY, InvokeResult, Order, SOON, Shop, await_until};
use serde_json::{Value, json};

/// The claim of the mail about this event of the order's payment, once it is sent.
async fn claim(shop: &Shop, event_type: &str, order: &Order) -> Result<Value, String> {
    let rows = shop.rows.all("notifications").await;
    let mut about = rows.into_iter().filter(|row| row["subject"]["S"] == order.payment_id());
    let found = about.find(|row| row["eventType"]["S"] == event_type && row["status"]["S"] == "sent");
    found.ok_or_else(|| format!("no mail about {event_type} of {} was sent", order.id()))
}

/// Searches for lost mails of the last hour.
async fn searches(shop: &Shop) -> InvokeResult {
    shop.rows.removes("payments", "TASK#remind-mails", "PROGRESS").await;
    shop.runs_task("remind-mails").await
}

/// Searches until the mail is sent.
async fn search_finds(shop: &Shop, event_type: &str, order: &Order) {
    await_until(format_args!("housekeeping finds {}", order.id()), EVENTUALLY, async || {
        let report = searches(shop).await;
        claim(shop, event_type, order).await.map_err(|error| format!("{error}: {}", report.payload))
    })
    .await;
}

/// How many mails a customer has got about an order.
async fn mails(shop: &Shop, email: &str, order: &Order) -> usize {
    shop.mailbox.of(email).await.iter().filter(|mail| mail.mentions(order.number())).count()
}

#[tokio::test]
async fn mail_about_a_paid_order_whose_record_is_late_is_sent_once() {
    let shop = Shop::open_disturbing(["notifications"]).await;
    let found = shop.functions.while_stream_stopped("notifier", async {
        let (customer, order, _mug) = paid_order(&shop).await;
        search_finds(&shop, "payment.completed", &order).await;
        (customer, order)
    });
    let (customer, order) = found.await;
    assert_eq!(mails(&shop, &customer.email, &order).await, 1);

    // The record comes now. When the mail about a later order is sent, it has come. And the search finds nothing to do.
    let (later, later_order, _mug) = paid_order(&shop).await;
    shop.mailbox.awaits(&later.email, &[later_order.number()]).await;
    let report = searches(&shop).await;
    assert_eq!(report.error, None, "{}", report.payload);
    shop.queues.awaits_empty(shop.queues.url("notifications")).await;
    assert_eq!(mails(&shop, &customer.email, &order).await, 1);
}

#[tokio::test]
async fn mail_about_a_declined_payment_is_sent_although_its_record_is_late() {
    let shop = Shop::open_disturbing(["notifications"]).await;
    let found = shop.functions.while_stream_stopped("notifier", async {
        let (customer, order, _mug) = order_with(&shop, "pm_card_chargeDeclined").await;
        customer.awaits(&order, "pending", "failed").await;
        // The hold must not end before the search.
        let (row, later) = (format!("ORDER#{}", order.id()), json!({ "S": "2099-01-01T00:00:00.000Z" }));
        shop.rows.sets("orders", &row, "ORDER", "holdExpiresAt", later).await;
        search_finds(&shop, "payment.failed", &order).await;
        (customer, order)
    });
    let (customer, order) = found.await;
    customer.cancels(&order, "Another card is not at hand").await.expect(200);
}

#[tokio::test]
async fn mail_about_a_paid_order_is_found_by_the_walk_through_its_day() {
    let shop = Shop::open_disturbing(["notifications"]).await;
    let (_customer, order, _mug) = paid_order(&shop).await;
    let event = "payment.completed";
    let lost = await_until("a mail is sent", SOON, async || claim(&shop, event, &order).await).await;
    let [pk, sk] = ["pk", "sk"].map(|name| lost[name]["S"].as_str().unwrap_or_default());
    shop.rows.removes("notifications", pk, sk).await;

    let day = order.0["createdAt"].as_str().and_then(|at| at.split('T').next());
    let walk = json!({ "task": "walk-orders", "from": day }).to_string();
    // Another run of the task may continue the walk at the same moment.
    let again = await_until("the walk has the mail sent", EVENTUALLY, async || {
        let report = shop.functions.invoke("housekeeping", walk.clone()).await;
        claim(&shop, event, &order).await.map_err(|error| format!("{error}: {}", report.payload))
    })
    .await;
    assert_eq!((&again["pk"], &again["sk"]), (&lost["pk"], &lost["sk"]), "it is the same event");
}
