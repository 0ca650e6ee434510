//! DynamoDB on a bad day, by the proxy before it.

use serde_json::{Value, json};

use crate::history::Recorder;

/// The proxy's other door.
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

    /// Orders a fault (see tests/fakes).
    pub async fn inject(&self, fault: &Value) {
        self.recorder.note(format!("database: {fault}"));
        let answer = self.http.post(&self.faults_url).json(fault).send().await;
        let status = answer.map(|answer| answer.status().as_u16());
        assert!(matches!(status, Ok(201)), "the proxy takes the fault {fault}: {status:?}");
    }

    /// From now on calls fail by chance, each kind as often as that; the seed makes it the same chance again.
    pub async fn inject_by_chance(&self, kinds: &[(&str, f64)], seed: u64) {
        for (number, (kind, chance)) in kinds.iter().enumerate() {
            // Conflicts are between writers.
            let mut fault = json!({ "kind": kind, "chance": chance, "seed": seed.wrapping_add(number as u64) });
            if *kind == "transaction_conflict" {
                fault["operation"] = "TransactWriteItems".into();
            }
            self.inject(&fault).await;
        }
    }

    /// For so long nobody reaches it.
    pub async fn make_unavailable_for(&self, ms: u64) {
        self.inject(&json!({ "kind": "unavailable", "for_ms": ms })).await;
    }

    /// It works.
    pub async fn reset(&self) {
        let result = self.http.delete(&self.faults_url).send().await;
        assert!(result.is_ok(), "the proxy is mended: {result:?}");
        self.recorder.note("database: works");
    }
}
