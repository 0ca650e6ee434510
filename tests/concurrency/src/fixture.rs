//! A small run in which all invariants hold, for the tests of the checks. Each test changes it so that one invariant is violated.
//! The rows and ledger pages are written by hand, as the shop and the provider write them.
//!
//! The shop has 10 mugs at 12.99 and receives 5 more. Ada orders 2 from her cart (`ord_paid`), is refunded 10.00, and adds 1 mug
//! to her cart. A guest orders 3 with a declined card, and the hold expires (`ord_gone`). Another order is rejected for lack of
//! stock. Then the price rises. At last the shop gets 5 jars, for which a flash sale begins: 3 of them are in buckets.

use serde_json::{Value, json};

use crate::history::{CallRecord, History};
use crate::observed::{Intent, ObservedState, Order, Payment, RawState};

pub(crate) const MUG: &str = "MUG";
/// The SKU in a flash sale.
pub(crate) const JAR: &str = "JAR";
/// The paid order.
pub(crate) const PAID: &str = "ord_paid";
/// The cancelled order.
pub(crate) const CANCELLED: &str = "ord_gone";

/// 2026-01-01T00:00:00Z.
pub(crate) const NEW_YEAR_MS: u64 = 1_767_225_600_000;

/// The observed state and its history.
pub(crate) fn valid_run() -> (ObservedState, History) {
    let history = history();
    (raw().for_history(&history), history)
}

/// Panics unless there is exactly one finding and it contains all these parts.
#[track_caller]
pub(crate) fn assert_one_finding(findings: &[String], parts: &[&str]) {
    assert!(findings.len() == 1 && parts.iter().all(|part| findings[0].contains(part)), "{parts:?} in {findings:#?}");
}

/// The first call whose path ends with `path_end`.
pub(crate) fn call_mut<'a>(history: &'a mut History, path_end: &str) -> &'a mut CallRecord {
    history.calls.iter_mut().find(|call| call.path.ends_with(path_end)).expect("a call with this path")
}

/// Adds a repetition of the call with this key, with another response.
pub(crate) fn repeat_call(history: &mut History, key: &str, answer: Value) {
    let call =
        history.calls.iter().find(|call| call.key.as_deref() == Some(key)).expect("a call with this key").clone();
    history.calls.push(CallRecord { seq: history.calls.len(), answer, ..call });
}

impl ObservedState {
    pub(crate) fn order_mut(&mut self, id: &str) -> &mut Order {
        self.orders.iter_mut().find(|order| order.id == id).expect("an order with this id")
    }

    pub(crate) fn payment_mut(&mut self, id: &str) -> &mut Payment {
        self.payments.iter_mut().find(|payment| payment.id == id).expect("a payment with this id")
    }

    pub(crate) fn intent_mut(&mut self, id: &str) -> &mut Intent {
        self.intents.iter_mut().find(|intent| intent.id == id).expect("an intent with this id")
    }
}

fn eur(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

/// The calls.
pub(crate) fn history() -> History {
    let mut history = History { began_at_ms: NEW_YEAR_MS, ..History::default() };
    let mut at = |began_us: u64, who: Option<&str>, request: (&str, &str, Value), key: &str, response: (u16, Value)| {
        let call =
            CallRecord::new("test client", who, request.0, &format!("/api/v1{}", request.1), request.2, Some(key));
        let (seq, ended_us) = (history.calls.len(), Some(began_us + 10));
        history.calls.push(CallRecord {
            seq,
            began_us,
            ended_us,
            status: Some(response.0),
            answer: response.1,
            ..call
        });
    };
    let (root, ada) = (Some("usr_root"), Some("usr_ada"));
    let product = json!({ "sku": MUG, "price": eur(1299), "stock": { "available": 10 } });
    at(0, root, ("POST", "/products", product), "key-mug", (201, json!({ "id": "prd_mug", "sku": MUG })));
    at(20, root, ("PATCH", "/products/prd_mug/stock", json!({ "delta": 5 })), "key-stock", (200, json!({})));
    let two = json!({
        "items": [{ "sku": MUG, "quantity": 2, "unitPrice": eur(1299), "lineTotal": eur(2598), "available": 15 }],
        "subtotal": eur(2598), "discount": eur(0), "total": eur(2598),
    });
    at(40, ada, ("POST", "/cart/me/items", json!({ "sku": MUG, "quantity": 2 })), "key-add", (200, two));
    let order = json!({ "cart": "me", "expectedTotal": eur(2598) });
    at(100, ada, ("POST", "/orders", order), "key-paid", (201, json!({ "id": PAID })));
    let unpaid = json!({ "items": [{ "sku": MUG, "quantity": 3 }] });
    at(200, None, ("POST", "/orders", unpaid), "key-gone", (201, json!({ "id": CANCELLED })));
    let greedy = json!({ "items": [{ "sku": MUG, "quantity": 99 }] });
    let short =
        json!({ "field": "items.MUG", "code": "insufficient_stock", "sku": MUG, "available": 10, "wanted": 99 });
    let refusal = json!({ "code": "insufficient_stock", "errors": [short] });
    at(220, None, ("POST", "/orders", greedy), "key-refused", (409, refusal));
    at(300, ada, ("POST", "/cart/me/items", json!({ "sku": MUG, "quantity": 1 })), "key-one", (200, json!({})));
    let refund = json!({ "id": "rfd_1", "amount": eur(1000) });
    let request = json!({ "amount": eur(1000), "reason": "scratched" });
    at(400, root, ("POST", "/payments/pay_paid/refunds", request), "key-refund", (201, refund));
    at(1000, root, ("PATCH", "/products/prd_mug", json!({ "price": eur(1399) })), "key-price", (200, json!({})));
    let jar = json!({ "sku": JAR, "price": eur(300), "stock": { "available": 5 } });
    at(1100, root, ("POST", "/products", jar), "key-jar", (201, json!({ "id": "prd_jar", "sku": JAR })));
    history
}

/// The contents of the tables, the ledger and the mailbox.
pub(crate) fn raw() -> RawState {
    let offer = json!({
        "pk": "SKU#MUG", "sk": "OFFER", "sku": MUG, "available": 13, "stockVersion": 5, "price": eur(1399),
    });
    let tables = [
        ("catalog", [vec![offer], flash_sale(), movements()].concat()),
        ("orders", [paid_order(), cancelled_order()].concat()),
        ("payments", payments()),
        (
            "cart",
            vec![json!({ "pk": "CART#usr_ada", "sk": "CART", "lines": [{ "sku": MUG, "quantity": 1 }], "version": 4 })],
        ),
        ("notifications", notifications()),
    ];
    let subjects = [
        "Your order N-PAID is confirmed and paid",
        "Your refund of 10.00 EUR for order N-PAID",
        "The payment for your order N-GONE did not go through",
        "Your order N-GONE is cancelled",
    ];
    RawState {
        tables: tables.into_iter().map(|(context, rows)| (context.to_owned(), rows)).collect(),
        ledger: ledger(),
        mails: subjects.map(str::to_owned).into(),
        read_at_ms: i64::try_from(NEW_YEAR_MS + 60_000).expect("a time in range"),
        ..RawState::default()
    }
}

/// The rows of the jars, and their only movement.
fn flash_sale() -> Vec<Value> {
    let flash = json!({ "buckets": 40, "terms": 1, "bounds": [2, 4] });
    let bucket = |number: &str, pieces: i64| {
        let pk = format!("SKU#JAR#{number}");
        json!({ "pk": pk, "sk": "BUCKET", "available": pieces, "stockVersion": 0 })
    };
    vec![
        json!({
            "pk": "SKU#JAR", "sk": "OFFER", "sku": JAR, "available": 2, "stockVersion": 2, "price": eur(300),
            "flash": flash, "rebalances": 1,
        }),
        bucket("000", 2),
        bucket("033", 1),
        json!({ "pk": "MOVES#JAR", "sk": "2026#initial", "sku": JAR, "delta": 5 }),
    ]
}

/// The stock movements of the mugs, in no particular order.
fn movements() -> Vec<Value> {
    let row = |delta: i64| json!({ "pk": "MOVES#MUG", "sk": format!("2026#{delta}"), "sku": MUG, "delta": delta });
    [10, 3, -3, 5, -2].map(row).into()
}

/// A change: second, actor, reason, status, payment status, payment sequence.
type Change<'a> = (u64, &'a str, &'a str, &'a str, &'a str, u64);

/// The rows of an order of today: what was placed, with the key; the row that changes, with its changes after the first; its number; and
/// its first change.
fn split_order(id: &str, placed: &Value, key: &str, steps: &[Change<'_>]) -> Vec<Value> {
    let mut rows = order(id, placed, key, steps);
    let pk = format!("ORDER#{id}");
    let line = &placed["items"][0];
    let sum = |money: &Value| money["amount"].clone();
    let sums = ["unitPrice", "discount", "tax", "lineTotal"].map(|name| sum(&line[name]));
    let values = ["sku", "productId", "name", "quantity"].map(|name| line[name].clone()).into_iter().chain(sums);
    let placed_row = json!({
        "pk": pk, "sk": "ORDER#PLACED", "currency": "EUR", "lines": [values.collect::<Vec<_>>()], "hold": 20,
        "subtotal": sum(&placed["subtotal"]), "discount": 0, "tax": 0, "shipping": 0, "actor": steps[0].1, "correlationId": "req",
        "personal": { "shippingAddress": { "line2": key } },
    });
    let at = |second: u64| NEW_YEAR_MS + second * 1000;
    let change = |(version, change): (usize, &Change<'_>)| {
        let (second, actor, reason, status, payment_status, sequence) = change;
        json!([
            version,
            at(*second),
            actor,
            reason,
            "req",
            null,
            status,
            payment_status,
            sequence,
            "unfulfilled",
            at(20)
        ])
    };
    // The first change was pushed out of the row of the order.
    let changes: Vec<Value> = (1..).zip(steps).skip(2).map(change).collect();
    rows.retain(|row| matches!(row["sk"].as_str(), Some("ORDER" | "NUMBER" | "HISTORY#000002")));
    for row in rows.iter_mut().filter(|row| row["sk"] == "ORDER") {
        for name in ["items", "subtotal", "discount", "tax", "shipping"] {
            row.as_object_mut().map(|members| members.remove(name));
        }
        row["changes"] = changes.clone().into();
    }
    rows.push(placed_row);
    rows
}

/// The rows of an order of the release before: the order, its number, its private row with the key, and its history.
fn order(id: &str, placed: &Value, key: &str, steps: &[Change<'_>]) -> Vec<Value> {
    let pk = format!("ORDER#{id}");
    let mut rows = vec![json!({ "pk": pk, "sk": "ORDER#PRIVATE", "shippingAddress": { "line2": key } })];
    let mut order = placed.clone();
    for (version, (second, actor, reason, status, payment_status, sequence)) in (1..).zip(steps) {
        let at = format!("2026-01-01T00:00:{second:02}.000Z");
        let mut step = json!({
            "version": version, "at": at, "actor": actor, "reason": reason, "correlationId": "req", "status": status,
            "paymentStatus": payment_status, "paymentSequence": sequence, "fulfilmentStatus": "unfulfilled",
            "holdExpiresAt": "2026-01-01T00:00:20.000Z",
        });
        for name in ["version", "status", "paymentStatus", "paymentSequence", "fulfilmentStatus", "holdExpiresAt"] {
            order[name] = step[name].clone();
        }
        order["updatedAt"] = at.into();
        if version == 1 {
            step["placed"] = order.clone();
        }
        (step["pk"], step["sk"]) = (pk.as_str().into(), format!("HISTORY#{version:06}").into());
        rows.push(step);
    }
    let text = |name: &str| order[name].as_str().unwrap_or_default().to_owned();
    let (number, status) = (text("number"), text("status"));
    rows.push(json!({
        "pk": format!("NUMBER#{number}"), "sk": "NUMBER", "orderId": id, "gsi1pk": "BUYER#x", "gsi1sk": id,
        "gsi2pk": "DAY#2026-01-01#0", "gsi2sk": id,
    }));
    (order["pk"], order["sk"]) = (pk.into(), "ORDER".into());
    (order["gsi3pk"], order["gsi3sk"]) = (format!("STATUS#{status}#2026-01-01#0").into(), id.into());
    rows.push(order);
    rows
}

fn placed(id: &str, number: &str, buyer: &str, payment: &str, quantity: i64) -> Value {
    let total = 1299 * quantity;
    let line = json!({
        "sku": MUG, "productId": "prd_mug", "name": "Mug", "quantity": quantity, "unitPrice": eur(1299),
        "discount": eur(0), "tax": eur(0), "lineTotal": eur(total),
    });
    json!({
        "id": id, "number": number, "buyer": buyer, "items": [line], "subtotal": eur(total), "discount": eur(0),
        "tax": eur(0), "shipping": eur(0), "total": eur(total), "paymentId": payment,
        "createdAt": "2026-01-01T00:00:00.000Z",
    })
}

fn paid_order() -> Vec<Value> {
    let worker = "system:payments-worker";
    let steps = [
        (0, "customer:usr_ada", "placed", "pending", "unpaid", 0),
        (2, worker, "payment.authorized", "confirmed", "authorized", 3),
        (3, worker, "payment.completed", "confirmed", "paid", 4),
        (9, worker, "payment.refunded", "confirmed", "partially_refunded", 6),
    ];
    split_order(PAID, &placed(PAID, "N-PAID", "usr_ada", "pay_paid", 2), "key-paid", &steps)
}

fn cancelled_order() -> Vec<Value> {
    let worker = "system:payments-worker";
    let steps = [
        (0, "guest", "placed", "pending", "unpaid", 0),
        (2, worker, "payment.failed", "pending", "failed", 3),
        (20, worker, "hold_expired", "cancelled", "voided", 4),
    ];
    order(CANCELLED, &placed(CANCELLED, "N-GONE", "con_bob", "pay_gone", 3), "key-gone", &steps)
}

fn payments() -> Vec<Value> {
    vec![
        json!({
            "pk": "PAYMENT#pay_paid", "sk": "PAYMENT", "id": "pay_paid", "orderId": PAID, "amount": eur(2598),
            "captured": 2598, "refunded": 1000, "refunding": 0, "refundable": 1598, "status": "partially_refunded",
            "attempts": [{ "intent": "pi_paid", "outcome": "authorized" }], "capturedAt": "2026-01-01T00:00:03.000Z",
            "version": 6, "updatedAt": "2026-01-01T00:00:09.000Z",
        }),
        json!({
            "pk": "PAYMENT#pay_paid", "sk": "REFUND#rfd_1", "id": "rfd_1", "paymentId": "pay_paid", "orderId": PAID,
            "amount": 1000, "status": "succeeded", "providerId": "re_1",
        }),
        json!({
            "pk": "PAYMENT#pay_gone", "sk": "PAYMENT", "id": "pay_gone", "orderId": CANCELLED, "amount": eur(3897),
            "captured": 0, "refunded": 0, "refunding": 0, "refundable": 0, "status": "cancelled",
            "attempts": [{ "intent": "pi_gone", "outcome": "voided" }],
            "version": 4, "updatedAt": "2026-01-01T00:00:20.000Z",
        }),
    ]
}

fn notifications() -> Vec<Value> {
    let events = [
        ("payment.completed", "pay_paid"),
        ("payment.refunded", "pay_paid"),
        ("payment.failed", "pay_gone"),
        ("order.cancelled", CANCELLED),
    ];
    let row = |(event, subject): (&str, &str)| json!({ "pk": format!("EVENT#{event}"), "sk": "email#x", "status": "sent", "eventType": event, "subject": subject });
    events.map(row).into()
}

fn ledger() -> Value {
    let at = |seconds: u64| NEW_YEAR_MS + seconds * 1000;
    let line = |second: u64, what: &str| json!({ "at_ms": at(second), "what": what });
    json!({
        "intents": [
            {
                "id": "pi_paid", "order_id": PAID,
                "charges": [{ "state": "captured", "captured": 2598, "refunded": 1000 }],
                "history": [line(1, "created"), line(2, "authorised"), line(3, "captured"), line(9, "refunded")],
            },
            {
                "id": "pi_gone", "order_id": CANCELLED, "charges": [{ "state": "declined", "captured": 0, "refunded": 0 }],
                "history": [line(1, "created"), line(2, "declined"), line(20, "cancelled")],
            },
        ],
        "refunds": [{ "id": "re_1", "intent": "pi_paid", "amount": 1000, "metadata": { "refund_id": "rfd_1" } }],
        "requests": [{ "method": "POST", "path": "/v1/refunds", "order_id": PAID, "status": 200 }],
    })
}
