//! Which rows belong to a run.

use serde_json::json;

use super::*;
use crate::fixture::{self, CANCELLED, JAR, PAID};

fn ids(state: &ObservedState) -> Vec<&str> {
    state.orders.iter().map(|order| order.id.as_str()).collect()
}

/// Adds an order of another run, with its payment, intent, mail and notification.
fn with_other_run(mut raw: RawState) -> RawState {
    let order = json!({ "pk": "ORDER#ord_x", "sk": "ORDER", "id": "ord_x", "items": [{ "sku": "POT" }] });
    let payment = json!({ "pk": "PAYMENT#pay_x", "sk": "PAYMENT", "id": "pay_x", "orderId": "ord_x" });
    let notification = json!({ "pk": "EVENT#x", "sk": "email#x", "subject": "ord_x" });
    raw.tables.get_mut("orders").expect("orders").push(order);
    raw.tables.get_mut("payments").expect("payments").push(payment);
    raw.tables.get_mut("notifications").expect("notifications").push(notification);
    raw.ledger["intents"].as_array_mut().expect("intents").push(intent(Some("ord_x"), fixture::NEW_YEAR_MS + 5));
    raw.mails.push("Your order N-X is confirmed and paid".into());
    raw
}

fn intent(order: Option<&str>, at_ms: u64) -> Value {
    json!({ "id": "pi_x", "order_id": order, "charges": [], "history": [{ "at_ms": at_ms, "what": "created" }] })
}

#[test]
fn rows_of_one_order_are_read_together() {
    let (state, _) = fixture::valid_run();
    assert_eq!(ids(&state), [CANCELLED, PAID]);
    let paid = state.order(PAID).expect("an order");
    assert_eq!((paid.key.as_deref(), paid.steps.len(), paid.in_hold_index), (Some("key-paid"), 4, false));
    assert!(paid.row["pk"].is_null() && paid.row["gsi3pk"].is_null() && paid.row["total"].is_object());
    assert!(paid.steps.iter().map(|step| step.version).eq(1..=4), "in the order of versions");
    assert_eq!((state.payments.len(), state.refunds.len(), state.intents.len(), state.mails.len()), (2, 1, 2, 4));
}

#[test]
fn buckets_are_read_with_their_numbers() {
    let (state, history) = fixture::valid_run();
    let found: Vec<_> = state.buckets_of(JAR).map(|bucket| (bucket.number, bucket.available)).collect();
    assert_eq!(found, [(0, 2), (33, 1)]);
    let jar = &state.offers[JAR];
    assert_eq!((state.available(jar), state.stock_changes(jar)), (5, 1));
    let mut raw = fixture::raw();
    let foreign = json!({ "pk": "SKU#POT#000", "sk": "BUCKET", "available": 3 });
    raw.tables.get_mut("catalog").expect("catalog").push(foreign);
    assert_eq!(raw.for_history(&history).buckets, state.buckets);
}

#[test]
fn rows_of_other_runs_are_left_out() {
    let (before, history) = fixture::valid_run();
    let state = with_other_run(fixture::raw()).for_history(&history);
    assert_eq!(format!("{state:?}"), format!("{before:?}"));
}

#[test]
fn new_intent_of_an_unknown_order_belongs_to_the_run() {
    let history = fixture::history();
    let is_selected = |order, at_ms| {
        let mut raw = fixture::raw();
        raw.ledger["intents"].as_array_mut().expect("intents").push(intent(order, at_ms));
        raw.for_history(&history).intents.iter().any(|intent| intent.id == "pi_x")
    };
    assert!(is_selected(Some("ord_nowhere"), fixture::NEW_YEAR_MS) && is_selected(None, fixture::NEW_YEAR_MS));
    assert!(!is_selected(Some("ord_nowhere"), fixture::NEW_YEAR_MS - 1), "the intent is older than this run");
}

#[test]
fn only_hold_entries_of_the_index_are_holds() {
    let is_held = |gsi3pk: &str| {
        let mut raw = fixture::raw();
        let rows = raw.tables.get_mut("orders").expect("orders");
        rows.iter_mut().filter(|row| row["sk"] == "ORDER").for_each(|row| row["gsi3pk"] = gsi3pk.into());
        raw.for_history(&fixture::history()).orders.iter().all(|order| order.in_hold_index)
    };
    assert!(is_held("HOLD#3") && !is_held("STATUS#confirmed#2026-01-01#3"));
}

#[test]
fn outbox_events_of_all_tables_are_read() {
    let mut raw = fixture::raw();
    let row = json!({ "pk": "OUTBOX#07", "sk": "evt_1", "event": "{}" });
    raw.tables.insert("identity".into(), vec![row]);
    assert_eq!(raw.for_history(&fixture::history()).outboxes, ["identity: {}"]);
}
