//! Both layouts, and how large the rows are.

use serde_json::{from_value, json, to_value};
use values::Clock;

use super::*;
use crate::order::tests::order;

/// The size from which a row costs another write unit.
const KILOBYTE: usize = 1024;

fn at() -> Timestamp {
    order().created_at
}

fn own_history() -> OwnHistory {
    OwnHistory {
        hold_seconds: 600,
        actor: Actor("customer:usr_01h455vb4pex5vsknk084sn02q".into()),
        correlation_id: "JKJaXmPLvHcESHA=".into(),
        changes: Vec::new(),
    }
}

fn change(version: u64, actor: &str, reason: &str, status: (Status, PaymentStatus)) -> Change {
    Change {
        version,
        at: at().plus_seconds(1),
        actor: Actor(actor.into()),
        reason: reason.into(),
        correlation_id: "JKJaXmPLvHcESHA=".into(),
        causation_id: Some(Clock::System.mint()),
        status: status.0,
        payment_status: status.1,
        payment_sequence: 3,
        fulfilment_status: Fulfilment::Unfulfilled,
        hold_expires_at: at().plus_seconds(600),
    }
}

/// An order of the release of today, with so many lines whose names have 45 characters.
fn split(lines: usize) -> Order {
    let item = Item { sku: "TEE-LINEN-M-WHITE".parse().unwrap(), name: "n".repeat(45), ..order().items[0].clone() };
    let items = vec![item; lines];
    Order { items, names_moves: true, own_history: Some(own_history()), ..order() }
}

/// The same, of which this many buckets have pieces of the first line.
fn bucketed(lines: usize, buckets: u16) -> Order {
    let order = split(lines);
    let rows: ReservedRows = (0..buckets).map(|bucket| (Some(511 - bucket), 2)).collect();
    Order { reserved: BTreeMap::from([(order.items[0].sku.clone(), rows)]), ..order }
}

fn rows_of(order: &Order) -> Vec<Value> {
    let own = order.own_history.as_ref().unwrap();
    let mut head = to_value(OrderHead::of(order)).unwrap();
    let mut placed = to_value(PlacedRow::new(order, own)).unwrap();
    (head["sk"], placed["sk"]) = (HEAD.into(), PLACED.into());
    placed[PERSONAL] = address();
    vec![head, placed]
}

fn address() -> Value {
    json!({ "shippingAddress": {
        "name": "Wilhelmina Featherstonehaugh", "line1": "Rue du Marché aux Herbes 117", "line2": "Third floor, rear building",
        "city": "Bruxelles", "postalCode": "1000", "country": "BE", "phone": "+3225551212",
    } })
}

/// The bytes of a value, by the rules of DynamoDB.
fn bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(number) => number.to_string().trim_end_matches('0').len().div_ceil(2) + 1,
        Value::String(text) => text.len(),
        Value::Array(values) => 3 + values.iter().map(|value| 1 + bytes(value)).sum::<usize>(),
        Value::Object(members) => 3 + members.iter().map(|(name, value)| 1 + name.len() + bytes(value)).sum::<usize>(),
    }
}

/// The bytes of a row: its names and values.
fn row_bytes(row: &Value) -> usize {
    let members = row.as_object().unwrap();
    members.iter().map(|(name, value)| name.len() + bytes(value)).sum()
}

/// The bytes of the row with its keys.
fn head_bytes(order: &Order, gsi3: [&str; 2]) -> usize {
    let mut row = to_value(OrderHead::of(order)).unwrap();
    let pk = format!("ORDER#{}", order.id);
    (row["pk"], row["sk"], row["gsi3pk"], row["gsi3sk"]) = (pk.into(), HEAD.into(), gsi3[0].into(), gsi3[1].into());
    row_bytes(&row)
}

fn placed_bytes(order: &Order, personal: Value) -> usize {
    let mut row = to_value(PlacedRow::new(order, &own_history())).unwrap();
    let pk = format!("ORDER#{}", order.id);
    (row["pk"], row["sk"], row[PERSONAL]) = (pk.into(), PLACED.into(), personal);
    row_bytes(&row)
}

#[test]
fn head_stays_below_a_kilobyte() {
    use PaymentStatus::{Authorized, Failed, Paid, Unpaid};
    let (worker, customer) = ("system:payments-worker", "customer:usr_01h455vb4pex5vsknk084sn02q");
    let held = UnpaidCounters::try_from("0123456789abcdef0123456789abcdef".to_owned()).unwrap();
    let with = |counters, changes| {
        let own_history = Some(OwnHistory { changes, ..own_history() });
        Order { counters, is_capture_due: true, own_history, ..split(4) }
    };
    let unpaid = with(
        Some(held),
        vec![
            change(2, worker, "payment.failed", (Status::Pending, Failed)),
            change(3, customer, "payment_requested", (Status::Pending, Unpaid)),
            change(4, worker, "payment.failed", (Status::Pending, Failed)),
        ],
    );
    let hold = ["HOLD#37", "2026-11-21T08:10:00.000Z#ord_01h455vb4pex5vsknk084sn02q"];
    let size = head_bytes(&unpaid, hold);
    assert!((900..KILOBYTE).contains(&size), "{size}");
    let paid = with(
        None,
        vec![
            change(2, worker, "payment.authorized", (Status::Confirmed, Authorized)),
            change(3, worker, "payment.completed", (Status::Confirmed, Paid)),
            change(4, "admin:usr_01h455vb4pex5vsknk084sn02q", "processing", (Status::Processing, Paid)),
        ],
    );
    let size = head_bytes(&paid, ["STATUS#processing#2026-11-21#37", "ord_01h455vb4pex5vsknk084sn02q"]);
    assert!((900..KILOBYTE).contains(&size), "{size}");
}

#[test]
fn placed_row_stays_below_a_kilobyte_up_to_four_lines() {
    let one = placed_bytes(&split(1), address());
    assert!((400..600).contains(&one), "{one}");
    let four = placed_bytes(&split(4), address());
    assert!((700..KILOBYTE).contains(&four), "{four}");
    let mut guest = address();
    guest["email"] = "wilhelmina.featherstone@example.com".into();
    guest["tokenDigest"] = "0".repeat(64).into();
    let of_guest = placed_bytes(&split(4), guest);
    assert!((four..KILOBYTE).contains(&of_guest), "{of_guest}");
}

#[test]
fn placed_row_stays_below_a_kilobyte_with_the_most_buckets_of_a_line() {
    let most = u16::try_from(catalog::MAX_PARTS).unwrap();
    for order in [bucketed(3, most), bucketed(4, 1)] {
        let size = placed_bytes(&order, address());
        assert!((700..KILOBYTE).contains(&size), "{size}");
    }
}

#[test]
fn placed_row_has_the_rows_of_buckets_if_there_are_any() {
    let placed = |order: &Order| to_value(PlacedRow::new(order, &own_history())).unwrap();
    let mut bucketed = bucketed(1, 2);
    let sku = bucketed.items[0].sku.clone();
    let reserved = json!({ sku.as_str(): [[511, 2], [510, 2]] });
    let mut row = placed(&bucketed);
    assert_eq!(row.as_object_mut().and_then(|row| row.remove("reserved")), Some(reserved));
    assert_eq!(row, placed(&split(1)), "nothing else of an order is different");
    // A part from the row of the offer.
    bucketed.reserved.entry(sku).or_default().push((None, 1));
    let rows = OrderRows::parse(rows_of(&bucketed)).unwrap();
    assert_eq!(rows.order.unwrap().join(rows.placed).as_ref(), Some(&bucketed));
    let next = bucketed.next_version(at().plus_seconds(9));
    let stored: StoredOrder = from_value(to_value(OrderHead::of(&next)).unwrap()).unwrap();
    assert_eq!(stored.follow(&bucketed).unwrap(), next);
    assert!(to_value(&bucketed).unwrap().get("reserved").is_none(), "it is not shown");
}

#[test]
fn order_is_joined_from_its_rows() {
    let mut changed = split(2);
    changed.counters = Some(UnpaidCounters::try_from("0123456789abcdef0123456789abcdef".to_owned()).unwrap());
    changed.own_history.as_mut().unwrap().changes =
        vec![change(2, "guest", "payment_requested", (Status::Pending, PaymentStatus::Unpaid))];
    let rows = OrderRows::parse(rows_of(&changed)).unwrap();
    assert_eq!(rows.personal, Some(address()));
    assert_eq!(rows.order.unwrap().join(rows.placed), Some(changed));
}

#[test]
fn change_is_a_list_of_its_values() {
    let change = Change { causation_id: None, ..change(2, "guest", "paid", (Status::Confirmed, PaymentStatus::Paid)) };
    let (at, hold) = (change.at.millis(), change.hold_expires_at.millis());
    let row = json!([2, at, "guest", "paid", "JKJaXmPLvHcESHA=", null, "confirmed", "paid", 3, "unfulfilled", hold]);
    assert_eq!(to_value(&change).unwrap(), row);
    assert_eq!(from_value::<Change>(row).unwrap(), change);
}

#[test]
fn head_has_nothing_of_what_was_placed() {
    let head = to_value(OrderHead::of(&split(1))).unwrap();
    for name in ["items", "subtotal", "discount", "tax", "shipping", PERSONAL] {
        assert!(head.get(name).is_none(), "{head}");
    }
    let placed = to_value(PlacedRow::new(&split(1), &own_history())).unwrap();
    assert!(placed.get("status").is_none() && placed.get("version").is_none(), "{placed}");
}

#[test]
fn order_of_the_release_before_is_one_row() {
    let mut row = to_value(order()).unwrap();
    row["sk"] = HEAD.into();
    let private = json!({ "sk": "ORDER#PRIVATE", "shippingAddress": { "name": "Ada" } });
    let rows = OrderRows::parse(vec![row.clone(), private.clone()]).unwrap();
    assert_eq!(rows.personal, Some(private));
    let stored = rows.order.unwrap();
    assert!(matches!(stored, StoredOrder::Whole(_)) && stored.head().changes.is_empty());
    let read = stored.join(rows.placed).unwrap();
    assert_eq!((&read, &read.own_history), (&order(), &None));
    // Sweeps read only what changes of it.
    assert_eq!(from_value::<OrderHead>(row).unwrap(), OrderHead::of(&order()));
}

#[test]
fn order_follows_the_row_that_has_won() {
    let before = split(2);
    let next = before.next_version(at().plus_seconds(9));
    let stored: StoredOrder = from_value(to_value(OrderHead::of(&next)).unwrap()).unwrap();
    assert_eq!(stored.follow(&before).unwrap(), next);
    let whole: StoredOrder = from_value(to_value(order().next_version(at())).unwrap()).unwrap();
    assert_eq!(whole.follow(&order()).unwrap(), order().next_version(at()));
}

#[test]
fn head_without_its_placed_row_is_no_order() {
    let mut rows = rows_of(&split(1));
    rows.truncate(1);
    let rows = OrderRows::parse(rows).unwrap();
    assert_eq!(rows.order.unwrap().join(rows.placed), None);
}
