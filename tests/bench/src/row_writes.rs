//! What each written row costs: its size, and the write units of its table and of each index. AWS reports the units of a call only, so
//! they are computed by the rule of DynamoDB from the images in the streams.
//!
//! https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html

use serde::Serialize;
use serde_json::Value;

use crate::capacity::{item_bytes, write_units};
use crate::meter::Call;
use crate::streams::Change;
use crate::tables::{TableIndex, key_pattern};
use crate::written_rows::WrittenRow;

/// A transaction prepares each row and commits it. Index entries are written once.
const WRITES_OF_A_TRANSACTION: f64 = 2.0;
/// Units are multiples of a half, so a smaller difference is one of rounding.
const ROUNDING: f64 = 0.01;

/// One row that a call wrote.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowWrite {
    /// The context that owns the table.
    pub(crate) table: String,
    /// Its key without ids.
    pub(crate) key: String,
    /// The size before or after the write, whichever is larger; 0 if the write changed nothing.
    pub(crate) bytes: usize,
    pub(crate) table_units: f64,
    pub(crate) indexes: Vec<IndexWrite>,
}

/// The entry of a written row in an index.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IndexWrite {
    pub(crate) index: String,
    /// Its partition without ids: the new one, or the old one of an entry that was deleted.
    pub(crate) partition: String,
    pub(crate) units: f64,
}

impl RowWrite {
    /// The units of the table and of all indexes.
    pub(crate) fn units(&self) -> f64 {
        self.indexes.iter().fold(self.table_units, |sum, entry| sum + entry.units)
    }

    fn of_change(change: &Change<'_>, row: &WrittenRow, writes: f64) -> Self {
        let (before, after) = (change.before(), change.after());
        let bytes = before.map_or(0, item_bytes).max(after.map_or(0, item_bytes));
        let indexes = change.table.indexes.iter().filter_map(|index| index_write(index, before, after));
        Self {
            table: change.table.context.clone(),
            key: row_pattern(row),
            bytes,
            table_units: writes * write_units(bytes),
            indexes: indexes.collect(),
        }
    }
}

/// The rows that calls wrote, in their order. A write that changed nothing is in no stream, and costs what is left of the units of its
/// call. What the emulator counted otherwise gets a line of its own.
pub(crate) fn row_writes(calls: &[Call], changes: &[Change<'_>]) -> Vec<RowWrite> {
    let mut unused: Vec<&Change<'_>> = changes.iter().collect();
    calls.iter().filter(|call| call.status == 200).flat_map(|call| of_call(call, &mut unused)).collect()
}

fn of_call(call: &Call, changes: &mut Vec<&Change<'_>>) -> Vec<RowWrite> {
    let writes = if call.operation == "TransactWriteItems" { WRITES_OF_A_TRANSACTION } else { 1.0 };
    let (mut rows, mut unchanged) = (Vec::with_capacity(call.rows.len()), Vec::new());
    for row in &call.rows {
        match changes.iter().position(|change| change.is_of(&row.table, &row.pk, &row.sk)) {
            Some(at) => rows.push(RowWrite::of_change(changes.remove(at), row, writes)),
            None => unchanged.push(row_pattern(row)),
        }
    }
    let rest = call.write_units - rows.iter().map(RowWrite::units).sum::<f64>();
    let other = |key: String, table_units: f64| {
        let (table, indexes) = (String::new(), Vec::new());
        RowWrite { table, key, bytes: 0, table_units, indexes }
    };
    let each = rest / unchanged.len().max(1) as f64;
    if unchanged.is_empty() && !call.rows.is_empty() && rest.abs() > ROUNDING {
        rows.push(other("counted otherwise by the emulator".to_owned(), rest));
    }
    rows.extend(unchanged.into_iter().map(|key| other(format!("{key}, unchanged"), each)));
    rows
}

/// The units of an index for a change of a row: none if what it copies stays the same, one write to put, change or delete an entry, and
/// two if the entry moves to another key.
fn index_write(index: &TableIndex, before: Option<&Value>, after: Option<&Value>) -> Option<IndexWrite> {
    let (before, after) = (before.and_then(|row| index.entry(row)), after.and_then(|row| index.entry(row)));
    let units = match (&before, &after) {
        (None, None) => return None,
        (Some(entry), None) | (None, Some(entry)) => entry.write_units(),
        (Some(before), Some(after)) if before.key != after.key => before.write_units() + after.write_units(),
        (Some(before), Some(after)) if before.copied == after.copied => return None,
        (Some(before), Some(after)) => before.write_units().max(after.write_units()),
    };
    let partition = after.or(before)?.key.first().and_then(|value| value["S"].as_str()).map(key_pattern);
    Some(IndexWrite { index: index.name.clone(), partition: partition.unwrap_or_default(), units })
}

fn row_pattern(row: &WrittenRow) -> String {
    format!("{} / {}", key_pattern(&row.pk), key_pattern(&row.sk))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{BenchTable, TableStream};
    use anyhow::Result;
    use serde_json::json;

    fn table() -> Result<BenchTable> {
        let index = |name: &str| {
            let key = json!([{ "AttributeName": format!("{name}pk") }, { "AttributeName": format!("{name}sk") }]);
            TableIndex::parse(
                &json!({ "IndexName": name, "KeySchema": key, "Projection": { "ProjectionType": "ALL" } }),
            )
        };
        let stream = TableStream { arn: "arn".to_owned(), shard: "shard".to_owned(), deployed_view: None };
        let indexes = vec![index("gsi1")?, index("gsi2")?];
        Ok(BenchTable { name: "own-orders".to_owned(), context: "orders".to_owned(), stream, indexes })
    }

    fn row(bytes: usize, hold: &str) -> Value {
        json!({
            "pk": { "S": "ORDER#1" }, "sk": { "S": "ORDER" }, "t": { "S": "x".repeat(bytes) },
            "gsi1pk": { "S": "BUYER#usr_1" }, "gsi1sk": { "S": "1" }, "gsi2pk": { "S": hold }, "gsi2sk": { "S": "1" },
        })
    }

    fn change(table: &BenchTable, before: Option<Value>, after: Option<Value>) -> Change<'_> {
        let mut change = json!({ "Keys": { "pk": { "S": "ORDER#1" }, "sk": { "S": "ORDER" } } });
        for (image, row) in [("OldImage", before), ("NewImage", after)] {
            if let Some(row) = row {
                change[image] = row;
            }
        }
        Change::new(table, json!({ "dynamodb": change }))
    }

    fn written(pk: &str) -> WrittenRow {
        WrittenRow { table: "own-orders".to_owned(), pk: pk.to_owned(), sk: "ORDER".to_owned() }
    }

    fn call(operation: &str, write_units: f64, rows: Vec<WrittenRow>) -> Call {
        Call { write_units, rows, ..Call::free(operation) }
    }

    /// An index, its partition and the units.
    type Entry = (String, String, f64);

    /// The units of the table and of each index, for a write alone.
    fn units(before: Option<Value>, after: Option<Value>) -> Result<(f64, Vec<Entry>)> {
        let table = table()?;
        let write = RowWrite::of_change(&change(&table, before, after), &written("ORDER#1"), 1.0);
        let indexes = write.indexes.into_iter().map(|entry| (entry.index, entry.partition, entry.units)).collect();
        Ok((write.table_units, indexes))
    }

    fn entry(index: &str, partition: &str, units: f64) -> Entry {
        (index.to_owned(), partition.to_owned(), units)
    }

    #[test]
    fn new_row_and_deleted_row_write_each_entry_once() -> Result<()> {
        let entries = || vec![entry("gsi1", "BUYER#…", 1.0), entry("gsi2", "HOLD#…", 1.0)];
        assert_eq!(units(None, Some(row(10, "HOLD#3")))?, (1.0, entries()));
        assert_eq!(units(Some(row(10, "HOLD#3")), None)?, (1.0, entries()));
        Ok(())
    }

    #[test]
    fn entry_that_moves_is_deleted_and_put() -> Result<()> {
        let after = units(Some(row(10, "HOLD#3")), Some(row(10, "STATUS#paid#3")))?;
        assert_eq!(after, (1.0, vec![entry("gsi1", "BUYER#…", 1.0), entry("gsi2", "STATUS#paid#…", 2.0)]));
        Ok(())
    }

    #[test]
    fn larger_image_decides_and_unchanged_entry_is_free() -> Result<()> {
        let shrunk = units(Some(row(1100, "HOLD#3")), Some(row(10, "HOLD#3")))?;
        assert_eq!(shrunk, (2.0, vec![entry("gsi1", "BUYER#…", 2.0), entry("gsi2", "HOLD#…", 2.0)]));
        assert_eq!(units(Some(row(10, "HOLD#3")), Some(row(10, "HOLD#3")))?, (1.0, vec![]));
        Ok(())
    }

    #[test]
    fn row_of_a_transaction_costs_twice_and_its_entries_once() -> Result<()> {
        let table = table()?;
        let changes = [change(&table, None, Some(row(10, "HOLD#3")))];
        let calls = [call("TransactWriteItems", 6.0, vec![written("ORDER#1"), written("ORDER#2")])];
        let rows = row_writes(&calls, &changes);
        let summary: Vec<_> = rows.iter().map(|row| (row.key.as_str(), row.table_units, row.units())).collect();
        // The second write changed nothing, so it costs what is left.
        assert_eq!(summary, [("ORDER#… / ORDER", 2.0, 4.0), ("ORDER#… / ORDER, unchanged", 2.0, 2.0)]);
        Ok(())
    }

    #[test]
    fn calls_find_the_changes_of_a_row_in_their_order() -> Result<()> {
        let table = table()?;
        let changes = [
            change(&table, None, Some(row(10, "HOLD#3"))),
            change(&table, Some(row(10, "HOLD#3")), Some(row(1100, "HOLD#3"))),
        ];
        let calls =
            [("PutItem", 3.0), ("PutItem", 6.0)].map(|(name, units)| call(name, units, vec![written("ORDER#1")]));
        let units: Vec<f64> = row_writes(&calls, &changes).iter().map(RowWrite::units).collect();
        assert_eq!(units, [3.0, 6.0]);
        Ok(())
    }

    #[test]
    fn other_count_of_the_emulator_is_shown_and_failed_call_writes_nothing() -> Result<()> {
        let table = table()?;
        let changes = [change(&table, None, Some(row(10, "HOLD#3")))];
        let rows = row_writes(&[call("PutItem", 5.0, vec![written("ORDER#1")])], &changes);
        assert_eq!(rows.iter().map(RowWrite::units).collect::<Vec<_>>(), [3.0, 2.0]);
        let failed = Call { status: 400, ..call("PutItem", 0.0, vec![written("ORDER#1")]) };
        assert_eq!(row_writes(&[failed], &changes), []);
        Ok(())
    }
}
