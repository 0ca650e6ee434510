//! The provider's webhooks: only signed ones are accepted, and they are hints to check the payment, however late, often and
//! mixed up they arrive.

use e2e::scenarios::{order_with, paid_order};
use e2e::webhooks::{event_about, event_of, mac, now};
use e2e::{Customer, Order, Product, Shop, unique};
use futures::future::join_all;
use serde_json::{Value, json};

/// Well-formed, but no payment.
const NO_PAYMENT: &str = "pay_01h455vb4pex5vsknk084sn02q";

/// Nothing about a finished order has changed.
async fn expect_unchanged(shop: &Shop, customer: &Customer, order: &Order, history: &[Value]) {
    shop.requests_payment_check(order).await;
    assert_eq!(customer.looks_up(order).await.0, order.0, "the order should be unchanged");
    assert_eq!(customer.api.folds(order).await, history, "nothing should be repeated");
}

#[tokio::test]
async fn unsigned_webhook_is_refused() {
    let shop = Shop::open().await;
    let (_customer, order, _mug) = paid_order(&shop).await;
    let stripe = shop.stripe();
    let event = event_of("payment_intent.succeeded", &order).to_string();
    stripe.sends(&event, None).await.expect_problem(400, "webhook_signature_missing");

    let (time, good) = (now(), stripe.signs(&event, now()));
    let forged = mac("whsec_of_somebody_else", &event, time);
    let of_another_body = stripe.signs("{}", time);
    let hex = mac(&shop.stack.stripe.webhook_secret, &event, time);
    let wrong = [
        format!("t={time},v1={forged}"),
        of_another_body,
        format!("t={},v1={hex}", time + 1),
        format!("t={time},v0={hex}"),
        format!("t={time},v1={}", &hex[..62]),
        format!("t={time},v1="),
        format!("v1={hex}"),
        format!("t={time}"),
        "nonsense".to_owned(),
    ];
    for signature in wrong {
        let response = stripe.sends(&event, Some(&signature)).await;
        response.expect_problem(400, "webhook_signature_invalid");
    }
    stripe.sends(&format!("{event} "), Some(&good)).await.expect_problem(400, "webhook_signature_invalid");
    assert_eq!(stripe.sends(&event, Some(&good)).await.expect(200).json(), json!({ "received": true }));
    // While a secret is rotated there is a signature by each.
    let both = format!("t={time},v1={forged},v1={hex}");
    stripe.sends(&event, Some(&both)).await.expect(200);
}

#[tokio::test]
async fn replayed_webhook_is_refused() {
    let shop = Shop::open().await;
    let (_customer, order, _mug) = paid_order(&shop).await;
    let stripe = shop.stripe();
    for seconds in [310, 3_600, 365 * 24 * 3_600] {
        for at in [now() - seconds, now() + seconds] {
            let event = event_of("payment_intent.succeeded", &order).to_string();
            let response = stripe.sends(&event, Some(&stripe.signs(&event, at))).await;
            response.expect_problem(400, "webhook_too_old");
        }
    }
    // Clocks differ, and networks are slow.
    for at in [now() - 240, now() + 240] {
        let event = event_of("payment_intent.succeeded", &order).to_string();
        stripe.sends(&event, Some(&stripe.signs(&event, at))).await.expect(200);
    }
}

#[tokio::test]
async fn repeated_webhook_is_handled_once() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    let history = customer.api.folds(&order).await;
    let event = event_of("payment_intent.succeeded", &order);
    let responses = join_all((0..5).map(|_| async { shop.stripe().sends_event(&event).await })).await;
    for response in responses {
        assert_eq!(response.expect(200).json(), json!({ "received": true }));
    }
    assert_eq!(shop.stripe().sends_event(&event).await.expect(200).json(), json!({ "received": true }));
    expect_unchanged(&shop, &customer, &order, &history).await;
    shop.provider.charged_once(&order).await;

    let id = event["id"].as_str().unwrap_or_default();
    let row = shop.rows.reads("payments", &format!("WEBHOOK#stripe#{id}"), "WEBHOOK").await;
    let until: u64 = row["expiresAt"]["N"].as_str().and_then(|at| at.parse().ok()).unwrap_or_default();
    let month = now() + 30 * 24 * 3_600;
    assert!(until.abs_diff(month) < 3_600, "the event should be stored for 30 days: {row}");
}

#[tokio::test]
async fn webhook_of_another_shop_is_accepted_and_ignored() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    let history = customer.api.folds(&order).await;
    let bare = |object: Value| json!({ "id": unique("evt_e2e"), "type": "plan.created", "data": { "object": object } });
    let foreign = [
        event_about("payment_intent.succeeded", &json!({ "payment_id": NO_PAYMENT })),
        event_about("payment_intent.succeeded", &json!({ "payment_id": "nonsense" })),
        // Another shop's orders may have the ids of ours; the payment's id decides.
        event_about("payment_intent.succeeded", &json!({ "order_id": order.id() })),
        event_about("payment_intent.succeeded", &json!({})),
        event_about("payment_intent.succeeded", &json!(null)),
        event_about(
            "refund.created",
            &json!({ "payment_id": NO_PAYMENT, "refund_id": "rfd_01h455vb4pex5vsknk084sn02q" }),
        ),
        event_about(
            "refund.created",
            &json!({ "payment_id": order.payment_id(), "refund_id": "rfd_01h455vb4pex5vsknk084sn02q" }),
        ),
        bare(json!({ "id": "plan_1" })),
        bare(json!({})),
    ];
    for event in foreign {
        assert_eq!(shop.stripe().sends_event(&event).await.expect(200).json(), json!({ "received": true }), "{event}");
    }
    expect_unchanged(&shop, &customer, &order, &history).await;
}

#[tokio::test]
async fn invalid_event_is_refused() {
    let shop = Shop::open().await;
    let stripe = shop.stripe();
    for body in ["", "nonsense", "{", "[]", "7", "{}", "{\"id\": 7}", "{\"id\": \"evt_1\", \"type\": \"x\"}"] {
        let response = stripe.sends(body, Some(&stripe.signs(body, now()))).await;
        response.expect_problem(400, "webhook_unreadable");
    }
    let huge = event_about("payment_intent.succeeded", &json!({ "padding": "x".repeat(257 * 1024) })).to_string();
    stripe.sends(&huge, Some(&stripe.signs(&huge, now()))).await.expect_refusal(413);
}

#[tokio::test]
async fn webhook_alone_does_not_mark_an_order_paid() {
    let shop = Shop::open().await;
    let (customer, order, mug) = order_with(&shop, "pm_card_chargeDeclined").await;
    let order = customer.awaits(&order, "pending", "failed").await;
    // Correctly signed, but false: nothing was paid.
    let mut event = event_of("payment_intent.succeeded", &order);
    event["data"]["object"]["status"] = json!("succeeded");
    event["data"]["object"]["amount_received"] = json!(order.total());
    shop.stripe().sends_event(&event).await.expect(200);
    shop.requests_payment_check(&order).await;
    let now = customer.looks_up(&order).await;
    assert_eq!((now.status(), now.payment_status()), ("pending", "failed"));
    shop.provider.charged_nothing(&order).await;
    shop.has_exact_stock(&mug, 2).await;
}

/// An order is paid, its events arrive in this mode, and then once more in reverse order.
async fn is_paid_once_with(mode: &str, deliveries: usize) {
    let shop = Shop::open().await;
    let (customer, order, mug) = order_with(&shop, &format!("pm_test_ok_hook_{mode}")).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    let events = shop.provider.awaits_webhooks(&order).await;
    let kinds: Vec<_> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert!(kinds.contains(&"payment_intent.succeeded"), "{kinds:?}");
    for event in &events {
        let accepted =
            event["deliveries"].as_array().into_iter().flatten().filter(|delivery| delivery["status"] == 200);
        assert_eq!(accepted.count(), deliveries, "{event}");
    }
    let order = customer.looks_up(&order).await;
    let history = customer.api.folds(&order).await;
    for event in events.iter().rev() {
        assert_eq!(shop.provider.replays(event).await, 200, "{event}");
    }
    expect_unchanged(&shop, &customer, &order, &history).await;
    assert_eq!((order.status(), order.payment_status()), ("confirmed", "paid"));
    shop.provider.charged_once(&order).await;
    shop.has_exact_stock(&mug, 2).await;
}

#[tokio::test]
async fn order_is_paid_once_when_events_arrive_at_once() {
    is_paid_once_with("prompt", 1).await;
}

#[tokio::test]
async fn order_is_paid_once_when_events_arrive_late() {
    is_paid_once_with("late_4000ms", 1).await;
}

#[tokio::test]
async fn order_is_paid_once_when_events_arrive_twice() {
    is_paid_once_with("twice_1500ms", 2).await;
}

#[tokio::test]
async fn order_is_paid_once_when_events_arrive_out_of_order() {
    is_paid_once_with("shuffled_4000ms", 1).await;
}

#[tokio::test]
async fn order_is_paid_once_without_events() {
    is_paid_once_with("never", 0).await;
}

#[tokio::test]
async fn event_faster_than_the_response_agrees_with_it() {
    let shop = Shop::open().await;
    // The confirmation takes effect at once, and its response takes 4 s; the events arrive before.
    let (customer, order, _mug) = order_with(&shop, "pm_test_delay_4000").await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.awaits_webhooks(&order).await;
    shop.provider.charged_once(&order).await;
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn late_event_of_a_declined_card_does_not_undo_the_next_payment() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = order_with(&shop, "pm_card_chargeDeclined_hook_late_6000ms").await;
    customer.awaits(&order, "pending", "failed").await;
    customer.pays(&order, "pm_card_visa").await.expect_success();
    customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.awaits_webhooks(&order).await;
    let order = customer.looks_up(&order).await;
    assert_eq!((order.status(), order.payment_status()), ("confirmed", "paid"));
    let history = customer.api.folds(&order).await;
    expect_unchanged(&shop, &customer, &order, &history).await;
    shop.provider.charged_once(&order).await;
}

/// An order that was paid, cancelled and refunded while the events of its payment are still on their way.
async fn cancelled_order_with_pending_events(shop: &Shop) -> (Customer, Order, Product) {
    let (customer, order, mug) = order_with(shop, "pm_card_visa_hook_late_8000ms").await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    customer.cancels(&order, "Ordered twice").await.expect(200);
    let order = customer.awaits(&order, "cancelled", "refunded").await;
    (customer, order, mug)
}

#[tokio::test]
async fn late_success_events_do_not_revive_a_cancelled_order() {
    let shop = Shop::open().await;
    let (customer, order, mug) = cancelled_order_with_pending_events(&shop).await;
    let history = customer.api.folds(&order).await;
    let events = shop.provider.awaits_webhooks(&order).await;
    for event in &events {
        assert_eq!(shop.provider.replays(event).await, 200, "{event}");
    }
    expect_unchanged(&shop, &customer, &order, &history).await;
    shop.provider.refunded_in_full(&order, 1).await;
    shop.has_exact_stock(&mug, 3).await;
}
