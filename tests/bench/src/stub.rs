//! An AWS that knows nothing and says so at once. Starts are measured against it, so that they show the function's own
//! work, and it counts the calls that a function makes while it starts (`Aws::warm`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use http_body_util::BodyExt;

use crate::serve::{Server, answer};

/// The stub and what it has counted.
#[derive(Debug)]
pub(crate) struct Stub {
    server: Server,
    calls: Arc<AtomicUsize>,
}

impl Stub {
    pub(crate) async fn start() -> Result<Self> {
        let calls = Arc::new(AtomicUsize::new(0));
        let counts = calls.clone();
        let server = Server::start(move |request| {
            counts.fetch_add(1, Ordering::Relaxed);
            async move {
                let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
                let known = match target {
                    Some("secretsmanager.GetSecretValue") => r#"{"SecretString":"a secret of the bench"}"#,
                    _ => "{}",
                };
                // Read to its end, or the connection cannot be used again.
                let _ = request.into_body().collect().await;
                answer(200, "application/x-amz-json-1.0", known)
            }
        });
        Ok(Self { server: server.await?, calls })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Begins to count anew.
    pub(crate) fn forget(&self) {
        self.calls.store(0, Ordering::Relaxed);
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}
