//! Faults of DynamoDB, through the proxy in front of it.

use serde_json::{Value, json};

use crate::history::Recorder;

/// The proxy's control plane.
#[derive(Debug, Clone)]
pub struct Database {
    http: reqwest::Client,
    faults_url: String,
    recorder: Recorder,
}

impl Database {
    pub(super) fn new(http: reqwest::Client, proxy_url: &str, recorder: Recorder) -> Self {
        Self { http, faults_url: format!("{proxy_url}/_fake/faults"), recorder }
    }

    /// Adds a fault (`tests/fakes/src/dynamodb_proxy/faults.rs`).
    pub async fn inject(&self, fault: &Value) {
        self.recorder.note(format!("database: {fault}"));
        let answer = self.http.post(&self.faults_url).json(fault).send().await;
        let status = answer.map(|answer| answer.status().as_u16());
        assert!(matches!(status, Ok(201)), "the proxy rejected the fault {fault}: {status:?}");
    }

    /// Adds a fault of each kind that hits calls with this probability (0 to 1). The seed makes the choice of calls repeatable.
    pub async fn inject_by_chance(&self, kinds: &[(&str, f64)], seed: u64) {
        for (number, (kind, chance)) in kinds.iter().enumerate() {
            // Only transactions conflict.
            let mut fault = json!({ "kind": kind, "chance": chance, "seed": seed.wrapping_add(number as u64) });
            if *kind == "transaction_conflict" {
                fault["operation"] = "TransactWriteItems".into();
            }
            self.inject(&fault).await;
        }
    }

    /// Makes the database unreachable for this many milliseconds.
    pub async fn make_unavailable_for(&self, ms: u64) {
        self.inject(&json!({ "kind": "unavailable", "for_ms": ms })).await;
    }

    /// Removes all faults.
    pub async fn reset(&self) {
        let result = self.http.delete(&self.faults_url).send().await;
        assert!(result.is_ok(), "the proxy could not be reset: {result:?}");
        self.recorder.note("database: faults removed");
    }
}
