//! AWS as the emulator serves it, through its JSON protocols. The emulator reads the credential's scope and ignores the signature.

use std::collections::BTreeMap;

use e2e::Stack;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Map, Number, Value, json};

/// A client of the emulator.
#[derive(Debug, Clone)]
pub struct Emulator {
    http: Client,
    stack: Stack,
}

/// The numbers of messages in a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Can be received now.
    pub visible: u64,
    /// Received and not deleted yet.
    pub in_flight: u64,
    /// Can be received later.
    pub delayed: u64,
}

impl Depth {
    /// Is the queue empty?
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl Emulator {
    /// A client of this stack's emulator.
    pub fn new(http: Client, stack: &Stack) -> Self {
        Self { http, stack: stack.clone() }
    }

    /// All rows of a table, as plain JSON.
    pub async fn scan(&self, table: &str) -> Vec<Value> {
        let (mut rows, mut start_key) = (Vec::new(), Value::Null);
        loop {
            let mut request = json!({ "TableName": table, "ConsistentRead": true });
            if !start_key.is_null() {
                request["ExclusiveStartKey"] = start_key;
            }
            let page = self.call("dynamodb", "DynamoDB_20120810.Scan", &request).await;
            rows.extend(page["Items"].as_array().into_iter().flatten().map(plain_row));
            start_key = page["LastEvaluatedKey"].clone();
            if start_key.is_null() {
                return rows;
            }
        }
    }

    /// The depth of a queue.
    pub async fn depth(&self, url: &str) -> Depth {
        let names = ["", "NotVisible", "Delayed"].map(|kind| format!("ApproximateNumberOfMessages{kind}"));
        let request = json!({ "QueueUrl": url, "AttributeNames": names });
        let response = self.call("sqs", "AmazonSQS.GetQueueAttributes", &request).await;
        let [visible, in_flight, delayed] =
            names.map(|name| response["Attributes"][name].as_str().and_then(|count| count.parse().ok()).unwrap_or(0));
        Depth { visible, in_flight, delayed }
    }

    /// The bodies of up to 10 messages, which stay in the queue.
    pub async fn peek(&self, url: &str) -> Vec<String> {
        let request = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0 });
        let response = self.call("sqs", "AmazonSQS.ReceiveMessage", &request).await;
        let messages = response["Messages"].as_array().into_iter().flatten();
        messages.filter_map(|message| message["Body"].as_str().map(str::to_owned)).collect()
    }

    /// Receives and deletes all visible messages of a queue.
    pub async fn drain(&self, url: &str) -> Vec<Value> {
        let mut messages_received = Vec::new();
        loop {
            let request = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "WaitTimeSeconds": 0 });
            let response = self.call("sqs", "AmazonSQS.ReceiveMessage", &request).await;
            let messages = response["Messages"].as_array().cloned().unwrap_or_default();
            if messages.is_empty() {
                return messages_received;
            }
            for message in messages {
                let handle = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
                self.call("sqs", "AmazonSQS.DeleteMessage", &handle).await;
                messages_received.push(message);
            }
        }
    }

    /// Sends a received message to a queue.
    pub async fn put(&self, url: &str, message: &Value) {
        let mut request = json!({ "QueueUrl": url, "MessageBody": message["Body"] });
        if message["MessageAttributes"].is_object() {
            request["MessageAttributes"] = message["MessageAttributes"].clone();
        }
        self.call("sqs", "AmazonSQS.SendMessage", &request).await;
    }

    /// Deletes all messages of a queue.
    pub async fn purge(&self, url: &str) {
        self.call("sqs", "AmazonSQS.PurgeQueue", &json!({ "QueueUrl": url })).await;
    }

    /// A request in Lambda's REST protocol.
    pub fn lambda(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/2015-03-31{path}", self.stack.emulator_url);
        self.http.request(method, url).header("authorization", self.credential("lambda"))
    }

    async fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        let request = self.http.post(&self.stack.emulator_url).header("x-amz-target", target);
        let request = request.header("content-type", "application/x-amz-json-1.0");
        let request = request.header("authorization", self.credential(service)).body(body.to_string());
        let response = request.send().await.unwrap_or_else(|error| panic!("{target} got no response: {error}"));
        let (status, text) = (response.status(), response.text().await.unwrap_or_default());
        assert!(status.is_success(), "{target} should succeed: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn credential(&self, service: &str) -> String {
        let scope = format!("{}/20260101/{}/{service}/aws4_request", self.stack.access_key_id, self.stack.region);
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none")
    }
}

/// A row without DynamoDB's type descriptors.
fn plain_row(row: &Value) -> Value {
    Value::Object(plain_members(row))
}

fn plain_members(members: &Value) -> Map<String, Value> {
    let members = members.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.clone(), plain(value))).collect()
}

fn plain(value: &Value) -> Value {
    let Some((mark, inner)) = value.as_object().and_then(|marked| marked.iter().next()) else { return Value::Null };
    let number =
        |text: &Value| text.as_str().and_then(|text| text.parse::<Number>().ok()).map_or(Value::Null, Value::Number);
    let list = |of: &dyn Fn(&Value) -> Value| inner.as_array().into_iter().flatten().map(of).collect();
    match mark.as_str() {
        "M" => Value::Object(plain_members(inner)),
        "L" => list(&plain),
        "N" => number(inner),
        "NS" => list(&number),
        "NULL" => Value::Null,
        _ => inner.clone(),
    }
}

/// The depths of several queues, by name.
pub async fn depths(emulator: &Emulator, urls: &BTreeMap<String, String>) -> BTreeMap<String, Depth> {
    let mut depths = BTreeMap::new();
    for (name, url) in urls {
        depths.insert(name.clone(), emulator.depth(url).await);
    }
    depths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_row_has_no_type_descriptors() {
        let row = json!({
            "pk": { "S": "ORDER#1" }, "version": { "N": "-3" }, "gone": { "BOOL": false }, "note": { "NULL": true },
            "items": { "L": [{ "M": { "quantity": { "N": "2" } } }] }, "tags": { "SS": ["a", "b"] },
        });
        let plain = json!({
            "pk": "ORDER#1", "version": -3, "gone": false, "note": null, "items": [{ "quantity": 2 }], "tags": ["a", "b"],
        });
        assert_eq!(plain_row(&row), plain);
    }
}
