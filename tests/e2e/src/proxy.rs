//! The control plane of the proxy in front of DynamoDB.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt;
use reqwest::Client;
use serde_json::Value;

use crate::Stack;

/// The proxy's other door.
#[derive(Debug, Clone)]
pub struct Proxy {
    http: Client,
    url: String,
}

impl Proxy {
    pub(crate) fn new(http: &Client, stack: &Stack) -> Self {
        Self { http: http.clone(), url: stack.proxy_url.clone() }
    }

    /// Does something while DynamoDB fails in this way; mended again even if that something fails.
    pub async fn failing<T>(&self, fault: &Value, work: impl Future<Output = T>) -> T {
        let added = self.http.post(format!("{}/_fake/faults", self.url)).json(fault).send().await;
        let status = added.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(201)), "the proxy takes the fault {fault}: {status:?}");
        let done = AssertUnwindSafe(work).catch_unwind().await;
        let mended = self.http.delete(format!("{}/_fake/faults", self.url)).send().await;
        assert!(mended.is_ok(), "the proxy is mended: {mended:?}");
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Calls that were failed on purpose so far, of one operation.
    pub async fn injected(&self, operation: &str) -> u64 {
        let response = self.http.get(format!("{}/_fake/meter", self.url)).send().await;
        let response = response.unwrap_or_else(|error| panic!("the proxy is up: {error}"));
        let meter: Value = response.json().await.unwrap_or_else(|error| panic!("the meter can be read: {error}"));
        let calls = meter["calls"].as_array().into_iter().flatten().filter(|calls| calls["operation"] == operation);
        calls.filter_map(|calls| calls["injected"].as_u64()).sum()
    }
}
