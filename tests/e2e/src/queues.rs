//! SQS by its JSON protocol. The emulator checks the credential's scope and not its signature.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt;
use reqwest::Client;
use serde_json::{Value, json};

use crate::{EVENTUALLY, Stack, await_until};

/// The stack's queues.
#[derive(Debug, Clone)]
pub struct Queues {
    http: Client,
    stack: Stack,
}

/// An authorisation header that tells the emulator the service and the region.
pub(crate) fn credential(stack: &Stack, service: &str) -> String {
    let scope = format!("{}/20260101/{}/{service}/aws4_request", stack.access_key_id, stack.region);
    format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none")
}

impl Queues {
    pub(crate) fn new(http: &Client, stack: &Stack) -> Self {
        Self { http: http.clone(), stack: stack.clone() }
    }

    /// The names of all queues with a consumer.
    pub fn names(&self) -> Vec<String> {
        self.stack.queues.keys().cloned().collect()
    }

    /// The standard queues. In a FIFO queue a message that cannot be read would hold back all others.
    pub fn unordered(&self) -> Vec<String> {
        let unordered = self.stack.queues.iter().filter(|(_, url)| !url.ends_with(".fifo"));
        unordered.map(|(name, _)| name.clone()).collect()
    }

    /// A queue's URL.
    pub fn url(&self, name: &str) -> &str {
        self.stack.queues.get(name).unwrap_or_else(|| panic!("stack.json should name the queue {name}"))
    }

    /// The URL of a queue's dead-letter queue.
    pub fn dlq(&self, name: &str) -> &str {
        self.stack.dlqs.get(name).unwrap_or_else(|| panic!("stack.json should name the dead-letter queue of {name}"))
    }

    /// Sends a message with that body.
    pub async fn send(&self, url: &str, body: &str) {
        self.call("SendMessage", json!({ "QueueUrl": url, "MessageBody": body })).await;
    }

    /// Waits for a message that mentions this text and deletes it; returns its body. Other messages become visible again after a second.
    pub async fn takes(&self, url: &str, mentions: &str) -> String {
        await_until(format_args!("a message in {url} mentions {mentions}"), EVENTUALLY, async || {
            self.take_one(url, mentions).await
        })
        .await
    }

    /// Deletes a message that mentions this text; returns its body. An error if none is visible.
    async fn take_one(&self, url: &str, mentions: &str) -> Result<String, String> {
        let receive =
            json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 1, "WaitTimeSeconds": 0 });
        let received = self.call("ReceiveMessage", receive).await;
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        for message in &messages {
            let body = message["Body"].as_str().unwrap_or_default();
            if body.contains(mentions) {
                let handle = &message["ReceiptHandle"];
                self.call("DeleteMessage", json!({ "QueueUrl": url, "ReceiptHandle": handle })).await;
                return Ok(body.to_owned());
            }
        }
        Err(format!("{} other messages", messages.len()))
    }

    /// Waits until a queue has no message left, apart from delayed ones.
    pub async fn awaits_empty(&self, url: &str) {
        await_until(format_args!("{url} is empty"), EVENTUALLY, async || {
            let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
            let response = self.call("GetQueueAttributes", json!({ "QueueUrl": url, "AttributeNames": names })).await;
            let attributes = &response["Attributes"];
            if names.iter().all(|name| attributes[name] == "0") { Ok(()) } else { Err(attributes.to_string()) }
        })
        .await
    }

    /// Runs `work` while the queue refuses new messages. Opens the queue even if `work` panics.
    pub async fn while_closed<T>(&self, url: &str, work: impl Future<Output = T>) -> T {
        let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage*", "Resource": "*" });
        self.set_policy(url, &json!({ "Version": "2012-10-17", "Statement": [deny] }).to_string()).await;
        let outcome = AssertUnwindSafe(work).catch_unwind().await;
        self.set_policy(url, "").await;
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }

    async fn set_policy(&self, url: &str, policy: &str) {
        self.call("SetQueueAttributes", json!({ "QueueUrl": url, "Attributes": { "Policy": policy } })).await;
    }

    async fn call(&self, operation: &str, body: Value) -> Value {
        let request = self.http.post(&self.stack.emulator_url).header("X-Amz-Target", format!("AmazonSQS.{operation}"));
        let request = request.header("Content-Type", "application/x-amz-json-1.0");
        let request = request.header("Authorization", credential(&self.stack, "sqs")).body(body.to_string());
        let response =
            request.send().await.unwrap_or_else(|error| panic!("{operation} should get a response: {error}"));
        let (status, text) = (response.status(), response.text().await.unwrap_or_default());
        assert!(status.is_success(), "{operation} should succeed: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}
