//! Rows and messages of the release before. There, two workers moved a payment and its order one after the other, and events went
//! between them. What was on its way when this release was deployed continues.

use e2e::envelope::about_payment;
use e2e::scenarios::{order_with, paid_order};
use e2e::{Checkout, Customer, Draft, EVENTUALLY, Order, Shop, await_until, unique_email};
use serde_json::{Value, json};

const DECLINED: &str = "pm_card_chargeDeclined";

/// What a history says about its order.
const ENTRY_MEMBERS: [&str; 6] =
    ["version", "status", "paymentStatus", "paymentSequence", "fulfilmentStatus", "holdExpiresAt"];

fn order_key(order: &Order) -> String {
    format!("ORDER#{}", order.id())
}

fn payment_key(order: &Order) -> String {
    format!("PAYMENT#{}", order.payment_id())
}

fn number(row: &Value, attribute: &str) -> u64 {
    let text = row[attribute]["N"].as_str().and_then(|text| text.parse().ok());
    text.unwrap_or_else(|| panic!("the row should have the number {attribute}: {row}"))
}

/// An order's row as the release before would have it: it has the lines and sums, knew no mark for a capture that is due, and named no
/// movements of stock.
async fn order_row(shop: &Shop, order: &Order) -> Value {
    shop.stores_as_before(order).await;
    let mut row = shop.rows.reads("orders", &order_key(order), "ORDER").await;
    for name in ["captureDue", "namesMoves"] {
        row.as_object_mut().map(|members| members.remove(name));
    }
    row
}

/// Takes back the last change of an order, but not that of its payment: the order's worker has not heard of it. A pending order is in
/// the index of holds.
async fn takes_back_last_change(shop: &Shop, order: &Order) {
    let pk = order_key(order);
    let mut row = order_row(shop, order).await;
    let version = number(&row, "version");
    let entry = shop.rows.reads("orders", &pk, &format!("HISTORY#{:06}", version - 1)).await;
    for member in ENTRY_MEMBERS {
        row[member] = entry[member].clone();
    }
    row["updatedAt"] = entry["at"].clone();
    if row["status"]["S"] == "pending" {
        let ends = row["holdExpiresAt"]["S"].as_str().unwrap_or_default();
        row["gsi3sk"] = json!({ "S": format!("{ends}#{}", order.id()) });
        // Each shard is read.
        row["gsi3pk"] = json!({ "S": "HOLD#0" });
    }
    shop.rows.loads("orders", &row).await;
    shop.rows.removes("orders", &pk, &format!("HISTORY#{version:06}")).await;
}

/// Puts an authorised payment into the index in which the release before looked for captures that were lost.
async fn waits_in_the_index_of_payments(shop: &Shop, order: &Order) {
    let pk = payment_key(order);
    let row = shop.rows.reads("payments", &pk, "PAYMENT").await;
    for (attribute, value) in [("gsi2pk", json!({ "S": "RESERVED#0" })), ("gsi2sk", row["updatedAt"].clone())] {
        shop.rows.sets("payments", &pk, "PAYMENT", attribute, value).await;
    }
}

/// The version of an order's payment.
async fn payment_version(shop: &Shop, order: &Order) -> u64 {
    number(&shop.rows.reads("payments", &payment_key(order), "PAYMENT").await, "version")
}

/// The data of an event of any type about this order, as the release before wrote it. An event ignores members that it does not know.
async fn data(shop: &Shop, order: &Order) -> Value {
    let row = shop.rows.reads("orders", &order_key(order), "ORDER").await;
    let total = &order.0["total"];
    json!({
        "paymentId": order.payment_id(), "orderId": order.id(), "orderNumber": order.number(),
        "refundId": "rfd_01h455vb4pex5vsknk084sn02q", "recipient": row["buyer"]["S"], "amount": total, "total": total,
        "refunded": total, "captured": total, "lines": [], "items": [], "holdExpiresAt": row["holdExpiresAt"]["S"],
        "code": "card_declined", "message": "No.",
    })
}

/// A batch with such an event.
async fn event(shop: &Shop, order: &Order, event_type: &str, sequence: u64) -> String {
    about_payment(order, event_type, sequence, &data(shop, order).await)
}

/// A confirmed order whose first capture failed. Its message waits in the payments queue, which must be stopped.
async fn authorised_order(shop: &Shop) -> (Customer, Order) {
    let card = shop.provider.card_failing("/capture", "fail_before", 1).await;
    let (customer, order, _mug) = order_with(shop, &card).await;
    let order = customer.awaits(&order, "confirmed", "authorized").await;
    (customer, order)
}

async fn expect_status(customer: &Customer, order: &Order, status: (&str, &str)) {
    let now = customer.looks_up(order).await;
    assert_eq!((now.status(), now.payment_status()), status, "{}", now.0);
}

async fn expect_paid_once(shop: &Shop, customer: &Customer, order: &Order) {
    let order = customer.awaits(order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    let history = customer.api.folds(&order).await;
    let confirmations = history.windows(2).filter(|pair| pair[0]["status"] != pair[1]["status"]).count();
    assert_eq!(confirmations, 1, "the order should be confirmed once: {history:#?}");
}

#[tokio::test]
async fn authorisation_of_the_release_before_confirms_its_order() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let worker = shop.functions.while_stopped(shop.queues.url("payments"), async {
        let (customer, order) = authorised_order(&shop).await;
        takes_back_last_change(&shop, &order).await;
        waits_in_the_index_of_payments(&shop, &order).await;
        expect_status(&customer, &order, ("pending", "unpaid")).await;
        let sequence = payment_version(&shop, &order).await;
        let authorisation = event(&shop, &order, "payment.authorized", sequence).await;
        shop.delivers_message("orders-worker", authorisation.clone()).await;
        expect_status(&customer, &order, ("confirmed", "authorized")).await;
        shop.delivers_message("orders-worker", authorisation).await;
        (customer, order)
    });
    let (customer, order) = worker.await;
    expect_paid_once(&shop, &customer, &order).await;
}

#[tokio::test]
async fn pending_order_with_an_authorised_payment_moves_on() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let worker = shop.functions.while_stopped(shop.queues.url("payments"), async {
        let (customer, order) = authorised_order(&shop).await;
        let (other_customer, other) = authorised_order(&shop).await;
        for order in [&order, &other] {
            takes_back_last_change(&shop, order).await;
            waits_in_the_index_of_payments(&shop, order).await;
        }
        // Its event was lost, and its hold ends: it was paid in time.
        shop.ends_hold(&other).await;
        shop.expires_holds().await;
        assert_eq!(other_customer.looks_up(&other).await.status(), "confirmed");
        ((customer, order), (other_customer, other))
    });
    let ((customer, order), (other_customer, other)) = worker.await;
    // The worker of payments finds the first one by the message that it could not handle before.
    expect_paid_once(&shop, &customer, &order).await;
    expect_paid_once(&shop, &other_customer, &other).await;
}

#[tokio::test]
async fn confirmed_order_outside_the_index_of_holds_is_captured() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let queue = shop.queues.url("payments");
    let worker = shop.functions.while_stopped(queue, async {
        let (customer, order) = authorised_order(&shop).await;
        let (other_customer, other) = authorised_order(&shop).await;
        for order in [&order, &other] {
            shop.queues.takes(queue, order.id()).await;
            let day = order.0["createdAt"].as_str().and_then(|at| at.split('T').next()).unwrap_or_default();
            let mut row = order_row(&shop, order).await;
            row["gsi3pk"] = json!({ "S": format!("STATUS#confirmed#{day}#0") });
            row["gsi3sk"] = json!({ "S": order.id() });
            shop.rows.loads("orders", &row).await;
            waits_in_the_index_of_payments(&shop, order).await;
        }
        ((customer, order), (other_customer, other))
    });
    let ((customer, order), (other_customer, other)) = worker.await;
    // Of one, the event is still on its way. That of the other was lost.
    let confirmation = event(&shop, &order, "order.confirmed", 3).await;
    shop.delivers_message("payments-worker", confirmation).await;
    expect_paid_once(&shop, &customer, &order).await;
    shop.is_paid_by("reconcile-payments", &other_customer, &other).await;
    expect_paid_once(&shop, &other_customer, &other).await;
}

#[tokio::test]
async fn capture_of_the_release_before_makes_its_order_paid() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    let sequence = payment_version(&shop, &order).await;
    takes_back_last_change(&shop, &order).await;
    expect_status(&customer, &order, ("confirmed", "authorized")).await;
    shop.delivers_message("orders-worker", event(&shop, &order, "payment.completed", sequence).await).await;
    expect_status(&customer, &order, ("confirmed", "paid")).await;
    expect_paid_once(&shop, &customer, &order).await;
}

/// Events that lay in an outbox of the release before are published to the worker that knew them.
#[tokio::test]
async fn unpublished_events_of_the_release_before_move_their_orders() {
    let shop = Shop::open().await;
    let (customer, paid, _mug) = paid_order(&shop).await;
    let (other_customer, refunded, _mug) = paid_order(&shop).await;
    shop.admin().await.refunds(&refunded, json!({})).await.expect(201);
    let refunded = other_customer.awaits(&refunded, "confirmed", "refunded").await;
    for (order, event_type) in [(&paid, "payment.completed"), (&refunded, "payment.refunded")] {
        let sequence = payment_version(&shop, order).await;
        takes_back_last_change(&shop, order).await;
        shop.forges("payments", event_type, sequence, &data(&shop, order).await).await;
    }
    expect_paid_once(&shop, &customer, &paid).await;
    other_customer.awaits(&refunded, "confirmed", "refunded").await;
    other_customer.api.folds(&refunded).await;
}

#[tokio::test]
async fn delayed_message_in_the_orders_queue_ends_a_hold() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let (customer, order, mug) = order_with(&shop, DECLINED).await;
    customer.awaits(&order, "pending", "failed").await;
    let worker = shop.functions.while_stopped(shop.queues.url("payments"), async {
        shop.ends_hold(&order).await;
        shop.delivers_message("orders-worker", event(&shop, &order, "order.created", 1).await).await;
        customer.awaits_status(&order, "cancelled").await;
        shop.has_exact_stock(&mug, 3).await;
    });
    worker.await;
    customer.awaits(&order, "cancelled", "voided").await;
    shop.provider.charged_nothing(&order).await;
}

/// The customer is faster than the event of the decline.
#[tokio::test]
async fn decline_that_an_order_of_the_release_before_missed_is_counted_by_the_next_attempt() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let checkout = Checkout::of(&[(&mug.sku, 1)]).paid_with(DECLINED);
    let (order, token) = shop.from_new_ip().places(&checkout, &unique_email("guest")).await;
    let holder = shop.anonymous().with_order_token(&token);
    holder.awaits(&order, "pending", "failed").await;
    let (network, buyer) = shop.rows.unpaid_counters(&order).await;
    let declines = async || {
        let read = async |counter: &str| shop.rows.reads("orders", counter, "UNPAID").await["declines"]["N"].clone();
        [read(&network).await, read(&buyer).await]
    };
    let worker = shop.functions.while_stopped(shop.queues.url("payments"), async {
        let sequence = payment_version(&shop, &order).await;
        takes_back_last_change(&shop, &order).await;
        let late = event(&shop, &order, "payment.failed", sequence).await;
        holder.pays(&order, DECLINED).await.expect_success();
        assert_eq!(declines().await, [json!("2"), json!("2")], "the attempt should count what the order missed");
        shop.delivers_message("orders-worker", late).await;
        assert_eq!(declines().await, [json!("2"), json!("2")], "the late event should count nothing");
    });
    worker.await;
    await_until("the second attempt is counted", EVENTUALLY, async || {
        let counted = declines().await;
        if counted == [json!("3"), json!("3")] { Ok(()) } else { Err(format!("{counted:?}")) }
    })
    .await;
}
