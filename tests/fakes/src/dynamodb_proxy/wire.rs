//! The parts of DynamoDB's protocol that the proxy reads, and the errors that it writes in DynamoDB's format.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

/// The operation in `X-Amz-Target: DynamoDB_20120810.TransactWriteItems`. None if the request is not for DynamoDB.
pub(crate) fn operation(headers: &HeaderMap) -> Option<&str> {
    let target = headers.get("x-amz-target")?.to_str().ok()?;
    target.strip_prefix("DynamoDB_20120810.")
}

/// The caller: the SDK's application id (`AWS_SDK_UA_APP_ID`, `app/…` in the user agent), otherwise the access key's id.
pub(crate) fn caller(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let app = ["x-amz-user-agent", "user-agent"]
        .into_iter()
        .flat_map(|name| text(name).split(' '))
        .find_map(|part| part.strip_prefix("app/"));
    let key = || {
        text("authorization").split_once("Credential=").and_then(|(_, rest)| rest.split_once('/')).map(|(key, _)| key)
    };
    app.or_else(key).unwrap_or("unknown").to_owned()
}

/// Does the operation write?
pub(crate) fn writes(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems")
}

/// Can the operation report its consumed capacity?
pub(crate) fn is_metered(operation: &str) -> bool {
    writes(operation) || matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems")
}

/// The tables of a request, one for each action.
pub(crate) fn tables(request: &Value) -> Vec<String> {
    let one = request["TableName"].as_str().map(str::to_owned);
    let batch = request["RequestItems"].as_object().into_iter().flat_map(|tables| tables.keys().cloned());
    let actions = request["TransactItems"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|action| action.as_object()?.values().next());
    let actions = actions.filter_map(|action| action["TableName"].as_str().map(str::to_owned));
    one.into_iter().chain(batch).chain(actions).collect()
}

/// The consumed capacity in a response: table, read units, write units. Units without a kind count by the kind of the operation.
pub(crate) fn consumed(operation: &str, answer: &Value) -> Vec<(String, f64, f64)> {
    let entries = match &answer["ConsumedCapacity"] {
        Value::Array(entries) => entries.iter().collect(),
        Value::Object(_) => vec![&answer["ConsumedCapacity"]],
        _ => Vec::new(),
    };
    let units = |entry: &Value| {
        let table = entry["TableName"].as_str().unwrap_or("unknown").to_owned();
        match (
            entry["ReadCapacityUnits"].as_f64(),
            entry["WriteCapacityUnits"].as_f64(),
            entry["CapacityUnits"].as_f64(),
        ) {
            (None, None, Some(all)) if writes(operation) => (table, 0.0, all),
            (None, None, Some(all)) => (table, all, 0.0),
            (read, write, _) => (table, read.unwrap_or_default(), write.unwrap_or_default()),
        }
    };
    entries.into_iter().map(units).collect()
}

/// The error of a transaction that conflicts with another one: the first action conflicts, the others do not. Operations on a
/// single item have an exception of their own.
pub(crate) fn transaction_conflict(operation: &str, request: &Value) -> Response {
    const MESSAGE: &str = "Transaction is ongoing for the item";
    let Some(actions) = request["TransactItems"].as_array().map(Vec::len).filter(|_| operation.starts_with("Transact"))
    else {
        return error(400, "TransactionConflictException", "message", MESSAGE, None);
    };
    let none = || json!({ "Code": "None" });
    let reasons: Vec<Value> = (0..actions)
        .map(|index| if index == 0 { json!({ "Code": "TransactionConflict", "Message": MESSAGE }) } else { none() })
        .collect();
    let codes = (0..actions)
        .map(|index| if index == 0 { "TransactionConflict" } else { "None" })
        .collect::<Vec<_>>()
        .join(", ");
    let message = format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]");
    error(400, "TransactionCanceledException", "Message", &message, Some(reasons))
}

/// The error of a call that exceeds the table's throughput.
pub(crate) fn throttled() -> Response {
    let message = "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.";
    error(400, "ProvisionedThroughputExceededException", "message", message, None)
}

/// The error of a failure inside DynamoDB.
pub(crate) fn internal_error() -> Response {
    let message = "The request processing has failed because of an unknown error, exception or failure.";
    error(500, "InternalServerError", "message", message, None)
}

/// The name of the message's field differs between exceptions, as it does in DynamoDB.
fn error(status: u16, name: &str, message_field: &str, message: &str, reasons: Option<Vec<Value>>) -> Response {
    let mut body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}") });
    if let Some(reasons) = reasons {
        body["CancellationReasons"] = reasons.into();
    }
    body[message_field] = message.into();
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    response
        .headers_mut()
        .insert("x-amzn-requestid", HeaderValue::from_static("FAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKE"));
    response
}
