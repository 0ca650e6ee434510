//! The run of `fixture.rs`, in which Ada's order uses a coupon. It takes nothing off, so the sums stay as they are. It is for one order, for
//! one order of each customer, and for first orders. Then another order names it and is refused.

use serde_json::{Value, json};

use crate::fixture::{self, PAID};
use crate::history::{CallRecord, History};
use crate::observed::ObservedState;

/// The code.
pub(crate) const TEN: &str = "TEN";

/// The observed state and its history.
pub(crate) fn coupon_run() -> (ObservedState, History) {
    let (mut raw, mut history) = (fixture::raw(), fixture::history());
    let rows = raw.tables.get_mut("orders").into_iter().flatten();
    for row in rows.filter(|row| row["sk"] == "ORDER#PLACED") {
        row["price"] = price();
    }
    raw.tables.insert("promotions".to_owned(), promotion_rows());
    let draft = json!({ "name": "Ten", "trigger": "code" });
    add(&mut history, (50, Some("usr_root")), ("/promotions", draft, "key-ten"), (201, json!({ "id": "prm_ten" })));
    refuse(&mut history, (500, "bob@example.com"), "promotion_exhausted", 409);
    (raw.for_history(&history), history)
}

/// Adds an order of a guest that names the coupon and is refused.
pub(crate) fn refuse(history: &mut History, (began_us, email): (u64, &str), code: &str, status: u16) {
    let body = json!({ "items": [], "coupons": [TEN], "email": email });
    let answer = json!({ "code": code, "errors": [{ "field": "coupons.TEN", "code": code }] });
    add(history, (began_us, None), ("/orders", body, &format!("key-{began_us}")), (status, answer));
}

/// Adds a POST request that has lasted 10 µs.
pub(crate) fn add(
    history: &mut History,
    (began_us, caller): (u64, Option<&str>),
    (path, body, key): (&str, Value, &str),
    (status, answer): (u16, Value),
) {
    let call = CallRecord::new("test client", caller, "POST", &format!("/api/v1{path}"), body, Some(key));
    let (seq, ended_us, status) = (history.calls.len(), Some(began_us + 10), Some(status));
    history.calls.push(CallRecord { seq, began_us, ended_us, status, answer, ..call });
}

fn price() -> Value {
    json!({
        "promotions": [["prm_ten", 2, "Ten", TEN, 0]],
        "uses": {
            "customer": "cus_ada", "firstOrder": true,
            "promotions": [{ "promotion": "prm_ten", "shard": 0, "perCustomer": true, "code": TEN }],
        },
    })
}

fn promotion_rows() -> Vec<Value> {
    let limits = json!({ "total": 1, "perCustomer": 1, "firstOrder": true });
    let of_customer = |sk: &str| json!({ "pk": "CUSTOMER#cus_ada", "sk": sk, "orders": [PAID], "expiresAt": 1 });
    vec![
        json!({ "pk": "PROMO#prm_ten", "sk": "PROMO", "id": "prm_ten", "content": { "limits": limits }, "version": 2 }),
        json!({ "pk": "PROMO#prm_ten#0", "sk": "SHARD", "shard": 0, "used": 1, "quota": 1, "version": 2 }),
        json!({ "pk": "PROMO#prm_ten", "sk": "CODE#TEN" }),
        json!({ "pk": "CODE#TEN", "sk": "CODE", "code": TEN, "promotion": "prm_ten", "maxUses": 1, "used": 1 }),
        of_customer("USE#prm_ten"),
        of_customer("FIRST"),
    ]
}
