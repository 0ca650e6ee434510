//! The capacity that a call consumed. For writes, including those to indexes, the emulator reports it as DynamoDB
//! would. For reads it reports wrong values (GetItem: one unit for any size; Query) or none (BatchGetItem), so reads
//! are computed here from the returned rows.
//!
//! https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html

use serde_json::Value;

/// The bytes of one read unit.
const READ_BYTES: usize = 4096;
/// The bytes of one write unit.
const WRITE_BYTES: usize = 1024;

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

/// The write units of a row or an index entry, in a write alone.
pub(crate) fn write_units(bytes: usize) -> f64 {
    bytes.div_ceil(WRITE_BYTES).max(1) as f64
}

/// The size of a row.
pub(crate) fn item_bytes(item: &Value) -> usize {
    item.as_object().into_iter().flatten().map(|(name, value)| attribute_bytes(name, value)).sum()
}

/// The size of an attribute with its name.
pub(crate) fn attribute_bytes(name: &str, value: &Value) -> usize {
    name.len() + value_bytes(value)
}

/// See "DynamoDB item sizes and formats" in the developer guide. The emulator computes write units by the same sizes.
fn value_bytes(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|object| object.iter().next()) else { return 0 };
    let list = || value.as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    match kind.as_str() {
        "S" => text(value),
        "N" => number_bytes(value.as_str().unwrap_or_default()),
        "B" => binary_bytes(value.as_str().unwrap_or_default()),
        "SS" => list().iter().map(text).sum(),
        "NS" => list().iter().filter_map(Value::as_str).map(number_bytes).sum(),
        "BS" => list().iter().filter_map(Value::as_str).map(binary_bytes).sum(),
        "L" => 3 + list().iter().map(|element| 1 + value_bytes(element)).sum::<usize>(),
        "M" => 3 + value.as_object().map_or(0, serde_json::Map::len) + item_bytes(value),
        _ => 1,
    }
}

/// A byte for two significant digits, one for the exponent, and one for a sign. Digits are paired from the decimal point, and
/// zeros at both ends are not stored.
fn number_bytes(number: &str) -> usize {
    let digits = number.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_matches('0').len();
    if significant == 0 {
        return 1;
    }
    let zeros_behind = all.len() - all.trim_end_matches('0').len();
    let is_pair_split = (zeros_behind + fraction.len()) % 2 == 1;
    1 + (significant + usize::from(is_pair_split)).div_ceil(2) + usize::from(number.starts_with('-'))
}

fn binary_bytes(base64: &str) -> usize {
    let padding = base64.len() - base64.trim_end_matches('=').len();
    (base64.len() / 4 * 3).saturating_sub(padding)
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

    #[test]
    fn number_is_stored_in_pairs_of_significant_digits() {
        let sizes = ["0", "2", "-2", "10", "5450", "10900", "999998", "1796020579", "4.5"].map(number_bytes);
        assert_eq!(sizes, [1, 2, 3, 2, 3, 3, 4, 6, 3]);
    }

    #[test]
    fn binary_is_as_long_as_it_is_decoded() {
        assert_eq!(["", "YQ==", "YWI=", "YWJj"].map(binary_bytes), [0, 1, 2, 3]);
    }

    #[test]
    fn write_costs_a_unit_for_each_kilobyte() {
        assert_eq!([0, 1024, 1025].map(write_units), [1.0, 1.0, 2.0]);
    }
}
