//! The streams of the bench's tables: what changed, and which functions the stack invokes for it.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::bench_resources::BenchResources;
use crate::events::{event_type, stream_batch};
use crate::tables::{BenchTable, key_pattern};

/// A change of a row.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) table: &'a BenchTable,
    /// The stream record, with both images.
    record: Value,
}

/// A stream record for a function that it invokes.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) function: &'static str,
    /// The type of the event in a row of an outbox; the kind of change and the sort key of other rows.
    pub(crate) operation: String,
    /// A batch with the record alone.
    pub(crate) batch: Value,
}

impl<'a> Change<'a> {
    pub(crate) fn new(table: &'a BenchTable, record: Value) -> Self {
        Self { table, record }
    }

    /// Whether it is a change of the row with this key.
    pub(crate) fn is_of(&self, table: &str, pk: &str, sk: &str) -> bool {
        let keys = &self.record["dynamodb"]["Keys"];
        self.table.name == table && keys["pk"]["S"] == pk && keys["sk"]["S"] == sk
    }

    /// The row before the change; none if it is new.
    pub(crate) fn before(&self) -> Option<&Value> {
        self.record["dynamodb"].get("OldImage")
    }

    /// The row after the change; none if it was deleted.
    pub(crate) fn after(&self) -> Option<&Value> {
        self.record["dynamodb"].get("NewImage")
    }

    /// The functions that it invokes.
    pub(crate) fn deliveries(&self, resources: &BenchResources) -> Result<Vec<Delivery>> {
        let Some(view) = &self.table.stream.deployed_view else { return Ok(Vec::new()) };
        let record = self.viewed(view);
        let delivery = |function| {
            let batch = stream_batch(record.clone(), &self.table.stream.arn);
            Ok(Delivery { function, operation: self.operation()?, batch })
        };
        resources.event_sources.readers(&self.table.name, &record).map(delivery).collect()
    }

    /// The record with the images that a view type keeps.
    fn viewed(&self, view: &str) -> Value {
        let mut record = self.record.clone();
        let change = &mut record["dynamodb"];
        change["StreamViewType"] = view.into();
        if let Some(change) = change.as_object_mut() {
            let is_kept = |image: &str| match image {
                "OldImage" => matches!(view, "OLD_IMAGE" | "NEW_AND_OLD_IMAGES"),
                _ => matches!(view, "NEW_IMAGE" | "NEW_AND_OLD_IMAGES"),
            };
            for image in ["OldImage", "NewImage"] {
                if !is_kept(image) {
                    change.remove(image);
                }
            }
        }
        record
    }

    fn operation(&self) -> Result<String> {
        match self.after().and_then(|row| row["event"]["S"].as_str()) {
            Some(event) => event_type(event),
            None => {
                let sort_key = self.record["dynamodb"]["Keys"]["sk"]["S"].as_str().unwrap_or_default();
                let name = self.record["eventName"].as_str().context("a stream record has no eventName")?;
                Ok(format!("{name} {}", key_pattern(sort_key)))
            }
        }
    }
}

/// The positions in all streams.
#[derive(Debug)]
pub(crate) struct Streams<'a> {
    resources: &'a BenchResources,
    positions: Vec<(&'a BenchTable, String)>,
}

impl<'a> Streams<'a> {
    pub(crate) fn new(resources: &'a BenchResources) -> Self {
        Self { resources, positions: Vec::new() }
    }

    /// Ignores all changes until now.
    pub(crate) async fn skip(&mut self) -> Result<()> {
        self.positions.clear();
        for table in self.resources.tables() {
            self.positions.push((table, self.resources.emulator.end_of_stream(&table.stream).await?));
        }
        Ok(())
    }

    /// The changes since the last call, in the order of each table.
    pub(crate) async fn read(&mut self) -> Result<Vec<Change<'a>>> {
        let mut changes = Vec::new();
        for entry in &mut self.positions {
            let (table, position) = (entry.0, &mut entry.1);
            loop {
                let (records, next) = self.resources.emulator.stream_records(position).await?;
                *position = next;
                if records.is_empty() {
                    break;
                }
                changes.extend(records.into_iter().map(|record| Change::new(table, record)));
            }
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::TableStream;
    use serde_json::json;

    fn table(view: Option<&str>) -> BenchTable {
        let stream =
            TableStream { arn: "arn".to_owned(), shard: "shard".to_owned(), deployed_view: view.map(str::to_owned) };
        BenchTable { name: "own-orders".to_owned(), context: "orders".to_owned(), stream, indexes: Vec::new() }
    }

    fn record(event_name: &str, row: &Value) -> Value {
        json!({ "eventName": event_name, "dynamodb": { "Keys": { "pk": row["pk"], "sk": row["sk"] }, "OldImage": row, "NewImage": row } })
    }

    #[test]
    fn record_has_the_images_of_the_deployed_stream() {
        let (table, row) = (table(None), json!({ "pk": { "S": "ORDER#1" }, "sk": { "S": "ORDER" } }));
        let change = Change::new(&table, record("MODIFY", &row));
        let images = |view: &str| {
            let viewed = change.viewed(view)["dynamodb"].clone();
            assert_eq!(viewed["StreamViewType"], view);
            (viewed.get("OldImage").is_some(), viewed.get("NewImage").is_some())
        };
        assert_eq!(images("KEYS_ONLY"), (false, false));
        assert_eq!(images("NEW_IMAGE"), (false, true));
        assert_eq!(images("OLD_IMAGE"), (true, false));
        assert_eq!(images("NEW_AND_OLD_IMAGES"), (true, true));
        assert!(change.before().is_some() && change.after().is_some(), "the change itself keeps both");
    }

    #[test]
    fn delivery_is_named_after_its_event_or_its_row() -> Result<()> {
        let table = table(Some("NEW_IMAGE"));
        let order = json!({ "pk": { "S": "ORDER#1" }, "sk": { "S": "ORDER" } });
        assert_eq!(Change::new(&table, record("INSERT", &order)).operation()?, "INSERT ORDER");
        let event = r#"{"eventType":"order.created"}"#;
        let outbox = json!({ "pk": { "S": "OUTBOX#01" }, "sk": { "S": "evt_1" }, "event": { "S": event } });
        assert_eq!(Change::new(&table, record("INSERT", &outbox)).operation()?, "order.created");
        Ok(())
    }

    #[test]
    fn change_is_of_one_row_of_one_table() {
        let (table, row) = (table(None), json!({ "pk": { "S": "ORDER#1" }, "sk": { "S": "ORDER" } }));
        let change = Change::new(&table, record("INSERT", &row));
        assert!(change.is_of("own-orders", "ORDER#1", "ORDER"));
        assert!(!change.is_of("own-cart", "ORDER#1", "ORDER") && !change.is_of("own-orders", "ORDER#1", "OTHER"));
    }
}
