//! The control plane of the proxy in front of DynamoDB.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt;
use reqwest::Client;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::Stack;

/// One fault at a time, because the proxy removes all faults at once.
static FAULT: Mutex<()> = Mutex::const_new(());

/// The control plane of the proxy.
#[derive(Debug, Clone)]
pub struct Proxy {
    http: Client,
    url: String,
}

impl Proxy {
    pub(crate) fn new(http: &Client, stack: &Stack) -> Self {
        Self { http: http.clone(), url: stack.proxy_url.clone() }
    }

    /// Runs `work` while DynamoDB fails in this way. Removes the fault even if `work` panics. Waits for the end of the fault of another test.
    pub async fn failing<T>(&self, fault: &Value, work: impl Future<Output = T>) -> T {
        let _turn = FAULT.lock().await;
        let added = self.http.post(format!("{}/_fake/faults", self.url)).json(fault).send().await;
        let status = added.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(201)), "the proxy should accept the fault {fault}: {status:?}");
        let outcome = AssertUnwindSafe(work).catch_unwind().await;
        let removed = self.http.delete(format!("{}/_fake/faults", self.url)).send().await;
        assert!(removed.is_ok(), "the fault should be removed: {removed:?}");
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// The number of injected failures of one operation.
    pub async fn injected(&self, operation: &str) -> u64 {
        let response = self.http.get(format!("{}/_fake/meter", self.url)).send().await;
        let response = response.unwrap_or_else(|error| panic!("the proxy should respond: {error}"));
        let meter: Value = response.json().await.unwrap_or_else(|error| panic!("the meter should be JSON: {error}"));
        let calls = meter["calls"].as_array().into_iter().flatten().filter(|calls| calls["operation"] == operation);
        calls.filter_map(|calls| calls["injected"].as_u64()).sum()
    }
}
