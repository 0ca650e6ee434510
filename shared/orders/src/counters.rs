//! The counters of unpaid orders: one for each network, and one for each buyer (an account, or a guest's email address). Pure.
//!
//! A counter is a row that holds the numbers of the unpaid orders and, of a network, the pieces of each SKU. They are sets of
//! strings, not numbers: a set cannot drift, because an order that is added or removed twice is counted once. DynamoDB removes a
//! set that became empty, so the row is as small as what is unpaid. The row also counts declined payments.

use std::collections::BTreeMap;

use payments::Declines;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::Sku;

/// Characters of a keyed digest that names a counter: 64 bits. Nobody without the key can look for two that are the same.
pub(crate) const DIGEST_LENGTH: usize = 16;

/// The counters that count an order while it is unpaid: keyed digests of its network and of its buyer. They name rows, and an
/// order has them until its hold ends. The row of the order has both in one text of 32 characters: it is written again with all
/// its index entries, and paid for by the kilobyte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UnpaidCounters {
    pub(crate) network: String,
    pub(crate) buyer: String,
}

impl From<UnpaidCounters> for String {
    fn from(counters: UnpaidCounters) -> Self {
        counters.network + &counters.buyer
    }
}

impl TryFrom<String> for UnpaidCounters {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (network, buyer) = text.split_at_checked(DIGEST_LENGTH).ok_or("must be two digests")?;
        Ok(Self { network: network.to_owned(), buyer: buyer.to_owned() })
    }
}

/// The row of a counter.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CounterRow {
    #[serde(default)]
    pub(crate) pk: String,
    /// The numbers of the unpaid orders.
    #[serde(default)]
    orders: Vec<String>,
    #[serde(flatten)]
    pub(crate) declines: Declines,
    #[serde(flatten)]
    pieces: BTreeMap<String, Value>,
}

/// The rows of both counters of an order.
#[derive(Debug, Clone, Default)]
pub(crate) struct CounterRows {
    pub(crate) network: CounterRow,
    pub(crate) buyer: CounterRow,
}

impl CounterRow {
    /// The number of unpaid orders.
    pub(crate) fn order_count(&self) -> usize {
        self.orders.len()
    }

    /// The number of unpaid pieces of a SKU.
    pub(crate) fn piece_count(&self, sku: &Sku) -> usize {
        self.pieces.get(&pieces_attribute(sku)).and_then(Value::as_array).map_or(0, Vec::len)
    }
}

/// The attribute with the unpaid pieces of a SKU.
pub(crate) fn pieces_attribute(sku: &Sku) -> String {
    format!("sku:{sku}")
}

/// The names of some pieces of an order. An order has one line for each SKU, so they are unique beside a SKU.
pub(crate) fn piece_names(order_number: &str, quantity: u32) -> Vec<String> {
    (1..=quantity).map(|piece| format!("{order_number}#{piece}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_has_both_counters_in_one_text() {
        let counters = UnpaidCounters { network: "0123456789abcdef".into(), buyer: "fedcba9876543210".into() };
        let text = serde_json::to_value(&counters).unwrap();
        assert_eq!(text, "0123456789abcdeffedcba9876543210");
        assert_eq!(serde_json::from_value::<UnpaidCounters>(text).unwrap(), counters);
        assert!(serde_json::from_value::<UnpaidCounters>(json!("short")).is_err());
    }

    #[test]
    fn row_shows_orders_and_pieces() {
        let row: CounterRow = serde_json::from_value(json!({
            "pk": "UNPAID#1", "sk": "UNPAID", "expiresAt": 1, "orders": ["A", "B"], "sku:MUG": ["A#1", "A#2", "B#1"],
        }))
        .unwrap();
        let pieces = |sku: &str| row.piece_count(&sku.parse().unwrap());
        assert_eq!((row.order_count(), pieces("MUG"), pieces("TEA"), row.declines), (2, 3, 0, Declines::default()));
        assert_eq!(piece_names("A", 2), ["A#1", "A#2"]);
    }
}
