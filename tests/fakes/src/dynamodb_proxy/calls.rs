//! The kinds of calls that each caller made, as IAM authorises them: each action of a transaction and each table of a batch on its own
//! ("Using IAM with DynamoDB transactions" and "Using IAM policy conditions for fine-grained access control", DynamoDB Developer Guide).
//! Partition keys are recorded as families (`USER#usr_*`), so that the number of kinds is bounded.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::expression::{equal_value, top_level_names};
use super::wire::writes;

/// The parameters that name attributes in expressions.
const EXPRESSIONS: [&str; 5] =
    ["ProjectionExpression", "ConditionExpression", "UpdateExpression", "KeyConditionExpression", "FilterExpression"];
/// The family of a partition key that the recorder could not read. No policy allows it.
const UNKNOWN_KEY: &str = "?";

/// A kind of call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    caller: String,
    operation: String,
    /// The action that IAM authorises: `PutItem` for a put in a transaction.
    action: String,
    table: String,
    index: Option<String>,
    /// `dynamodb:LeadingKeys`: the families of the partition keys.
    keys: BTreeSet<String>,
    /// `dynamodb:Attributes`: the top-level attributes that the request names.
    attributes: BTreeSet<String>,
    /// `dynamodb:Select`, of reads.
    select: Option<String>,
    /// `dynamodb:ReturnValues`, of writes.
    return_values: Option<String>,
}

/// The kinds of calls since the start.
#[derive(Debug, Default)]
pub(crate) struct Calls(BTreeSet<Call>);

impl Calls {
    /// Records a request.
    pub(crate) fn record(&mut self, caller: &str, operation: &str, request: &Value) {
        let mut add = |action: &str, table: &str, detail: &Value, rows: Vec<&Value>| {
            self.0.insert(call(caller, operation, action, table, detail, &rows));
        };
        match operation {
            "TransactWriteItems" | "TransactGetItems" => {
                let actions = request["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object);
                for (name, detail) in actions.flatten() {
                    let action = if name == "ConditionCheck" { "ConditionCheckItem" } else { &format!("{name}Item") };
                    add(action, table_of(detail), detail, rows_of(detail));
                }
            }
            "BatchGetItem" => {
                for (table, detail) in request["RequestItems"].as_object().into_iter().flatten() {
                    add(operation, table, detail, detail["Keys"].as_array().into_iter().flatten().collect());
                }
            }
            "BatchWriteItem" => {
                for (table, puts_and_deletes) in request["RequestItems"].as_object().into_iter().flatten() {
                    let requests = puts_and_deletes.as_array().into_iter().flatten().filter_map(Value::as_object);
                    let rows = requests.flatten().flat_map(|(_, detail)| rows_of(detail)).collect();
                    add(operation, table, &Value::Null, rows);
                }
            }
            _ => add(operation, table_of(request), request, rows_of(request)),
        }
    }

    /// All kinds of calls.
    pub(crate) fn all(&self) -> impl Serialize {
        &self.0
    }
}

fn call(caller: &str, operation: &str, action: &str, table: &str, detail: &Value, rows: &[&Value]) -> Call {
    let index = detail["IndexName"].as_str();
    let key = index.map_or_else(|| "pk".to_owned(), |index| format!("{index}pk"));
    let mut keys: BTreeSet<String> =
        rows.iter().map(|row| row["pk"]["S"].as_str().map_or_else(|| UNKNOWN_KEY.to_owned(), family)).collect();
    if action == "Query" {
        let value =
            equal_value(detail, &key).and_then(|value| detail["ExpressionAttributeValues"][value]["S"].as_str());
        keys.insert(value.map_or_else(|| UNKNOWN_KEY.to_owned(), family));
    }
    let names = EXPRESSIONS.iter().filter_map(|name| detail[name].as_str());
    let named = names.flat_map(|expression| top_level_names(expression, &detail["ExpressionAttributeNames"]));
    let of_rows = rows.iter().filter_map(|row| row.as_object()).flat_map(|row| row.keys().cloned());
    let text = |name: &str, default: &str| detail[name].as_str().unwrap_or(default).to_owned();
    let is_read = matches!(action, "GetItem" | "BatchGetItem" | "Query" | "Scan");
    let all_or_some = if detail["ProjectionExpression"].is_string() { "SPECIFIC_ATTRIBUTES" } else { "ALL_ATTRIBUTES" };
    Call {
        caller: caller.to_owned(),
        operation: operation.to_owned(),
        action: action.to_owned(),
        table: table.to_owned(),
        index: index.map(str::to_owned),
        keys,
        attributes: named.chain(of_rows).collect(),
        select: is_read.then(|| text("Select", all_or_some)),
        return_values: writes(action).then(|| text("ReturnValues", "NONE")),
    }
}

fn table_of(detail: &Value) -> &str {
    detail["TableName"].as_str().unwrap_or_default()
}

/// The row that a request names: all of it, or its key.
fn rows_of(detail: &Value) -> Vec<&Value> {
    ["Item", "Key"].iter().filter_map(|name| detail.get(name)).collect()
}

/// `USER#usr_*` of `USER#usr_01h…`, `EMAIL#*` of `EMAIL#9f86…`, and `KEYS` of `KEYS`. A type id has a prefix of three letters. The lists
/// of a role keep its name, because the roles of functions tell them apart.
fn family(key: &str) -> String {
    let Some((kind, rest)) = key.split_once('#') else { return key.to_owned() };
    if let ("ROLE", Some((role, _))) = (kind, rest.split_once('#')) {
        return format!("ROLE#{role}#*");
    }
    match rest.split_once('_') {
        Some((prefix, _)) if prefix.len() == 3 && prefix.bytes().all(|byte| byte.is_ascii_lowercase()) => {
            format!("{kind}#{prefix}_*")
        }
        _ => format!("{kind}#*"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The calls that a request is recorded as.
    fn recorded(operation: &str, requests: &[Value]) -> Value {
        let mut calls = Calls::default();
        for request in requests {
            calls.record("orders", operation, request);
        }
        serde_json::to_value(calls.all()).expect("JSON")
    }

    #[test]
    fn update_is_recorded_once_with_the_attributes_that_it_names() {
        let update = |id: &str| {
            json!({
                "TableName": "identity", "Key": { "pk": { "S": format!("APIKEY#{id}") }, "sk": { "S": "APIKEY" } },
                "UpdateExpression": "SET lastUsedAt = :now, #role.name = :role", "ReturnValues": "ALL_NEW",
                "ConditionExpression": "attribute_exists(pk) AND NOT size (uses) BETWEEN :a AND :b",
                "ExpressionAttributeNames": { "#role": "role" },
            })
        };
        assert_eq!(
            recorded("UpdateItem", &[update("9f"), update("86")]),
            json!([{
                "caller": "orders", "operation": "UpdateItem", "action": "UpdateItem", "table": "identity", "index": null,
                "keys": ["APIKEY#*"], "attributes": ["lastUsedAt", "pk", "role", "sk", "uses"],
                "select": null, "returnValues": "ALL_NEW",
            }])
        );
    }

    #[test]
    fn query_of_an_index_has_the_key_of_the_index() {
        let query = json!({
            "TableName": "orders", "IndexName": "gsi1", "KeyConditionExpression": "#pk = :pk AND begins_with(#sk, :sk)",
            "ExpressionAttributeNames": { "#pk": "gsi1pk", "#sk": "gsi1sk" },
            "ExpressionAttributeValues": { ":pk": { "S": "BUYER#usr_01h" }, ":sk": { "S": "KEYS" } },
        });
        let calls = recorded("Query", std::slice::from_ref(&query));
        assert_eq!((&calls[0]["keys"], &calls[0]["index"]), (&json!(["BUYER#usr_*"]), &json!("gsi1")));
        assert_eq!(calls[0]["attributes"], json!(["gsi1pk", "gsi1sk"]));
        assert_eq!((&calls[0]["select"], &calls[0]["returnValues"]), (&json!("ALL_ATTRIBUTES"), &Value::Null));
        let mut unread = query;
        unread["KeyConditionExpression"] = "sk = :sk".into();
        assert_eq!(recorded("Query", &[unread])[0]["keys"], json!(["?"]));
    }

    #[test]
    fn transaction_is_recorded_by_action_and_a_batch_by_table() {
        let key = |pk: &str| json!({ "pk": { "S": pk }, "sk": { "S": "X" } });
        let transaction = json!({ "TransactItems": [
            { "Put": { "TableName": "orders", "Item": key("ORDER#ord_01h") } },
            { "Put": { "TableName": "orders", "Item": key("OUTBOX#03") } },
            { "ConditionCheck": { "TableName": "identity", "Key": key("KEYS"), "ConditionExpression": "attribute_exists(jwks)" } },
        ] });
        let calls = recorded("TransactWriteItems", &[transaction]);
        let of = |index: usize| (&calls[index]["action"], &calls[index]["table"], &calls[index]["keys"]);
        assert_eq!(of(0), (&json!("ConditionCheckItem"), &json!("identity"), &json!(["KEYS"])));
        assert_eq!(of(1), (&json!("PutItem"), &json!("orders"), &json!(["ORDER#ord_*"])));
        assert_eq!(of(2), (&json!("PutItem"), &json!("orders"), &json!(["OUTBOX#*"])));
        assert_eq!(calls[0]["attributes"], json!(["jwks", "pk", "sk"]));

        let batch = json!({ "RequestItems": {
            "orders": { "Keys": [key("ORDER#ord_01h"), key("NUMBER#7")] }, "cart": { "Keys": [key("CART#crt_01h")] },
        } });
        let calls = recorded("BatchGetItem", &[batch]);
        assert_eq!((&calls[0]["table"], &calls[0]["keys"]), (&json!("cart"), &json!(["CART#crt_*"])));
        assert_eq!((&calls[1]["table"], &calls[1]["keys"]), (&json!("orders"), &json!(["NUMBER#*", "ORDER#ord_*"])));
    }
}
