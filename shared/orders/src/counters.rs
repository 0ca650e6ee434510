//! The counters of unpaid orders: one for each network, and one for each buyer (an account, or a guest's email address). Pure.
//!
//! A counter is a row that holds the numbers of the unpaid orders and, of a network, the pieces of each SKU. They are sets of
//! strings, not numbers: a set cannot drift, because an order that is added or removed twice is counted once. DynamoDB removes a
//! set that became empty, so the row is as small as what is unpaid. A condition can bound each set, but not the row, so a set of blocks
//! stands for the bytes of the others in the row of a network. The row also counts declined payments.

use std::collections::BTreeMap;

use payments::Declines;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::Sku;

/// Characters of a keyed digest that names a counter: 64 bits. Nobody without the key can look for two that are the same.
pub(crate) const DIGEST_LENGTH: usize = 16;

/// The bytes of a block.
const BLOCK_BYTES: usize = 256;
/// The bytes of a piece in its set: the number of an order, `#`, three digits, and what DynamoDB adds.
const PIECE_BYTES: usize = 16;
/// The blocks that a network may have: 300 KB, and DynamoDB refuses rows of more than 400 KB.
pub(crate) const MAX_BLOCKS: usize = 1200;

/// The counters that count an order while it is unpaid: keyed digests of its network and of its buyer. They name rows, and an
/// order has them until it leaves the index of holds. The row of the order has both in one text of 32 characters: it is written again
/// with all its index entries, and paid for by the kilobyte.
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
    /// The blocks of unpaid pieces.
    #[serde(default)]
    blocks: Vec<String>,
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

    /// Can so many more blocks be unpaid?
    pub(crate) fn has_room(&self, blocks: usize) -> bool {
        self.blocks.len().saturating_add(blocks) <= MAX_BLOCKS
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

/// The number of blocks that the pieces of an order fill.
pub(crate) fn block_count(lines: &[(&Sku, u32)]) -> usize {
    let line_bytes = |(sku, quantity): &(&Sku, u32)| {
        pieces_attribute(sku).len().saturating_add((*quantity as usize).saturating_mul(PIECE_BYTES))
    };
    lines.iter().map(line_bytes).fold(0, usize::saturating_add).div_ceil(BLOCK_BYTES)
}

/// The names of the blocks of an order.
pub(crate) fn block_names(order_number: &str, blocks: usize) -> Vec<String> {
    (1..=blocks).map(|block| format!("{order_number}/{block}")).collect()
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

    #[test]
    fn blocks_stand_for_the_bytes_of_a_row() {
        let (mug, long): (Sku, Sku) = ("MUG".parse().unwrap(), "S".repeat(64).parse().unwrap());
        assert_eq!(
            (block_count(&[(&mug, 1)]), block_count(&[(&mug, 16)]), block_count(&[(&mug, 15), (&long, 1)])),
            (1, 2, 2)
        );
        assert_eq!(block_names("A", 2), ["A/1", "A/2"]);
        let number = "7KQ4M-2XD9A";
        for (sku, quantity) in [(&mug, 1), (&long, 1), (&long, 999)] {
            let names = piece_names(number, quantity);
            let bytes = pieces_attribute(sku).len() + names.iter().map(|name| name.len() + 1).sum::<usize>();
            assert!(bytes <= block_count(&[(sku, quantity)]) * BLOCK_BYTES, "{quantity} of {sku}");
        }
        // An order has a block at least. So the sets of blocks and orders are bounded, too.
        let of_blocks = format!("{number}/{MAX_BLOCKS}").len() + 1 + number.len() + 1;
        assert!(MAX_BLOCKS * (BLOCK_BYTES + of_blocks) < 400_000);
        let row: CounterRow = serde_json::from_value(json!({ "blocks": ["A/1", "B/1"] })).unwrap();
        assert!(row.has_room(MAX_BLOCKS - 2) && !row.has_room(MAX_BLOCKS - 1));
    }
}
