//! The capacity that a call consumed. For writes, including those to indexes, the emulator reports it as DynamoDB
//! would. For reads it reports wrong values (GetItem: one unit for any size; Query) or none (BatchGetItem), so reads
//! are computed here from the returned rows.
//!
//! https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html

use serde_json::Value;

/// The bytes of one read unit.
const READ_BYTES: usize = 4096;

/// Capacity units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Units {
    pub(crate) read: f64,
    pub(crate) write: f64,
}

pub(crate) fn is_write(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems")
}

/// Tells whether DynamoDB reports the consumed capacity of the operation.
pub(crate) fn is_metered(operation: &str) -> bool {
    is_write(operation) || matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems")
}

/// The units of a call.
pub(crate) fn consumed(operation: &str, request: &Value, response: &Value) -> Units {
    match operation {
        "GetItem" => Units { read: units_per_read(request) * units_of(item_bytes(&response["Item"])), write: 0.0 },
        "Query" => Units { read: query(request, response), write: 0.0 },
        "BatchGetItem" => Units { read: batch(request, response), write: 0.0 },
        _ => {
            let entries = match &response["ConsumedCapacity"] {
                Value::Array(entries) => entries.as_slice(),
                Value::Null => &[],
                entry => std::slice::from_ref(entry),
            };
            let units =
                entries.iter().filter_map(|entry| entry["CapacityUnits"].as_f64()).fold(0.0, |sum, units| sum + units);
            if is_write(operation) { Units { read: 0.0, write: units } } else { Units { read: units, write: 0.0 } }
        }
    }
}

/// All rows of a page are added and rounded up once. A filter would hide rows that were paid for; queries of souk have
/// no filters.
fn query(request: &Value, response: &Value) -> f64 {
    let bytes = response["Items"].as_array().into_iter().flatten().map(item_bytes).sum();
    units_per_read(request) * units_of(bytes)
}

/// Each row is rounded up on its own. A missing row costs one unit.
fn batch(request: &Value, response: &Value) -> f64 {
    let tables = request["RequestItems"].as_object().into_iter().flatten();
    let of_table = |(name, table): (&String, &Value)| {
        let found = response["Responses"][name].as_array().map(Vec::as_slice).unwrap_or_default();
        let missing = table["Keys"].as_array().map_or(0, Vec::len).saturating_sub(found.len());
        let units = found.iter().map(|item| units_of(item_bytes(item))).fold(missing as f64, |sum, units| sum + units);
        units_per_read(table) * units
    };
    tables.map(of_table).fold(0.0, |sum, units| sum + units)
}

fn units_per_read(read: &Value) -> f64 {
    if read["ConsistentRead"] == true { 1.0 } else { 0.5 }
}

fn units_of(bytes: usize) -> f64 {
    bytes.div_ceil(READ_BYTES).max(1) as f64
}

fn item_bytes(item: &Value) -> usize {
    let attributes = item.as_object().into_iter().flatten();
    attributes.map(|(name, value)| name.len() + value_bytes(value)).sum()
}

/// See "DynamoDB item sizes and formats" in the developer guide, which also estimates the size of a number.
fn value_bytes(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|object| object.iter().next()) else { return 0 };
    let list = || value.as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    match kind.as_str() {
        "S" => text(value),
        "N" => text(value).div_ceil(2) + 1,
        "B" => text(value) / 4 * 3,
        "SS" => list().iter().map(text).sum(),
        "L" => 3 + list().iter().map(|element| 1 + value_bytes(element)).sum::<usize>(),
        "M" => 3 + value.as_object().map_or(0, serde_json::Map::len) + item_bytes(value),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item(bytes: usize) -> Value {
        json!({ "pk": { "S": "x".repeat(bytes - 2) } })
    }

    #[test]
    fn reported_units_are_summed_over_tables() {
        let one = json!({ "ConsumedCapacity": { "TableName": "a", "CapacityUnits": 3.0 } });
        let two = json!({ "ConsumedCapacity": [{ "CapacityUnits": 4.0 }, { "CapacityUnits": 2.0 }] });
        assert_eq!(consumed("PutItem", &json!({}), &one), Units { read: 0.0, write: 3.0 });
        assert_eq!(consumed("TransactWriteItems", &json!({}), &two), Units { read: 0.0, write: 6.0 });
        assert_eq!(consumed("SendMessageBatch", &json!({}), &json!({})), Units::default());
    }

    #[test]
    fn read_costs_by_size_and_missing_row_costs_one_unit() {
        let consistent = json!({ "ConsistentRead": true });
        assert_eq!(consumed("GetItem", &consistent, &json!({ "Item": item(5000) })).read, 2.0);
        assert_eq!(consumed("GetItem", &json!({}), &json!({ "Item": item(4096) })).read, 0.5);
        assert_eq!(consumed("GetItem", &consistent, &json!({})).read, 1.0);
    }

    #[test]
    fn query_rounds_its_rows_up_together() {
        let page = json!({ "Items": [item(3000), item(3000)] });
        let consistent = json!({ "ConsistentRead": true });
        assert_eq!(consumed("Query", &consistent, &page).read, 2.0);
        assert_eq!(consumed("Query", &json!({}), &page).read, 1.0);
        assert_eq!(consumed("Query", &consistent, &json!({ "Items": [] })).read, 1.0);
    }

    #[test]
    fn batch_pays_for_every_requested_row() {
        let request = json!({ "RequestItems": { "t": { "Keys": [{}, {}, {}], "ConsistentRead": true } } });
        let response = json!({ "Responses": { "t": [item(5000), item(10)] } });
        assert_eq!(consumed("BatchGetItem", &request, &response).read, 4.0);
    }

    #[test]
    fn row_size_is_the_sum_of_names_and_values() {
        let row = json!({ "a": { "S": "xyz" }, "n": { "N": "1234" }, "l": { "L": [{ "BOOL": true }] }, "m": { "M": { "k": { "S": "v" } } } });
        // 1 + 3, 1 + 3, 1 + 3 + 1 + 1, 1 + 3 + 1 + 2
        assert_eq!(item_bytes(&row), 4 + 4 + 6 + 7);
    }
}
