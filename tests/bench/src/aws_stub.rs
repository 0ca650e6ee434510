//! A stub of AWS that responds at once with nothing. Starts are measured against it, so that they show the work of the
//! function itself. It counts the calls that a function makes at start (`Aws::warm`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use http_body_util::BodyExt;

use crate::http_server::{Server, http_response};

/// The running stub and its counter.
#[derive(Debug)]
pub(crate) struct AwsStub {
    server: Server,
    calls: Arc<AtomicUsize>,
}

impl AwsStub {
    pub(crate) async fn start() -> Result<Self> {
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = calls.clone();
        let server = Server::start(move |request| {
            counter.fetch_add(1, Ordering::Relaxed);
            async move {
                let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
                let body = match target {
                    Some("secretsmanager.GetSecretValue") => r#"{"SecretString":"a secret of the bench"}"#,
                    _ => "{}",
                };
                // The body is read to its end, so that the connection can be reused.
                let _ = request.into_body().collect().await;
                http_response(200, "application/x-amz-json-1.0", body)
            }
        });
        Ok(Self { server: server.await?, calls })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Resets the counter.
    pub(crate) fn reset(&self) {
        self.calls.store(0, Ordering::Relaxed);
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}
