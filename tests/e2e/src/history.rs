//! An order's history, and the order that results from folding it. Written from the contract, independent of the product's own
//! fold.

use serde_json::Value;

use crate::{Api, Order};

/// The members of an entry that say what the order was like.
const ENTRY_MEMBERS: [&str; 6] =
    ["version", "status", "paymentStatus", "paymentSequence", "fulfilmentStatus", "holdExpiresAt"];

/// Personal data lie apart from the order and its history.
const PERSONAL_MEMBERS: [&str; 2] = ["email", "shippingAddress"];

/// The order that results from a history.
fn fold(history: &[Value]) -> Value {
    let mut order = history.first().map(|first| first["placed"].clone()).unwrap_or_default();
    for (entry, version) in history.iter().zip(1..) {
        assert_eq!(entry["version"], version, "versions should have no gap and no repetition: {history:#?}");
        for member in ENTRY_MEMBERS {
            assert!(!entry[member].is_null(), "an entry should have {member}: {entry}");
            order[member] = entry[member].clone();
        }
        order["updatedAt"] = entry["at"].clone();
    }
    order
}

impl Api {
    /// Reads an order's history, oldest first.
    pub async fn history(&self, order: &Order) -> Vec<Value> {
        self.walks(&format!("/api/v1/orders/{}/history", order.id()), 100).await.concat()
    }

    /// Panics unless the folded history equals the order; returns the history.
    pub async fn folds(&self, order: &Order) -> Vec<Value> {
        let shown = self.looks_up(order).await.0;
        // The order may change between the two reads.
        let history = self.history(order).await.into_iter();
        let history: Vec<_> = history.filter(|entry| entry["version"].as_u64() <= shown["version"].as_u64()).collect();
        let folded = fold(&history);
        for (member, value) in shown.as_object().into_iter().flatten() {
            if !PERSONAL_MEMBERS.contains(&member.as_str()) {
                assert_eq!(
                    &folded[member],
                    value,
                    "{member} of order {} should result from its history: {history:#?}",
                    order.id()
                );
            }
        }
        let secret = |entry: &Value| ["tokenDigest", "orderToken"].iter().any(|name| entry.to_string().contains(name));
        assert!(!history.iter().any(secret), "a history should not show an order's token: {history:#?}");
        history
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(version: u64, status: &str) -> Value {
        json!({
            "version": version, "at": format!("2026-11-21T08:00:0{version}.000Z"), "status": status,
            "paymentStatus": "unpaid", "paymentSequence": 0, "fulfilmentStatus": "unfulfilled",
            "holdExpiresAt": "2026-11-21T08:10:00.000Z",
        })
    }

    #[test]
    fn fold_takes_the_status_of_the_last_entry_and_the_lines_of_the_first() {
        let mut first = entry(1, "pending");
        first["placed"] = json!({ "number": "7KQ4M-2XD9A", "status": "pending", "version": 1 });
        let order = fold(&[first, entry(2, "cancelled")]);
        assert_eq!((&order["number"], &order["status"]), (&json!("7KQ4M-2XD9A"), &json!("cancelled")));
        assert_eq!((&order["version"], &order["updatedAt"]), (&json!(2), &json!("2026-11-21T08:00:02.000Z")));
    }

    #[test]
    #[should_panic(expected = "versions should have no gap")]
    fn missing_version_panics() {
        fold(&[entry(1, "pending"), entry(3, "cancelled")]);
    }
}
