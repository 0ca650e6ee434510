//! The tests that disturb others: they kill a worker, pause a queue or make DynamoDB fail. They are a test
//! program of their own, so that other tests need not wait for them. In it they run one after the other (`Shop::open_alone`).

mod erasure_alone;
mod forged_events_alone;
mod imports_alone;
mod keys_alone;
mod logins_alone;
mod resets_alone;

use e2e::scenarios::{order_with, twenty_customers_order};
use e2e::{Checkout, Draft, EVENTUALLY, Order, SOON, Shop, await_until};
use futures::{StreamExt, stream};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[tokio::test]
async fn worker_killed_during_a_charge_charges_once() {
    // Alone: it kills every process of the worker, and with it any other charge.
    let shop = Shop::open_alone().await;
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

#[tokio::test]
async fn twenty_customers_buy_five_of_five_while_every_third_transaction_conflicts() {
    let shop = Shop::open_alone().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let fault = json!({ "operation": "TransactWriteItems", "every": 3, "kind": "transaction_conflict" });
    let before = shop.proxy.injected("TransactWriteItems").await;
    shop.proxy.failing(&fault, twenty_customers_order(&shop, &mug)).await;
    let injected = shop.proxy.injected("TransactWriteItems").await - before;
    assert!(injected >= 10, "conflicts should be injected: {injected}");
}

/// An order is placed while a queue is paused; then the message about it is delivered three times.
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

/// A limit of concurrent requests: each waits for its turn at the row, as buyers of a scarce product do, and the machine need not run a
/// thousand execution environments.
const AT_ONCE: usize = 48;

#[tokio::test]
async fn thousand_guests_order_a_hundred_units_and_exactly_a_hundred_get_one() {
    // Alone: it takes the whole machine.
    let shop = Shop::open_alone().await;
    let mug = shop.sells(Draft::with_stock(100)).await;
    let checkouts: Vec<_> = (0..1000).map(|_| (shop.new_guest(), Checkout::of(&[(&mug.sku, 1)]))).collect();
    // The database or a function may be too late on a busy machine. Then the guest retries under the same key, as every client
    // should.
    let responses = stream::iter(&checkouts).map(async |(guest, checkout)| {
        await_until(format_args!("{} has a response", checkout.key), SOON, async || {
            let response = guest.tries_to_place(checkout).await;
            if matches!(response.status, 502..=504) { Err(response.text) } else { Ok(response) }
        })
        .await
    });
    let responses: Vec<_> = responses.buffer_unordered(AT_ONCE).collect().await;

    let mut placed = Vec::new();
    for response in responses {
        match response.status {
            201 => placed.push(Order(response.json())),
            _ => {
                let refused = response.expect_problem(409, "insufficient_stock");
                assert_eq!(refused.errors()[0]["available"], 0, "{}", refused.body);
            }
        }
    }
    // All orders are paid, unless the machine was so slow that a hold ended. Then its unit was for sale again, and no
    // other.
    let admin = shop.admin().await;
    let ends = stream::iter(&placed).map(async |order| {
        await_until(format_args!("{} is confirmed or cancelled", order.id()), EVENTUALLY, async || {
            let now = admin.looks_up(order).await;
            if now.status() == "pending" { Err(now.0.to_string()) } else { Ok(now.status() == "cancelled") }
        })
        .await
    });
    let ends: Vec<bool> = ends.buffer_unordered(8).collect().await;
    let cancelled = ends.iter().filter(|cancelled| **cancelled).count();
    assert!(
        (100..=100 + cancelled).contains(&placed.len()),
        "{} were sold, {cancelled} of them cancelled",
        placed.len()
    );
    let rest = 100 + cancelled - placed.len();
    shop.has_exact_stock(&mug, u32::try_from(rest).unwrap_or(u32::MAX)).await;
    // The log is written later and agrees.
    let mut expected = vec![("initial", 100)];
    expected.extend(vec![("sale", -1); placed.len()]);
    expected.extend(vec![("returned", 1); cancelled]);
    shop.awaits_movements(&mug, &expected).await;
}

#[tokio::test]
async fn order_cannot_be_paid_after_its_hold() {
    // Alone: the orders queue is paused, so that no worker cancels the order when its hold ends.
    let shop = Shop::open_alone().await;
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
            await_until("the hold has ended", EVENTUALLY, async || {
                let ends = customer.looks_up(&order).await.0["holdExpiresAt"].as_str().map(str::to_owned);
                let ends = ends.and_then(|ends| OffsetDateTime::parse(&ends, &Rfc3339).ok());
                // `None`: housekeeping has cancelled the order meanwhile.
                if ends.is_none_or(|ends| ends < OffsetDateTime::now_utc()) { Ok(()) } else { Err(format!("{ends:?}")) }
            })
            .await;
            let refused = customer.pays(&order, "pm_card_visa").await.expect_refusal(409);
            assert!(["hold_expired", "illegal_transition"].contains(&refused.code()), "{}", refused.body);
            (customer, order, mug)
        })
        .await;
    customer.awaits_status(&order, "cancelled").await;
    shop.provider.charged_nothing(&order).await;
}

#[tokio::test]
async fn unpublished_event_stays_in_the_outbox_until_published() {
    let shop = Shop::open_alone().await;
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
    let shop = Shop::open_alone().await;
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
async fn order_paid_in_time_is_confirmed_although_the_message_was_lost() {
    let shop = Shop::open_alone().await;
    let queue = shop.queues.url("orders");
    let (customer, order, mug) = shop
        .functions
        .while_stopped(queue, async {
            let (customer, order, mug) = order_with(&shop, "pm_card_visa").await;
            customer.api.awaits_payment(&order, "authorized").await;
            // The message is lost, and then the hold ends.
            shop.queues.takes(queue, "payment.authorized").await;
            await_until("the hold has ended", EVENTUALLY, async || {
                shop.functions.invoke("housekeeping", json!({ "task": "expire-holds" }).to_string()).await;
                let now = customer.looks_up(&order).await;
                if now.status() == "pending" { Err(now.0["holdExpiresAt"].to_string()) } else { Ok(()) }
            })
            .await;
            (customer, order, mug)
        })
        .await;
    customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 2).await;
}
