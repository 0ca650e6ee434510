//! Functions without their streams. A disabled mapping would resume where it stopped. A mapping that is deleted and created again
//! starts at the end of the stream, so the records in between are lost, as after an outage of more than a day.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::history::Recorder;

/// The members that a new mapping copies from the deleted one.
const COPIED_MEMBERS: [&str; 9] = [
    "EventSourceArn",
    "BatchSize",
    "ParallelizationFactor",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "FunctionResponseTypes",
    "DestinationConfig",
    "FilterCriteria",
];

/// The event source mappings of all streams.
#[derive(Debug, Clone)]
pub struct Streams {
    emulator: Emulator,
    recorder: Recorder,
}

impl Streams {
    pub(super) fn new(emulator: Emulator, recorder: Recorder) -> Self {
        Self { emulator, recorder }
    }

    /// Runs `work` while no function has a stream. The streams are restored even if `work` panics.
    pub async fn run_without<T>(&self, work: impl Future<Output = T>) -> T {
        let mappings = self.remove().await;
        let result = AssertUnwindSafe(work).catch_unwind().await;
        self.restore(mappings).await;
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    async fn remove(&self) -> Vec<Value> {
        let list = self.send(Method::GET, "/event-source-mappings/", None).await;
        let is_stream = |mapping: &&Value| text(mapping, "EventSourceArn").contains("/stream/");
        let mappings: Vec<Value> =
            list["EventSourceMappings"].as_array().into_iter().flatten().filter(is_stream).cloned().collect();
        assert!(!mappings.is_empty(), "no function has a stream: {list}");
        for mapping in &mappings {
            let id = text(mapping, "UUID");
            self.send(Method::DELETE, &format!("/event-source-mappings/{id}"), None).await;
        }
        self.recorder.note("streams removed");
        mappings
    }

    /// Creates the mappings again. They start with new records.
    async fn restore(&self, mappings: Vec<Value>) {
        for mapping in mappings {
            let function = text(&mapping, "FunctionArn").rsplit(':').next();
            let mut request = json!({ "FunctionName": function, "StartingPosition": "LATEST" });
            for member in COPIED_MEMBERS {
                if !mapping[member].is_null() {
                    request[member] = mapping[member].clone();
                }
            }
            self.send(Method::POST, "/event-source-mappings/", Some(&request)).await;
        }
        self.recorder.note("streams restored");
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

fn text<'a>(mapping: &'a Value, member: &str) -> &'a str {
    mapping[member].as_str().unwrap_or_default()
}
