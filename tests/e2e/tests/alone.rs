//! The tests that break something for everybody: they kill a worker, hold a queue back or let DynamoDB refuse. A test
//! program of their own, so that nobody has to wait for them; in it they run one after the other (`Shop::open_alone`).

use e2e::scenes::{order_with, twenty_customers_want};
use e2e::{Checkout, Draft, Shop};
use serde_json::json;

#[tokio::test]
async fn a_worker_that_is_killed_in_the_middle_of_a_charge_charges_once() {
    // Alone: every process of the worker is killed, and with it whatever charge is on its way.
    let shop = Shop::open_alone().await;
    let (customer, order, mug) = order_with(&shop, "pm_test_delay_8000").await;
    shop.provider.awaits_authorisation(&order).await;
    shop.functions.kill("payments-worker").await;
    // The keys must not be what saves us: a provider forgets them before a queue has to give up.
    shop.provider.forgets_keys(&order).await;

    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 2).await;
    let orders = customer.api.get("/api/v1/orders").await.expect(200).json();
    assert_eq!(orders["data"].as_array().map(Vec::len), Some(1), "one confirmed order");
}

#[tokio::test]
async fn twenty_customers_at_once_buy_five_of_five_while_every_third_transaction_conflicts() {
    let shop = Shop::open_alone().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let fault = json!({ "operation": "TransactWriteItems", "every": 3, "kind": "transaction_conflict" });
    let before = shop.proxy.injected("TransactWriteItems").await;
    shop.proxy.failing(&fault, twenty_customers_want(&shop, &mug)).await;
    let injected = shop.proxy.injected("TransactWriteItems").await - before;
    assert!(injected >= 10, "the conflicts were there: {injected}");
}

/// An order is placed while a queue is held back; the message about it is then delivered three times.
async fn three_times_the_same(queue: &str) {
    let shop = Shop::open_alone().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let customer = shop.new_customer().await;
    let url = shop.queues.url(queue);
    let order = shop
        .functions
        .while_stopped(url, async {
            let order = customer.places(&Checkout::of(&[(&mug.sku, 2)])).await;
            let envelope = shop.queues.takes(url, order.id()).await;
            for _ in 0..3 {
                shop.queues.send(url, &envelope).await;
            }
            order
        })
        .await;

    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.mailbox.awaits(&customer.email, &[order.number()]).await;
    for queue in shop.queues.names() {
        shop.queues.awaits_empty(shop.queues.url(&queue)).await;
    }
    let order = customer.looks_up(&order).await;
    assert_eq!((order.status(), order.payment_status()), ("confirmed", "paid"));
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 3).await;
    let mails = shop.mailbox.of(&customer.email).await;
    let told = mails.iter().filter(|mail| mail.mentions(order.number())).count();
    assert_eq!(told, 1, "one mail about one order: {mails:#?}");
}

#[tokio::test]
async fn a_payment_message_that_comes_three_times_charges_once() {
    three_times_the_same("payments").await;
}

#[tokio::test]
async fn an_order_message_that_comes_three_times_confirms_once() {
    three_times_the_same("orders").await;
}

#[tokio::test]
async fn a_notification_that_comes_three_times_is_mailed_once() {
    three_times_the_same("notifications").await;
}
