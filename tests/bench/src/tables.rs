//! What the bench knows of one of its tables: its stream, and the entries that its indexes copy.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::capacity::{attribute_bytes, write_units};

/// A table of the bench: a copy of one of the stack.
#[derive(Debug)]
pub(crate) struct BenchTable {
    pub(crate) name: String,
    /// The context that owns it, such as `orders`.
    pub(crate) context: String,
    pub(crate) stream: TableStream,
    pub(crate) indexes: Vec<TableIndex>,
}

/// The stream of a table of the bench. Its records have both images.
#[derive(Debug)]
pub(crate) struct TableStream {
    pub(crate) arn: String,
    pub(crate) shard: String,
    /// The images that the stream of the stack's table has, such as `NEW_IMAGE`; none if the table has no stream.
    pub(crate) deployed_view: Option<String>,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TableIndex {
    pub(crate) name: String,
    key: Vec<String>,
    /// The attributes that it copies; none if it copies whole rows.
    copied: Option<Vec<String>>,
}

/// The entry of a row in an index.
#[derive(Debug, PartialEq)]
pub(crate) struct IndexEntry<'a> {
    /// The values of the index's key.
    pub(crate) key: Vec<&'a Value>,
    pub(crate) copied: BTreeMap<&'a str, &'a Value>,
}

impl TableIndex {
    /// Reads an index of a response of DescribeTable.
    pub(crate) fn parse(index: &Value) -> Result<Self> {
        let name = index["IndexName"].as_str().context("an index has no name")?.to_owned();
        let names = |list: &Value| -> Vec<String> {
            list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let elements = index["KeySchema"].as_array().into_iter().flatten();
        let key: Vec<String> =
            elements.filter_map(|element| element["AttributeName"].as_str()).map(str::to_owned).collect();
        let of_key = || key.iter().cloned().chain(["pk".to_owned(), "sk".to_owned()]);
        let copied = match index["Projection"]["ProjectionType"].as_str() {
            Some("ALL") => None,
            Some("KEYS_ONLY") => Some(of_key().collect()),
            Some("INCLUDE") => Some(of_key().chain(names(&index["Projection"]["NonKeyAttributes"])).collect()),
            other => bail!("the index {name} has the unknown projection {other:?}"),
        };
        Ok(Self { name, key, copied })
    }

    /// The entry of a row; none if the row lacks a part of the index's key.
    pub(crate) fn entry<'a>(&self, row: &'a Value) -> Option<IndexEntry<'a>> {
        let key = self.key.iter().map(|name| row.get(name)).collect::<Option<Vec<&Value>>>()?;
        let is_copied = |name: &str| self.copied.as_ref().is_none_or(|copied| copied.iter().any(|one| one == name));
        let attributes = row.as_object()?.iter().map(|(name, value)| (name.as_str(), value));
        Some(IndexEntry { key, copied: attributes.filter(|(name, _)| is_copied(name)).collect() })
    }
}

impl IndexEntry<'_> {
    /// The write units of putting or deleting it.
    pub(crate) fn write_units(&self) -> f64 {
        write_units(self.copied.iter().map(|(name, value)| attribute_bytes(name, value)).sum())
    }
}

/// The digits of a version in a sort key, such as `HISTORY#000001`.
const VERSION_DIGITS: usize = 6;

/// A key without what differs between orders, such as ids, days and shards: `ORDER#…`, `HISTORY#000001`. Words and versions stay.
pub(crate) fn key_pattern(key: &str) -> String {
    let is_constant = |part: &str| {
        let is_word = part.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '_');
        is_word || (part.len() == VERSION_DIGITS && part.chars().all(|letter| letter.is_ascii_digit()))
    };
    let mut pattern: Vec<&str> = Vec::new();
    for part in key.split('#') {
        match is_constant(part) {
            true => pattern.push(part),
            false if pattern.last() == Some(&"…") => {}
            false => pattern.push("…"),
        }
    }
    pattern.join("#")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn index(projection: Value) -> Result<TableIndex> {
        let key = json!([{ "AttributeName": "gsi1pk" }, { "AttributeName": "gsi1sk" }]);
        TableIndex::parse(&json!({ "IndexName": "gsi1", "KeySchema": key, "Projection": projection }))
    }

    fn row() -> Value {
        json!({ "pk": { "S": "a" }, "sk": { "S": "b" }, "gsi1pk": { "S": "c" }, "gsi1sk": { "S": "d" }, "n": { "N": "1" }, "t": { "S": "x" } })
    }

    #[test]
    fn index_copies_what_its_projection_names() -> Result<()> {
        let names = |projection: Value| -> Result<Vec<String>> {
            let (index, row) = (index(projection)?, row());
            let entry = index.entry(&row).context("the row has an entry")?;
            assert_eq!(entry.key, [&json!({ "S": "c" }), &json!({ "S": "d" })]);
            Ok(entry.copied.keys().map(|name| (*name).to_owned()).collect())
        };
        assert_eq!(names(json!({ "ProjectionType": "ALL" }))?, ["gsi1pk", "gsi1sk", "n", "pk", "sk", "t"]);
        assert_eq!(names(json!({ "ProjectionType": "KEYS_ONLY" }))?, ["gsi1pk", "gsi1sk", "pk", "sk"]);
        let include = json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": ["t"] });
        assert_eq!(names(include)?, ["gsi1pk", "gsi1sk", "pk", "sk", "t"]);
        assert!(index(json!({ "ProjectionType": "SOME" })).is_err());
        Ok(())
    }

    #[test]
    fn row_without_the_key_of_an_index_has_no_entry() -> Result<()> {
        let row = json!({ "pk": { "S": "a" }, "sk": { "S": "b" }, "gsi1pk": { "S": "c" } });
        assert_eq!(index(json!({ "ProjectionType": "ALL" }))?.entry(&row), None);
        Ok(())
    }

    #[test]
    fn entry_costs_a_unit_for_each_kilobyte_that_it_copies() -> Result<()> {
        let mut row = row();
        row["t"] = json!({ "S": "x".repeat(1100) });
        let units = |projection: Value| -> Result<f64> {
            Ok(index(projection)?.entry(&row).context("the row has an entry")?.write_units())
        };
        assert_eq!(units(json!({ "ProjectionType": "ALL" }))?, 2.0);
        assert_eq!(units(json!({ "ProjectionType": "KEYS_ONLY" }))?, 1.0);
        Ok(())
    }

    #[test]
    fn pattern_of_a_key_has_no_ids() {
        for (key, pattern) in [
            ("ORDER", "ORDER"),
            ("ORDER#ord_01kajc80000000000000000001", "ORDER#…"),
            ("HISTORY#000001", "HISTORY#000001"),
            ("2026-11-30T06:36:19.123Z#ord_01kajc80000000000000000001#sale", "…#sale"),
            ("NUMBER#7KQ4M-2XD9A", "NUMBER#…"),
            ("DAY#2026-11-30#3", "DAY#…"),
            ("STATUS#confirmed#2026-11-30#3", "STATUS#confirmed#…"),
            ("email#usr_01kajc80000000000000000001", "email#…"),
        ] {
            assert_eq!(key_pattern(key), pattern);
        }
    }
}
