//! The relay without its streams. A disabled mapping would resume where it stopped. A mapping that is deleted and created again
//! starts at the end of the stream, so the records in between are lost, as after an outage of more than a day.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::history::Recorder;
use crate::test_stack::TestStack;

/// The members that a new mapping copies from the deleted one.
const COPIED_MEMBERS: [&str; 8] = [
    "EventSourceArn",
    "BatchSize",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "FunctionResponseTypes",
    "DestinationConfig",
    "FilterCriteria",
];

/// The relay's event source mappings.
#[derive(Debug, Clone)]
pub struct Relay {
    emulator: Emulator,
    function: String,
    recorder: Recorder,
}

impl Relay {
    pub(super) fn new(emulator: Emulator, test_stack: &TestStack, recorder: Recorder) -> Self {
        let function = test_stack.stack.functions.get("relay");
        let function = function.unwrap_or_else(|| panic!("stack.json names no function relay")).clone();
        Self { emulator, function, recorder }
    }

    /// Runs `work` while the relay has no streams. The streams are restored even if `work` panics.
    pub async fn run_without_streams<T>(&self, work: impl Future<Output = T>) -> T {
        let mappings = self.remove_streams().await;
        let result = AssertUnwindSafe(work).catch_unwind().await;
        self.restore_streams(mappings).await;
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    async fn remove_streams(&self) -> Vec<Value> {
        let path = format!("/event-source-mappings/?FunctionName={}", self.function);
        let list = self.send(Method::GET, &path, None).await;
        let mappings = list["EventSourceMappings"].as_array().cloned().unwrap_or_default();
        assert!(!mappings.is_empty(), "the relay has no streams: {list}");
        for mapping in &mappings {
            let id = mapping["UUID"].as_str().unwrap_or_default();
            self.send(Method::DELETE, &format!("/event-source-mappings/{id}"), None).await;
        }
        self.recorder.note("relay: streams removed");
        mappings
    }

    /// Creates the mappings again. They start with new records.
    async fn restore_streams(&self, mappings: Vec<Value>) {
        for mapping in mappings {
            let mut request = json!({ "FunctionName": self.function, "StartingPosition": "LATEST" });
            for member in COPIED_MEMBERS {
                if !mapping[member].is_null() {
                    request[member] = mapping[member].clone();
                }
            }
            self.send(Method::POST, "/event-source-mappings/", Some(&request)).await;
        }
        self.recorder.note("relay: streams restored");
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let mut request = self.emulator.lambda(method.clone(), path);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{method} {path} got no response: {error}"));
        let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
        assert!(status.is_success(), "{method} {path} should succeed: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}
