//! Reads the promotions' table.

use std::collections::BTreeSet;

use serde_json::Value;

use super::promotion_rows::{Code, CustomerUses, Promotion};
use super::read::{RawState, parse_row};

impl RawState {
    /// The promotions with these ids.
    pub(super) fn promotions(&self, ids: &BTreeSet<String>) -> Vec<Promotion> {
        let rows = self.rows("promotions", "PROMO");
        let rows = rows.filter(|row| row["id"].as_str().is_some_and(|id| ids.contains(id)));
        rows.map(|row| {
            let promotion: Promotion = parse_row(row);
            let limits = Some(&row["content"]["limits"]).filter(|limits| limits.is_object());
            let limits = limits.map(parse_row).unwrap_or_default();
            let prefix = format!("PROMO#{}#", promotion.id);
            let shards = self.rows("promotions", "SHARD");
            let shards = shards.filter(|row| row["pk"].as_str().is_some_and(|pk| pk.starts_with(&prefix)));
            Promotion { limits, shards: shards.map(parse_row).collect(), ..promotion }
        })
        .collect()
    }

    /// All rows that count the orders of a customer.
    pub(super) fn customer_uses(&self) -> Vec<CustomerUses> {
        let rows = self.rows_with_pk_prefix("promotions", "CUSTOMER#");
        rows.map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            let orders = row["orders"].as_array().into_iter().flatten();
            CustomerUses {
                customer: text("pk").trim_start_matches("CUSTOMER#").to_owned(),
                promotion: text("sk").strip_prefix("USE#").map(str::to_owned),
                orders: orders.filter_map(Value::as_str).map(str::to_owned).collect(),
            }
        })
        .collect()
    }

    /// The codes of the promotions with these ids.
    pub(super) fn codes(&self, ids: &BTreeSet<String>) -> Vec<Code> {
        let rows =
            self.rows("promotions", "CODE").filter(|row| row["pk"].as_str().is_some_and(|pk| pk.starts_with("CODE#")));
        let codes = rows.filter(|row| row["promotion"].as_str().is_some_and(|id| ids.contains(id)));
        codes.map(parse_row).collect()
    }
}
