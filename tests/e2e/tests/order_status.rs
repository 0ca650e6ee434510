//! The statuses of an order: the legal moves, who may make them, and the history of all moves.

use e2e::scenarios::{order_with, paid_order};
use e2e::{Checkout, Customer, Draft, Order, Shop, unique};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const DECLINED: &str = "pm_card_chargeDeclined";
const ALL: [&str; 7] = ["pending", "confirmed", "processing", "shipped", "delivered", "cancelled", "returned"];
/// Well-formed, but no order.
const NO_ORDER: &str = "ord_01h455vb4pex5vsknk084sn02q";

fn path(order: &Order) -> String {
    format!("/api/v1/orders/{}/status", order.id())
}

/// An order in that status.
async fn order_in_status(shop: &Shop, status: &str) -> (Customer, Order) {
    if status == "pending" {
        let (customer, order, _mug) = order_with(shop, DECLINED).await;
        let order = customer.awaits(&order, "pending", "failed").await;
        return (customer, order);
    }
    let (customer, mut order, _mug) = paid_order(shop).await;
    let way: &[&str] = match status {
        "cancelled" => &["cancelled"],
        "confirmed" => &[],
        _ => &["processing", "shipped", "delivered"],
    };
    for step in way {
        if order.status() == status {
            break;
        }
        order = Order(shop.admin().await.moves(&order, step).await.expect(200).json());
    }
    assert_eq!(order.status(), status);
    (customer, order)
}

/// From that status the admin can make these moves and no others.
async fn moves_from(status: &str, legal: &[&str]) {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (customer, order) = order_in_status(&shop, status).await;
    for target in ALL.iter().filter(|target| !legal.contains(target)) {
        admin.moves(&order, target).await.expect_problem(409, "illegal_transition");
    }
    assert_eq!(customer.looks_up(&order).await.status(), status, "the status should be unchanged");
    let history = customer.api.folds(&order).await;
    assert_eq!(history.last().map(|entry| &entry["status"]), Some(&json!(status)));
    for target in legal {
        let (customer, order) = order_in_status(&shop, status).await;
        let moved = Order(admin.moves(&order, target).await.expect(200).json());
        assert_eq!((moved.id(), moved.status()), (order.id(), *target));
        assert_eq!(customer.looks_up(&order).await.status(), *target);
        customer.api.folds(&order).await;
    }
}

#[tokio::test]
async fn admin_can_only_cancel_a_pending_order() {
    moves_from("pending", &["cancelled"]).await;
}

#[tokio::test]
async fn confirmed_order_is_processed_or_cancelled() {
    moves_from("confirmed", &["processing", "cancelled"]).await;
}

#[tokio::test]
async fn order_in_processing_is_shipped_or_cancelled() {
    moves_from("processing", &["shipped", "cancelled"]).await;
}

#[tokio::test]
async fn shipped_order_is_delivered() {
    moves_from("shipped", &["delivered"]).await;
}

#[tokio::test]
async fn delivered_order_has_no_moves() {
    moves_from("delivered", &[]).await;
}

#[tokio::test]
async fn cancelled_order_has_no_moves() {
    moves_from("cancelled", &[]).await;
}

#[tokio::test]
async fn history_shows_actor_reason_and_time_of_every_move() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let customer = shop.new_customer().await;
    // Without webhooks every automatic move has the one request as its origin that placed the order.
    let checkout = Checkout::of(&[(&mug.sku, 2)]).paid_with("pm_card_visa_hook_never");
    let placed = customer.tries_to_place(&checkout).await.expect(201);
    let order = customer.awaits(&Order(placed.json()), "confirmed", "paid").await;
    assert_eq!(order.0["fulfilmentStatus"], "unfulfilled");

    let admin = shop.admin().await;
    // The customer may not see which admin it was.
    let actor = "admin";
    let steps = [("processing", "unfulfilled"), ("shipped", "fulfilled"), ("delivered", "fulfilled")];
    let mut moves = Vec::new();
    for (status, fulfilment) in steps {
        // An id that the caller sends is not the origin of the move.
        let (own_id, note) = (unique("request"), format!("{status} by hand"));
        let call = admin.call(Method::PATCH, &path(&order)).header("X-Request-Id", &own_id);
        let response = call.json(&json!({ "status": status, "note": note })).send().await.expect(200);
        let (id, moved) = (response.expect_header("x-request-id").to_owned(), response.json());
        assert_eq!((&moved["status"], &moved["fulfilmentStatus"]), (&json!(status), &json!(fulfilment)), "{moved}");
        moves.push((status, id, note));
    }
    let order = customer.looks_up(&order).await;
    assert_eq!((order.status(), order.payment_status()), ("delivered", "paid"));
    shop.has_exact_stock(&mug, 1).await;

    let history = customer.api.folds(&order).await;
    let first = history.first().cloned().unwrap_or_default();
    assert_eq!((&first["reason"], &first["status"]), (&json!("placed"), &json!("pending")), "{first}");
    assert_eq!(first["actor"], format!("customer:{}", customer.id()), "{first}");
    let request = placed.expect_header("x-request-id");
    let (by_admin, by_itself): (Vec<_>, Vec<_>) = history.iter().partition(|entry| entry["actor"] == actor);
    for entry in by_itself.iter().skip(1) {
        assert_eq!(entry["correlationId"], request, "the customer's request should be the origin: {entry}");
        assert!(entry["actor"].as_str().is_some_and(|actor| actor.starts_with("system:")), "{entry}");
    }
    for reason in ["payment.authorized", "payment.completed"] {
        let entry = by_itself.iter().find(|entry| entry["reason"] == reason);
        let cause = entry.and_then(|entry| entry["causationId"].as_str()).unwrap_or_default();
        assert!(cause.starts_with("evt_"), "an event should be the cause of {reason}: {history:#?}");
    }
    let found = by_admin.iter().map(|entry| [&entry["status"], &entry["correlationId"], &entry["note"]]);
    let expected: Vec<_> = moves.iter().map(|(status, id, note)| [json!(status), json!(id), json!(note)]).collect();
    assert_eq!(found.map(|entry| entry.map(Value::clone)).collect::<Vec<_>>(), expected);
    let times: Vec<_> = history.iter().filter_map(|entry| entry["at"].as_str()).collect();
    assert!(times.is_sorted() && times.len() == history.len(), "{times:?}");
}

#[tokio::test]
async fn only_an_admin_moves_an_order() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    for status in ["processing", "cancelled", "nonsense"] {
        customer.api.moves(&order, status).await.expect_refusal(403);
        shop.anonymous().moves(&order, status).await.expect_refusal(401);
    }
    let nobodys = format!("/api/v1/orders/{NO_ORDER}/status");
    let body = json!({ "status": "processing" });
    let admin = shop.admin().await;
    admin.call(Method::PATCH, &nobodys).json(&body).send().await.expect_refusal(404);
    assert_eq!(customer.looks_up(&order).await.status(), "confirmed");
}

#[tokio::test]
async fn invalid_move_is_refused() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    let admin = shop.admin().await;
    let cases = [
        (json!({ "status": "lost" }), "status"),
        (json!({ "status": 7 }), "status"),
        (json!({}), "status"),
        (json!({ "status": "processing", "note": "" }), "note"),
        (json!({ "status": "processing", "note": "x".repeat(201) }), "note"),
        (json!({ "status": "processing", "tracking": "1Z" }), "tracking"),
    ];
    for (body, field) in cases {
        admin.tries_to_move(&order, &body).await.expect_refusal(422).names_field(field);
    }
    assert_eq!(customer.looks_up(&order).await.status(), "confirmed");
}

#[tokio::test]
async fn repeated_move_gets_the_stored_response() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    let (admin, key) = (shop.admin().await, unique("move"));
    let send = |status: &str| {
        let body = json!({ "status": status });
        admin.call(Method::PATCH, &path(&order)).idempotency_key(&key).json(&body).send()
    };
    let (first, again) = (send("processing").await.expect(200), send("processing").await.expect(200));
    assert!(!first.is_replayed() && again.is_replayed(), "{:?}", again.headers);
    assert_eq!(first.json(), again.json(), "the stored response should be the same");
    send("shipped").await.expect_problem(422, "idempotency_mismatch");
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn move_with_an_outdated_version_is_refused() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    let admin = shop.admin().await;
    let tag = admin.reads(&order).await.expect(200).expect_header("etag").to_owned();
    let send = |tag: &str| {
        let call = admin.call(Method::PATCH, &path(&order)).header("If-Match", tag);
        call.json(&json!({ "status": "processing" })).send()
    };
    send("\"4711\"").await.expect_refusal(412);
    assert_eq!(customer.looks_up(&order).await.status(), "confirmed");
    send(&tag).await.expect(200);
}

#[tokio::test]
async fn concurrent_moves_to_processing_move_once() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    let admin = shop.admin().await;
    let responses = join_all((0..6).map(|_| admin.moves(&order, "processing"))).await;
    let (successful, refused): (Vec<_>, Vec<_>) = responses.into_iter().partition(|response| response.status == 200);
    assert_eq!(successful.len(), 1, "one of six should succeed");
    for response in refused {
        response.expect_problem(409, "illegal_transition");
    }
    let history = customer.api.folds(&order).await;
    assert_eq!(history.iter().filter(|entry| entry["reason"] == "processing").count(), 1, "{history:#?}");
}

#[tokio::test]
async fn admin_cancels_by_a_status_change() {
    let shop = Shop::open().await;
    let (customer, order, mug) = paid_order(&shop).await;
    let body = json!({ "status": "cancelled", "note": "The last one fell off the shelf" });
    shop.admin().await.tries_to_move(&order, &body).await.expect(200);
    customer.awaits(&order, "cancelled", "refunded").await;
    shop.has_exact_stock(&mug, 3).await;
    shop.provider.refunded_in_full(&order, 1).await;
    let history = customer.api.folds(&order).await;
    assert!(history.iter().any(|entry| entry["note"] == body["note"]), "the note should be stored: {history:#?}");
}

#[tokio::test]
async fn unpaid_order_has_a_complete_history() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = order_with(&shop, DECLINED).await;
    customer.awaits(&order, "pending", "failed").await;
    customer.pays(&order, DECLINED).await.expect_success();
    customer.awaits(&order, "pending", "failed").await;
    shop.reaches_end_of_hold(&order).await;
    let order = customer.awaits(&order, "cancelled", "voided").await;
    let history = customer.api.folds(&order).await;
    assert!(history.iter().any(|entry| entry["reason"] == "hold_expired"), "{history:#?}");
    assert!(history.iter().filter(|entry| entry["reason"] == "payment.failed").count() >= 2, "{history:#?}");
}

#[tokio::test]
async fn history_is_for_readers_of_the_order() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let guest = shop.new_guest();
    let (order, token) = guest.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let holder = shop.anonymous().with_order_token(&token);
    let order = holder.awaits(&order, "confirmed", "paid").await;
    let history = holder.folds(&order).await;
    assert_eq!(history.first().map(|entry| &entry["actor"]), Some(&json!("guest")), "{history:#?}");
    assert_eq!(shop.admin().await.history(&order).await, history);
    let path = format!("/api/v1/orders/{}/history", order.id());
    assert_eq!(holder.walks(&path, 1).await.concat(), history, "pages should have the whole history");
    for stranger in [shop.anonymous(), shop.anonymous().with_order_token("wrong"), shop.new_customer().await.api] {
        stranger.get(&path).await.expect_refusal(404);
    }
}
