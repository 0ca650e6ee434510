//! DynamoDB by its JSON protocol, without souk: to move times, and to read what the API does not show.

use reqwest::Client;
use serde_json::{Value, json};

use crate::queues::credential;
use crate::{Order, Stack};

/// The stack's tables. Values have the types of DynamoDB JSON: `{"N": "7"}`.
#[derive(Debug, Clone)]
pub struct Rows {
    http: Client,
    stack: Stack,
}

impl Rows {
    pub(crate) fn new(http: &Client, stack: &Stack) -> Self {
        Self { http: http.clone(), stack: stack.clone() }
    }

    /// Reads a row of a context's table; null if there is none.
    pub async fn reads(&self, context: &str, pk: &str, sk: &str) -> Value {
        let request = json!({ "TableName": self.table(context), "Key": key(pk, sk), "ConsistentRead": true });
        self.call("GetItem", &request).await["Item"].clone()
    }

    /// The counters of an unpaid order: the keys of the rows of its network and of its buyer.
    pub async fn unpaid_counters(&self, order: &Order) -> (String, String) {
        let row = self.reads("orders", &format!("ORDER#{}", order.id()), "ORDER").await;
        let (network, buyer) = row["held"]["S"].as_str().unwrap_or_default().split_at(16);
        (format!("UNPAID#{network}"), format!("UNPAID#{buyer}"))
    }

    /// The statuses of the messages to people about events of this type with this subject.
    pub async fn message_statuses(&self, event_type: &str, subject: &str) -> Vec<String> {
        let rows = self.all("notifications").await;
        let about = rows.iter().filter(|row| row["eventType"]["S"] == event_type && row["subject"]["S"] == subject);
        about.filter_map(|row| row["status"]["S"].as_str().map(str::to_owned)).collect()
    }

    /// Sets one attribute of an existing row.
    pub async fn sets(&self, context: &str, pk: &str, sk: &str, attribute: &str, value: Value) {
        let request = json!({
            "TableName": self.table(context), "Key": key(pk, sk),
            "UpdateExpression": "SET #attribute = :value", "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": { "#attribute": attribute }, "ExpressionAttributeValues": { ":value": value },
        });
        self.call("UpdateItem", &request).await;
    }

    /// Removes attributes of an existing row.
    pub async fn clears(&self, context: &str, pk: &str, sk: &str, attributes: &[&str]) {
        let request = json!({
            "TableName": self.table(context), "Key": key(pk, sk), "ConditionExpression": "attribute_exists(pk)",
            "UpdateExpression": format!("REMOVE {}", attributes.join(", ")),
        });
        self.call("UpdateItem", &request).await;
    }

    /// Writes a row, whether it exists or not.
    pub async fn puts(&self, context: &str, pk: &str, sk: &str, attributes: &Value) {
        let mut item = key(pk, sk);
        for (name, value) in attributes.as_object().into_iter().flatten() {
            item[name] = value.clone();
        }
        self.call("PutItem", &json!({ "TableName": self.table(context), "Item": item })).await;
    }

    /// Writes a whole row with its key, whether it exists or not.
    pub async fn loads(&self, context: &str, row: &Value) {
        self.call("PutItem", &json!({ "TableName": self.table(context), "Item": row })).await;
    }

    /// Deletes a row, whether it exists or not.
    pub async fn removes(&self, context: &str, pk: &str, sk: &str) {
        self.call("DeleteItem", &json!({ "TableName": self.table(context), "Key": key(pk, sk) })).await;
    }

    /// All rows of a context's table, by a Scan.
    pub async fn all(&self, context: &str) -> Vec<Value> {
        let mut request = json!({ "TableName": self.table(context), "ConsistentRead": true });
        let mut rows = Vec::new();
        loop {
            let mut page = self.call("Scan", &request).await;
            rows.extend(page["Items"].as_array_mut().map(std::mem::take).unwrap_or_default());
            match page["LastEvaluatedKey"].take() {
                Value::Null => return rows,
                last => request["ExclusiveStartKey"] = last,
            }
        }
    }

    fn table(&self, context: &str) -> &str {
        self.stack.tables.get(context).unwrap_or_else(|| panic!("stack.json should name the table of {context}"))
    }

    async fn call(&self, operation: &str, body: &Value) -> Value {
        // Not through the proxy: its faults are for souk's own calls.
        let request = self.http.post(&self.stack.emulator_url);
        let request = request.header("X-Amz-Target", format!("DynamoDB_20120810.{operation}"));
        let request = request.header("Content-Type", "application/x-amz-json-1.0");
        let request = request.header("Authorization", credential(&self.stack, "dynamodb")).body(body.to_string());
        let response =
            request.send().await.unwrap_or_else(|error| panic!("{operation} should get a response: {error}"));
        let (status, text) = (response.status(), response.text().await.unwrap_or_default());
        assert!(status.is_success(), "{operation} should succeed: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

fn key(pk: &str, sk: &str) -> Value {
    json!({ "pk": { "S": pk }, "sk": { "S": sk } })
}
