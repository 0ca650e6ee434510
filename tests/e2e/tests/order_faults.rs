//! Orders whose worker is killed, and whose messages are late, lost or repeated.

use std::collections::BTreeSet;

use e2e::scenarios::order_with;
use e2e::{Checkout, Draft, EVENTUALLY, SOON, Shop, await_until, unique_email};
use serde_json::json;

#[tokio::test]
async fn worker_killed_during_a_charge_charges_once() {
    let shop = Shop::open_disturbing(["orders", "payments"]).await;
    // Without webhooks: nothing else knows what the killed worker has done.
    let (customer, order, mug) = order_with(&shop, "pm_test_delay_8000_hook_never").await;
    shop.provider.awaits_authorisation(&order).await;
    shop.functions.kill("payments-worker").await;
    // Idempotency keys must not be what prevents a second charge: a provider removes them before a queue gives up.
    shop.provider.forgets_keys(&order).await;

    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 2).await;
    let orders = customer.api.get("/api/v1/orders").await.expect(200).json();
    assert_eq!(orders["data"].as_array().map(Vec::len), Some(1), "there should be one confirmed order");
}

/// An order is placed while a queue is paused; then the message about it is delivered three times.
async fn three_times_the_same(queue: &'static str) {
    let shop = Shop::open_disturbing(["orders", "payments", "notifications", queue]).await;
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
    for follower in BTreeSet::from(["orders", "payments", "notifications", queue]) {
        shop.queues.awaits_empty(shop.queues.url(follower)).await;
    }
    let order = customer.looks_up(&order).await;
    assert_eq!((order.status(), order.payment_status()), ("confirmed", "paid"));
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 3).await;
    let mails = shop.mailbox.of(&customer.email).await;
    let count = mails.iter().filter(|mail| mail.mentions(order.number())).count();
    assert_eq!(count, 1, "one mail should be sent: {mails:#?}");
    shop.awaits_movements(&mug, &[("initial", 5), ("sale", -2)]).await;
}

#[tokio::test]
async fn payment_message_delivered_three_times_charges_once() {
    three_times_the_same("payments").await;
}

#[tokio::test]
async fn order_message_delivered_three_times_confirms_once() {
    three_times_the_same("orders").await;
}

#[tokio::test]
async fn notification_delivered_three_times_is_mailed_once() {
    three_times_the_same("notifications").await;
}

#[tokio::test]
async fn sale_event_delivered_three_times_is_logged_once() {
    three_times_the_same("catalog").await;
}

#[tokio::test]
async fn order_cannot_be_paid_after_its_hold() {
    // The orders queue is paused, so that no worker cancels the order when its hold ends.
    let shop = Shop::open_disturbing(["orders"]).await;
    let (customer, order, _mug) = shop
        .functions
        .while_stopped(shop.queues.url("orders"), async {
            let (customer, order, mug) = order_with(&shop, "pm_card_chargeDeclined").await;
            await_until("the card is declined", SOON, async || {
                let payment = customer.looks_up_payment(&order).await;
                if payment["status"] == "failed" { Ok(()) } else { Err(payment.to_string()) }
            })
            .await;
            // While the hold lasts, the payment method is refused.
            customer.pays(&order, "no token!").await.expect_refusal(422);
            shop.ends_hold(&order).await;
            let refused = customer.pays(&order, "pm_card_visa").await.expect_refusal(409);
            // Housekeeping may have cancelled the order meanwhile.
            assert!(["hold_expired", "illegal_transition"].contains(&refused.code()), "{}", refused.body);
            (customer, order, mug)
        })
        .await;
    shop.expires_holds().await;
    customer.awaits_status(&order, "cancelled").await;
    shop.provider.charged_nothing(&order).await;
}

#[tokio::test]
async fn unpublished_event_stays_in_the_outbox_until_published() {
    let shop = Shop::open_disturbing(["notifications", "orders"]).await;
    let (customer, order) = shop
        .queues
        .while_closed(shop.queues.url("notifications"), async {
            let (customer, order, _mug) = order_with(&shop, "pm_card_visa").await;
            await_until("the payment is captured", SOON, async || {
                let payment = customer.looks_up_payment(&order).await;
                if payment["status"] == "captured" { Ok(()) } else { Err(payment.to_string()) }
            })
            .await;
            // A later event was published, so the relay has seen this one, too.
            let (_, later, _) = order_with(&shop, "pm_card_visa").await;
            shop.provider.awaits_authorisation(&later).await;
            (customer, order)
        })
        .await;
    // The emulator's streams do not retry as AWS' do. Housekeeping republishes what has waited for a minute. The test invokes it instead of
    // waiting for its schedule.
    await_until("the mail of the paid order has come", EVENTUALLY, async || {
        let task = json!({ "task": "republish-outbox" }).to_string();
        let result = shop.functions.invoke("housekeeping", task).await;
        let mails = shop.mailbox.of(&customer.email).await;
        let count = mails.iter().any(|mail| mail.mentions(order.number()));
        if count { Ok(()) } else { Err(result.payload.to_string()) }
    })
    .await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn order_whose_authorisation_the_provider_cancelled_cannot_be_packed() {
    let shop = Shop::open_disturbing(["orders"]).await;
    let (customer, order, _mug) = shop
        .functions
        .while_stopped(shop.queues.url("orders"), async {
            let (customer, order, mug) = order_with(&shop, "pm_card_visa").await;
            customer.api.awaits_payment(&order, "authorized").await;
            // Only the webhook tells souk.
            shop.provider.voids_at_provider(&order).await;
            customer.api.awaits_payment(&order, "cancelled").await;
            (customer, order, mug)
        })
        .await;
    let admin = shop.admin().await;
    await_until("the order is voided", EVENTUALLY, async || {
        let now = customer.looks_up(&order).await;
        if now.payment_status() == "voided" { Ok(()) } else { Err(now.0.to_string()) }
    })
    .await;
    admin.moves(&order, "processing").await.expect_refusal(409);
    shop.provider.charged_nothing(&order).await;
}

#[tokio::test]
async fn order_whose_message_was_lost_is_found_by_its_hold() {
    let shop = Shop::open_disturbing(["orders", "payments"]).await;
    let queue = shop.queues.url("payments");
    let (customer, order) = shop
        .functions
        .while_stopped(queue, async {
            let (customer, order, _mug) = order_with(&shop, "pm_card_visa").await;
            let lost = shop.queues.takes(queue, order.id()).await;
            assert!(lost.contains("order.created"), "{lost}");
            (customer, order)
        })
        .await;
    let payment = shop.rows.reads("payments", &format!("PAYMENT#{}", order.payment_id()), "PAYMENT").await;
    assert!(payment["gsi2pk"].is_null(), "an open payment should be in no index of its own: {payment}");
    // The order has not changed for a while, and its hold lasts.
    let (row, past) = (format!("ORDER#{}", order.id()), json!({ "S": "2026-01-01T00:00:00.000Z" }));
    shop.rows.sets("orders", &row, "ORDER", "updatedAt", past).await;
    await_until("housekeeping sends the message again", EVENTUALLY, async || {
        let task = json!({ "task": "reconcile-payments" }).to_string();
        let result = shop.functions.invoke("housekeeping", task).await;
        let payment = customer.looks_up_payment(&order).await;
        if payment["status"] == "open" { Err(result.payload.to_string()) } else { Ok(()) }
    })
    .await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn order_paid_in_time_is_confirmed_although_the_message_was_lost() {
    let shop = Shop::open_disturbing(["orders"]).await;
    let queue = shop.queues.url("orders");
    let (customer, order, mug) = shop
        .functions
        .while_stopped(queue, async {
            let (customer, order, mug) = order_with(&shop, "pm_card_visa").await;
            customer.api.awaits_payment(&order, "authorized").await;
            // The message is lost, and then the hold ends.
            let lost = shop.queues.takes(queue, order.payment_id()).await;
            assert!(lost.contains("payment.authorized"), "{lost}");
            shop.ends_hold(&order).await;
            shop.expires_holds().await;
            (customer, order, mug)
        })
        .await;
    customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 2).await;
}

/// The worker of orders is stopped, so that the customer acts before the order knows of the decline.
#[tokio::test]
async fn decline_is_counted_when_the_customer_is_faster_than_its_event() {
    let shop = Shop::open_disturbing(["orders"]).await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let email = unique_email("guest");
    let checkout = Checkout::of(&[(&mug.sku, 1)]).paid_with("pm_card_chargeDeclined");
    let declines = async |counter: &str| shop.rows.reads("orders", counter, "UNPAID").await["declines"]["N"].clone();
    let url = shop.queues.url("orders").to_owned();
    let order = shop
        .functions
        .while_stopped(&url, async {
            let (order, token) = shop.from_new_ip().places(&checkout, &email).await;
            let holder = shop.anonymous().with_order_token(&token);
            let (_, buyer) = shop.rows.unpaid_counters(&order).await;
            holder.awaits_payment(&order, "failed").await;
            holder.pays(&order, "pm_card_chargeDeclined").await.expect_success();
            assert_eq!(declines(&buyer).await, "1", "the new attempt should count the decline before");
            await_until("the second attempt is declined", EVENTUALLY, async || {
                let tally = shop.provider.tally(&order).await;
                let status = holder.reads_payment(&order).await.json()["status"].clone();
                if tally.declined == 2 && status == "failed" { Ok(()) } else { Err(format!("{tally:?} {status}")) }
            })
            .await;
            holder.cancels(&order, "I give up").await.expect(200);
            assert_eq!(declines(&buyer).await, "2", "the cancellation should count the second one");
            order
        })
        .await;
    shop.provider.charged_nothing(&order).await;
}
