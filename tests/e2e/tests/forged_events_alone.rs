//! A compromised writer of each table forges events. They run alone, because they wait until all queues are empty.

use e2e::scenarios::{order_with, paid_order};
use e2e::{Customer, EVENT_TYPES, EVENTUALLY, Order, Product, Shop, await_until, pieces};
use serde_json::{Value, json};

const DECLINED: &str = "pm_card_chargeDeclined";
const OPERATOR: &str = "operator@souk.local";
const UNKNOWN: &str = "01h455vb4pex5vsknk084sn02q";
/// More than any payment's version: the order has not applied it.
const LATER: u64 = 1000;

/// The data of an event of any type about this order. An event ignores members that it does not know.
fn about(shop: &Shop, customer: &Customer, order: &Order, product: &Product) -> Value {
    let [job, review, session, token] = ["job", "rev", "ses", "tok"].map(|kind| format!("{kind}_{UNKNOWN}"));
    let refund = format!("rfd_{UNKNOWN}");
    let total = &order.0["total"];
    json!({
        "orderId": order.id(), "orderNumber": order.number(), "paymentId": order.payment_id(), "refundId": refund,
        "userId": customer.id(), "recipient": customer.id(), "sessionId": session, "tokenId": token, "jobId": job,
        "productId": product.id, "reviewId": review, "sku": product.sku, "name": product.name,
        "was": 1, "available": 0, "threshold": 5,
        "total": total, "amount": total, "refunded": total, "captured": total, "expected": total,
        "lines": [], "items": [{ "sku": product.sku, "productId": product.id, "quantity": 1 }],
        "holdExpiresAt": "2026-11-21T08:10:00.000Z", "reason": "by_shop", "code": "card_declined", "message": "No.",
        "intent": "pi_forged", "change": "password_changed", "seenAmount": 1, "seenCurrency": shop.stack.currency,
    })
}

/// What a forged event could change.
async fn observed(shop: &Shop, customer: &Customer, order: &Order, product: &Product) -> Value {
    json!({
        "order": customer.looks_up(order).await.0,
        "history": customer.api.history(order).await,
        "payment": customer.looks_up_payment(order).await,
        "books": shop.provider.books(order).await,
        "movements": shop.movements(product).await,
        "mails": shop.mailbox.of(&customer.email).await.iter().map(|mail| mail.subject.clone()).collect::<Vec<_>>(),
        "alarms": shop.mailbox.of(OPERATOR).await.iter().filter(|mail| mail.mentions(&product.sku)).count(),
        "cart": pieces(&customer.api.looks_into("me").await.expect(200).json()),
        "account": customer.api.get("/api/v1/auth/me").await.expect(200).json(),
    })
}

/// Waits until nothing more follows from an order by itself.
async fn settled(shop: &Shop, customer: &Customer, order: &Order, product: &Product) -> Value {
    shop.mailbox.awaits(&customer.email, &[order.number()]).await;
    shop.awaits_movements(product, &[("initial", 3), ("sale", -1)]).await;
    shop.awaits_end_of(&[]).await;
    observed(shop, customer, order, product).await
}

#[tokio::test]
async fn writer_of_a_table_cannot_forge_the_events_of_another_context() {
    let shop = Shop::open_alone().await;
    let (customer, order, mug) = paid_order(&shop).await;
    customer.adds(&mug.sku, 1).await;
    let before = settled(&shop, &customer, &order, &mug).await;
    let data = about(&shop, &customer, &order, &mug);
    let mut forged = Vec::new();
    for (context, own) in EVENT_TYPES {
        for event_type in EVENT_TYPES.iter().flat_map(|(_, types)| *types).filter(|name| !own.contains(name)) {
            forged.push(shop.forges(context, event_type, LATER, &data).await);
        }
    }
    assert!(forged.len() > 80, "each table should get each event of the others: {}", forged.len());
    shop.awaits_end_of(&forged).await;
    let after = observed(&shop, &customer, &order, &mug).await;
    assert_eq!(after, before, "nothing should have changed");
}

#[tokio::test]
async fn housekeeping_publishes_no_event_of_another_context() {
    let shop = Shop::open_alone().await;
    let (customer, order, mug) = paid_order(&shop).await;
    let before = settled(&shop, &customer, &order, &mug).await;
    let data = about(&shop, &customer, &order, &mug);
    let mut forged = Vec::new();
    // Of these, the workers believe the event itself: a mail, and lines in the log of movements.
    for event_type in ["stock.low", "order.cancelled", "order.created"] {
        for (context, _) in EVENT_TYPES.iter().filter(|(_, own)| !own.contains(&event_type)) {
            forged.push(shop.forges_behind_the_relay(context, event_type, LATER, &data).await);
        }
    }
    await_until("housekeeping has refused the events", EVENTUALLY, async || {
        shop.runs_task("republish-outbox").await;
        shop.have_left(&forged).await
    })
    .await;
    shop.awaits_end_of(&forged).await;
    assert_eq!(observed(&shop, &customer, &order, &mug).await, before, "nothing should have changed");
}

#[tokio::test]
async fn unpaid_order_is_not_paid_by_a_forged_event() {
    let shop = Shop::open_alone().await;
    let (customer, order, mug) = order_with(&shop, DECLINED).await;
    customer.awaits(&order, "pending", "failed").await;
    let data = about(&shop, &customer, &order, &mug);
    let mut forged = Vec::new();
    // Also from the table of payments itself, where the event belongs: the row of the payment decides. The payment is at version 3.
    for (context, _) in EVENT_TYPES {
        for sequence in [4, LATER] {
            forged.push(shop.forges(context, "payment.authorized", sequence, &data).await);
            forged.push(shop.forges(context, "payment.completed", sequence, &data).await);
        }
    }
    // And an event that has the order's payment captured.
    for event_type in ["order.confirmed", "order.shipped"] {
        forged.push(shop.forges("orders", event_type, LATER, &data).await);
    }
    shop.awaits_end_of(&forged).await;
    // The hold may have ended meanwhile. Otherwise the order ends now, and if it was paid, its history says so.
    customer.cancels(&order, "I give up").await;
    let order = customer.awaits(&order, "cancelled", "voided").await;
    let history = customer.api.folds(&order).await;
    assert!(
        history.iter().all(|entry| entry["status"] != "confirmed" && entry["paymentStatus"] != "paid"),
        "the order should never be paid: {history:#?}"
    );
    shop.provider.charged_nothing(&order).await;
}

#[tokio::test]
async fn writer_of_the_payments_table_moves_no_money_by_its_own_events() {
    let shop = Shop::open_alone().await;
    let (customer, order, mug) = paid_order(&shop).await;
    settled(&shop, &customer, &order, &mug).await;
    let money = async || {
        let order = customer.looks_up(&order).await;
        (order.0.clone(), customer.looks_up_payment(&order).await, shop.provider.tally(&order).await)
    };
    let (before, data) = (money().await, about(&shop, &customer, &order, &mug));
    let own = EVENT_TYPES.iter().filter(|(context, _)| *context == "payments").flat_map(|(_, types)| *types);
    let mut forged = Vec::new();
    for event_type in own {
        forged.push(shop.forges("payments", event_type, LATER, &data).await);
    }
    assert_eq!(forged.len(), 10);
    shop.awaits_end_of(&forged).await;
    assert_eq!(money().await, before, "no row says what the events say");
}

#[tokio::test]
async fn payment_of_a_pending_order_is_not_captured_for_the_status_of_another_order() {
    let shop = Shop::open_alone().await;
    let (_, paid, _) = paid_order(&shop).await;
    // Its customer has not authenticated.
    let (customer, order, mug) = order_with(&shop, "pm_card_authenticationRequired_hook_never").await;
    customer.api.awaits_payment(&order, "requires_action").await;
    let mut data = about(&shop, &customer, &order, &mug);
    let mut forged = vec![shop.forges("orders", "order.confirmed", LATER, &data).await];
    data["orderId"] = json!(paid.id());
    for (context, event_type) in
        [("orders", "order.confirmed"), ("orders", "order.shipped"), ("payments", "payment.capture_requested")]
    {
        forged.push(shop.forges(context, event_type, LATER, &data).await);
    }
    shop.awaits_end_of(&forged).await;
    shop.provider.charged_once(&paid).await;
    // The hold may have ended meanwhile. Otherwise the order ends now, and if it was paid, its history says so.
    customer.cancels(&order, "I give up").await;
    let order = customer.awaits(&order, "cancelled", "voided").await;
    let history = customer.api.folds(&order).await;
    assert!(history.iter().all(|entry| entry["status"] != "confirmed"), "nothing was authorised: {history:#?}");
    let tally = shop.provider.tally(&order).await;
    assert_eq!((tally.authorised, tally.captured), (0, 0), "the payment should not be captured: {tally:?}");
}

#[tokio::test]
async fn open_account_is_not_erased_by_a_forged_event() {
    let shop = Shop::open_alone().await;
    let (customer, order, mug) = paid_order(&shop).await;
    customer.adds(&mug.sku, 1).await;
    let before = settled(&shop, &customer, &order, &mug).await;
    let mut data = json!({ "userId": customer.id() });
    // As the account's own context would write it, and as a worker continues it.
    let mut forged = vec![shop.forges("identity", "user.deleted", 2, &data).await];
    data["onceMore"] = json!(true);
    forged.push(shop.forges("identity", "user.deleted", 2, &data).await);
    shop.awaits_end_of(&forged).await;
    assert_eq!(observed(&shop, &customer, &order, &mug).await, before, "nothing should be erased");
}

#[tokio::test]
async fn forged_event_holds_back_no_other_event() {
    let shop = Shop::open_alone().await;
    let (customer, order, mug) = order_with(&shop, "pm_card_visa").await;
    let data = about(&shop, &customer, &order, &mug);
    let mut forged = Vec::new();
    for _ in 0..20 {
        forged.push(shop.forges("orders", "payment.failed", LATER, &data).await);
    }
    customer.awaits(&order, "confirmed", "paid").await;
    shop.awaits_end_of(&forged).await;
}
