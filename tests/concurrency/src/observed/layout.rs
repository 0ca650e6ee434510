//! The layouts of an order. Today it has two rows: `ORDER`, which changes, and `ORDER#PLACED`, with lists of lines and sums in minor units.
//! The release before wrote one row, with its personal data and all entries of its history in rows of their own.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The members of a line in the row of what was placed, in their order. Sums are bare.
const LINE: [&str; 8] = ["sku", "productId", "name", "quantity", "unitPrice", "discount", "tax", "lineTotal"];
/// The sums of a line.
const LINE_SUMS: [&str; 4] = ["unitPrice", "discount", "tax", "lineTotal"];
/// The sums of an order that are in the row of what was placed.
const SUMS: [&str; 4] = ["subtotal", "discount", "tax", "shipping"];
/// The members of a change in the row of the order, in their order. Times are milliseconds since 1970.
const CHANGE: [&str; 11] = [
    "version",
    "at",
    "actor",
    "reason",
    "correlationId",
    "causationId",
    "status",
    "paymentStatus",
    "paymentSequence",
    "fulfilmentStatus",
    "holdExpiresAt",
];
/// The times of a change.
const CHANGE_TIMES: [&str; 2] = ["at", "holdExpiresAt"];

/// The whole order, with the members that the release before stored. No row has its keys.
pub(super) fn whole(head: &Value, placed: Option<&Value>) -> Value {
    let mut order = head.clone();
    let Some(placed) = placed else { return order };
    let money = |amount: &Value| json!({ "amount": amount, "currency": placed["currency"] });
    let item = |line: &Value| {
        let mut item = named(line, &LINE);
        for name in LINE_SUMS {
            item[name] = money(&item[name]);
        }
        item
    };
    order["items"] = array(&placed["lines"]).map(item).collect();
    for name in SUMS {
        order[name] = money(&placed[name]);
    }
    order.as_object_mut().map(|members| members.remove("changes"));
    order
}

/// The entries of its history that are no rows: the first one, and the last changes.
pub(super) fn own_entries(head: &Value, placed: Option<&Value>) -> Vec<Value> {
    let Some(placed) = placed else { return Vec::new() };
    let mut order = whole(head, Some(placed));
    // What no history has. An order that nobody has changed yet names the request that placed it.
    for name in ["held", "captureDue", "namesMoves", "correlationId", "mark"] {
        order.as_object_mut().map(|members| members.remove(name));
    }
    let began_at = order["createdAt"].as_str().and_then(milliseconds).unwrap_or_default();
    let hold = placed["hold"].as_i64().unwrap_or_default() * 1000;
    let beginning = [
        ("version", json!(1)),
        ("status", json!("pending")),
        ("paymentStatus", json!("unpaid")),
        ("paymentSequence", json!(0)),
        ("fulfilmentStatus", json!("unfulfilled")),
        ("holdExpiresAt", json!(text(began_at + hold))),
    ];
    let mut first = json!({
        "at": order["createdAt"], "actor": placed["actor"], "reason": "placed", "correlationId": placed["correlationId"],
    });
    for (name, value) in beginning {
        (order[name], first[name]) = (value.clone(), value);
    }
    order["updatedAt"] = order["createdAt"].clone();
    first["placed"] = order;
    let change = |change: &Value| {
        let mut entry = named(change, &CHANGE);
        for name in CHANGE_TIMES {
            entry[name] = json!(text(entry[name].as_i64().unwrap_or_default()));
        }
        entry
    };
    std::iter::once(first).chain(array(&head["changes"]).map(change)).collect()
}

/// An object with these names for the values of a list.
fn named(list: &Value, names: &[&str]) -> Value {
    names.iter().zip(array(list)).map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The milliseconds since 1970 of an RFC 3339 time.
fn milliseconds(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

/// An RFC 3339 time with three decimals, as the shop writes it.
fn text(milliseconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000);
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (hour, minute, second, millisecond) = at.to_hms_milli();
    format!("{}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z", at.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_has_three_decimals() {
        for at in ["2026-01-01T00:00:00.000Z", "2026-11-21T08:09:07.050Z"] {
            assert_eq!(text(milliseconds(at).expect("a time")), at);
        }
    }

    #[test]
    fn line_and_change_get_the_names_of_their_values() {
        let line = json!(["MUG", "prd_1", "Mug", 2, 450, 0, 0, 900]);
        let placed = json!({ "currency": "EUR", "lines": [line], "subtotal": 900, "hold": 600, "actor": "guest" });
        let change = json!([
            2,
            1_767_225_603_000_u64,
            "guest",
            "paid",
            "req",
            null,
            "confirmed",
            "paid",
            4,
            "unfulfilled",
            1_767_226_200_000_u64
        ]);
        let head = json!({ "createdAt": "2026-01-01T00:00:00.000Z", "status": "confirmed", "changes": [change] });
        let order = whole(&head, Some(&placed));
        let eur = |amount: i64| json!({ "amount": amount, "currency": "EUR" });
        assert_eq!((&order["items"][0]["lineTotal"], &order["subtotal"]), (&eur(900), &eur(900)));
        assert!(order["changes"].is_null() && order["items"][0]["quantity"] == 2, "{order}");
        let entries = own_entries(&head, Some(&placed));
        assert_eq!((entries.len(), &entries[0]["placed"]["status"]), (2, &json!("pending")));
        assert_eq!(entries[0]["holdExpiresAt"], "2026-01-01T00:10:00.000Z");
        assert_eq!(
            (&entries[1]["at"], &entries[1]["paymentSequence"]),
            (&json!("2026-01-01T00:00:03.000Z"), &json!(4))
        );
    }

    #[test]
    fn first_entry_does_not_name_the_request_in_the_order() {
        let head =
            json!({ "createdAt": "2026-01-01T00:00:00.000Z", "version": 1, "changes": [], "correlationId": "req" });
        let entries = own_entries(&head, Some(&json!({ "currency": "EUR", "hold": 600, "correlationId": "req" })));
        assert_eq!((entries.len(), &entries[0]["correlationId"]), (1, &json!("req")));
        assert!(entries[0]["placed"]["correlationId"].is_null(), "{}", entries[0]);
    }

    #[test]
    fn row_of_the_release_before_is_the_whole_order() {
        let row = json!({ "id": "ord_1", "items": [] });
        assert_eq!((whole(&row, None), own_entries(&row, None)), (row, Vec::new()));
    }
}
