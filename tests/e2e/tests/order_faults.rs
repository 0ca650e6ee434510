//! Orders whose worker is killed, and whose messages are late, lost or repeated.

use e2e::scenarios::{order_with, paid_order};
use e2e::{Checkout, Customer, Draft, EVENTUALLY, Order, Product, Shop, await_until, unique_email};
use serde_json::{Value, json};
use time::OffsetDateTime;

#[tokio::test]
async fn worker_killed_during_a_charge_charges_once() {
    let shop = Shop::open_disturbing(["payments"]).await;
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

/// Fails unless an order of two mugs is charged once and its customer gets one mail. Waits until the streams have delivered its records.
async fn expect_charged_and_mailed_once(shop: &Shop, customer: &Customer, order: &Order, mug: &Product) {
    let order = customer.awaits(order, "confirmed", "paid").await;
    shop.mailbox.awaits(&customer.email, &[order.number()]).await;
    // A stream delivers in order, so the records of the first order came before those of a later one.
    let (later_customer, later, _) = order_with(shop, "pm_card_visa").await;
    shop.mailbox.awaits(&later_customer.email, &[later.number()]).await;
    for queue in ["payments", "notifications"] {
        shop.queues.awaits_empty(shop.queues.url(queue)).await;
    }
    let order = customer.looks_up(&order).await;
    assert_eq!((order.status(), order.payment_status()), ("confirmed", "paid"));
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(mug, 3).await;
    let mails = shop.mailbox.of(&customer.email).await;
    let count = mails.iter().filter(|mail| mail.mentions(order.number())).count();
    assert_eq!(count, 1, "one mail should be sent: {mails:#?}");
    shop.awaits_movements(mug, &[("initial", 5), ("sale", -2)]).await;
}

async fn places_two_mugs(shop: &Shop) -> (Customer, Order, Product) {
    let mug = shop.sells(Draft::with_stock(5)).await;
    let customer = shop.new_customer().await;
    let order = customer.places(&Checkout::of(&[(&mug.sku, 2)])).await;
    (customer, order, mug)
}

/// Three times by hand, and once by the stream, when the order has changed since.
#[tokio::test]
async fn record_of_a_new_order_delivered_four_times_charges_once() {
    let shop = Shop::open_disturbing(["payments", "notifications"]).await;
    let placed = shop.functions.while_worker_stopped("payments-worker", async {
        let (customer, order, mug) = places_two_mugs(&shop).await;
        let record = shop.record_of_order(&order).await;
        for _ in 0..3 {
            shop.delivers_record("payments-worker", &record).await;
        }
        (customer, order, mug)
    });
    let (customer, order, mug) = placed.await;
    expect_charged_and_mailed_once(&shop, &customer, &order, &mug).await;
}

#[tokio::test]
async fn record_of_a_paid_order_delivered_four_times_is_mailed_once() {
    let shop = Shop::open_disturbing(["payments", "notifications"]).await;
    let paid = shop.functions.while_worker_stopped("notifier", async {
        let (customer, order, mug) = places_two_mugs(&shop).await;
        customer.awaits(&order, "confirmed", "paid").await;
        let record = shop.record_of_payment(&order).await;
        let row = &record["dynamodb"]["NewImage"];
        assert_eq!(row["tells"]["S"], "payment.completed", "{row}");
        let index = row["gsi2pk"]["S"].as_str().unwrap_or_default();
        assert!(index.starts_with("CAPTURED#20"), "housekeeping should find the captured payment: {row}");
        for _ in 0..3 {
            shop.delivers_record("notifier", &record).await;
        }
        (customer, order, mug)
    });
    let (customer, order, mug) = paid.await;
    expect_charged_and_mailed_once(&shop, &customer, &order, &mug).await;
}

/// The stream does not wait for the provider: the record of an order whose charge fails becomes a message.
#[tokio::test]
async fn record_of_an_order_without_a_provider_becomes_a_message() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let card = shop.provider.card_failing("/payment_intents", "fail_before", 1).await;
    let queue = shop.queues.url("payments");
    let (customer, order) = shop
        .functions
        .while_stopped(queue, async {
            let (customer, order, _mug) = order_with(&shop, &card).await;
            let message = shop.queues.takes(queue, order.id()).await;
            assert!(message.contains("order.created"), "{message}");
            shop.queues.send(queue, &message).await;
            (customer, order)
        })
        .await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn order_cannot_be_paid_after_its_hold() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let (customer, order, _mug) = order_with(&shop, "pm_card_chargeDeclined").await;
    customer.awaits(&order, "pending", "failed").await;
    // The payments queue is paused, so that no worker cancels the order when its hold ends.
    let refusals = shop.functions.while_stopped(shop.queues.url("payments"), async {
        // While the hold lasts, the payment method is refused.
        customer.pays(&order, "no token!").await.expect_refusal(422);
        shop.ends_hold(&order).await;
        let refused = customer.pays(&order, "pm_card_visa").await.expect_refusal(409);
        // Housekeeping may have cancelled the order meanwhile.
        assert!(["hold_expired", "illegal_transition"].contains(&refused.code()), "{}", refused.body);
        shop.expires_holds().await;
        customer.awaits_status(&order, "cancelled").await;
    });
    refusals.await;
    customer.awaits(&order, "cancelled", "voided").await;
    shop.provider.charged_nothing(&order).await;
}

#[tokio::test]
async fn unpublished_event_stays_in_the_outbox_until_published() {
    // Other tests may disturb neither the payments nor the deliveries.
    let shop = Shop::open_disturbing(["catalog", "notifications", "payments"]).await;
    let (customer, order, _mug) = paid_order(&shop).await;
    shop.mailbox.awaits(&customer.email, &[order.number(), "confirmed and paid"]).await;
    shop.queues
        .while_closed(shop.queues.url("notifications"), async {
            customer.cancels(&order, "Ordered twice").await.expect(200);
            // A later event of the same outbox is published, so the relay has seen this one, too.
            let mug = shop.sells(Draft::with_stock(3)).await;
            shop.new_owner(&mug).await;
        })
        .await;
    // The emulator's streams do not retry as AWS' do. Housekeeping republishes what has waited for a minute. The test invokes it instead of
    // waiting for its schedule.
    await_until("the mail of the cancelled order has come", EVENTUALLY, async || {
        let result = shop.runs_task("republish-outbox").await;
        let mails = shop.mailbox.of(&customer.email).await;
        let has_come = mails.iter().any(|mail| mail.mentions(order.number()) && mail.mentions("is cancelled"));
        if has_come { Ok(()) } else { Err(result.payload.to_string()) }
    })
    .await;
    customer.awaits(&order, "cancelled", "refunded").await;
    shop.provider.refunded_in_full(&order, 1).await;
}

/// A confirmed order whose first capture failed. Its message waits in the payments queue, which must be stopped.
async fn uncaptured_order(shop: &Shop) -> (Customer, Order, Product) {
    let card = shop.provider.card_failing("/capture", "fail_before", 1).await;
    let (customer, order, mug) = order_with(shop, &card).await;
    let order = customer.awaits(&order, "confirmed", "authorized").await;
    (customer, order, mug)
}

#[tokio::test]
async fn order_whose_authorisation_the_provider_cancelled_cannot_be_packed() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let uncaptured = shop.functions.while_stopped(shop.queues.url("payments"), async {
        let (customer, order, _mug) = uncaptured_order(&shop).await;
        // Nothing says so to souk. The next attempt to capture finds it.
        shop.provider.voids_at_provider(&order).await;
        (customer, order)
    });
    let (customer, order) = uncaptured.await;
    let order = customer.awaits(&order, "confirmed", "voided").await;
    assert_eq!(customer.looks_up_payment(&order).await["status"], "cancelled");
    shop.admin().await.moves(&order, "processing").await.expect_refusal(409);
    shop.provider.charged_nothing(&order).await;
}

#[tokio::test]
async fn order_whose_record_is_late_is_found_by_its_hold() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let found = shop.functions.while_stream_stopped("payments-worker", async {
        let (customer, order, _mug) = order_with(&shop, "pm_card_visa").await;
        let payment = shop.rows.reads("payments", &format!("PAYMENT#{}", order.payment_id()), "PAYMENT").await;
        assert!(payment["gsi2pk"].is_null(), "an open payment should be in no index of its own: {payment}");
        // The order has not changed for a while, and its hold lasts.
        let (row, past) = (format!("ORDER#{}", order.id()), json!({ "S": "2026-01-01T00:00:00.000Z" }));
        shop.rows.sets("orders", &row, "ORDER", "updatedAt", past).await;
        let order = shop.is_paid_by("reconcile-payments", &customer, &order).await;
        (customer, order)
    });
    let (customer, order) = found.await;
    // The record comes now. When a later order is paid, it has come.
    paid_order(&shop).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
}

/// The other task looks less often.
#[tokio::test]
async fn new_order_whose_record_is_late_is_found_after_a_moment() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let found = shop.functions.while_stream_stopped("payments-worker", async {
        let (customer, order, _mug) = order_with(&shop, "pm_card_visa").await;
        // In the index its hold ends early enough for an order of that age.
        let (row, updated_at) = (format!("ORDER#{}", order.id()), a_minute_ago());
        let key = format!("{updated_at}#{}", order.id());
        shop.rows.sets("orders", &row, "ORDER", "gsi3sk", json!({ "S": key })).await;
        shop.rows.sets("orders", &row, "ORDER", "updatedAt", json!({ "S": updated_at })).await;
        shop.is_paid_by("reconcile-orders", &customer, &order).await
    });
    shop.provider.charged_once(&found.await).await;
}

fn a_minute_ago() -> String {
    let at = OffsetDateTime::now_utc() - time::Duration::MINUTE;
    format!("{}T{:02}:{:02}:{:02}.{:03}Z", at.date(), at.hour(), at.minute(), at.second(), at.millisecond())
}

/// Between authorisation and capture the order is confirmed, and no event says so. If the message that the worker handles is lost,
/// housekeeping finds the order.
#[tokio::test]
async fn confirmed_order_is_captured_although_its_message_was_lost() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let queue = shop.queues.url("payments");
    let uncaptured = shop.functions.while_stopped(queue, async {
        let (customer, order, mug) = uncaptured_order(&shop).await;
        shop.queues.takes(queue, order.id()).await;
        // The end of the hold cancels no confirmed order.
        shop.ends_hold(&order).await;
        shop.expires_holds().await;
        assert_eq!(customer.looks_up(&order).await.status(), "confirmed");
        (customer, order, mug)
    });
    let (customer, order, mug) = uncaptured.await;
    let order = shop.is_paid_by("reconcile-payments", &customer, &order).await;
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 2).await;
    customer.api.folds(&order).await;
}

/// The order stays in the index of holds although the shop packs it.
#[tokio::test]
async fn order_packed_before_its_capture_is_captured_although_its_message_was_lost() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let queue = shop.queues.url("payments");
    let uncaptured = shop.functions.while_stopped(queue, async {
        let (customer, order, _mug) = uncaptured_order(&shop).await;
        shop.queues.takes(queue, order.id()).await;
        shop.admin().await.moves(&order, "processing").await.expect(200);
        (customer, order)
    });
    let (customer, order) = uncaptured.await;
    let order = shop.is_paid_by("reconcile-payments", &customer, &order).await;
    assert_eq!(order.status(), "processing");
    shop.provider.charged_once(&order).await;
}

/// The order, its counters and its payment learn of a decline at the same moment.
#[tokio::test]
async fn decline_is_counted_with_its_payment() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let email = unique_email("guest");
    let checkout = Checkout::of(&[(&mug.sku, 1)]).paid_with("pm_card_chargeDeclined");
    let declines = async |counter: &str| shop.rows.reads("orders", counter, "UNPAID").await["declines"]["N"].clone();
    let (order, token) = shop.from_new_ip().places(&checkout, &email).await;
    let holder = shop.anonymous().with_order_token(&token);
    let (network, buyer) = shop.rows.unpaid_counters(&order).await;
    for attempt in 1..=2 {
        await_until(format_args!("attempt {attempt} is declined"), EVENTUALLY, async || {
            let tally = shop.provider.tally(&order).await;
            let status = holder.reads_payment(&order).await.json()["status"].clone();
            if tally.declined == attempt && status == "failed" { Ok(()) } else { Err(format!("{tally:?} {status}")) }
        })
        .await;
        // Without waiting for another worker.
        assert_eq!(holder.looks_up(&order).await.payment_status(), "failed");
        for counter in [&network, &buyer] {
            assert_eq!(declines(counter).await, Value::from(attempt.to_string()), "{counter}");
        }
        if attempt == 1 {
            holder.pays(&order, "pm_card_chargeDeclined").await.expect_success();
        }
    }
    holder.cancels(&order, "I give up").await.expect(200);
    assert_eq!(declines(&buyer).await, "2", "the cancellation should count nothing again");
    holder.awaits(&order, "cancelled", "voided").await;
    shop.provider.charged_nothing(&order).await;
}
