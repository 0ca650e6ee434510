//! The rows that a call to DynamoDB names to be written.

use serde_json::Value;

/// A row that a call wrote, or checked in a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrittenRow {
    /// The name of the table.
    pub(crate) table: String,
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl WrittenRow {
    /// The row of a write with the member `Item` or `Key`.
    fn of(table: &str, write: &Value) -> Option<Self> {
        let key = write.get("Item").or(write.get("Key"))?;
        let text = |name: &str| key[name]["S"].as_str().map(str::to_owned);
        Some(Self { table: table.to_owned(), pk: text("pk")?, sk: text("sk")? })
    }
}

/// The rows that a call names to be written or checked.
pub(crate) fn written_rows(operation: &str, request_body: &Value) -> Vec<WrittenRow> {
    match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" => {
            let table = request_body["TableName"].as_str().unwrap_or_default();
            WrittenRow::of(table, request_body).into_iter().collect()
        }
        "TransactWriteItems" => {
            let writes = request_body["TransactItems"].as_array().into_iter().flatten();
            let writes = writes.filter_map(|action| action.as_object()?.values().next());
            writes.filter_map(|write| WrittenRow::of(write["TableName"].as_str()?, write)).collect()
        }
        "BatchWriteItem" => {
            let tables = request_body["RequestItems"].as_object().into_iter().flatten();
            let rows = tables.flat_map(|(table, requests)| {
                let writes = requests.as_array().into_iter().flatten().filter_map(Value::as_object);
                writes.flat_map(|request| request.values()).filter_map(move |write| WrittenRow::of(table, write))
            });
            rows.collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn written_and_checked_rows_are_named() {
        let key = |pk: &str| json!({ "pk": { "S": pk }, "sk": { "S": "s" } });
        let row = |table: &str, pk: &str| WrittenRow { table: table.to_owned(), pk: pk.to_owned(), sk: "s".to_owned() };
        assert_eq!(written_rows("PutItem", &json!({ "TableName": "t", "Item": key("a") })), [row("t", "a")]);
        assert_eq!(written_rows("UpdateItem", &json!({ "TableName": "t", "Key": key("a") })), [row("t", "a")]);
        let transaction = json!({ "TransactItems": [
            { "Put": { "TableName": "t", "Item": key("a") } },
            { "Update": { "TableName": "u", "Key": key("b") } },
            { "ConditionCheck": { "TableName": "u", "Key": key("c") } },
        ] });
        assert_eq!(written_rows("TransactWriteItems", &transaction), [row("t", "a"), row("u", "b"), row("u", "c")]);
        let batch = json!({ "RequestItems": { "t": [
            { "PutRequest": { "Item": key("a") } },
            { "DeleteRequest": { "Key": key("b") } },
        ] } });
        assert_eq!(written_rows("BatchWriteItem", &batch), [row("t", "a"), row("t", "b")]);
        assert_eq!(written_rows("GetItem", &json!({ "TableName": "t", "Key": key("a") })), []);
    }
}
