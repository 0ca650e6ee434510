//! Fault injection: the database, the provider and its webhooks, the streams, and souk's own processes. Every fault is noted in the
//! history. [`FaultInjection::reset`] ends all faults.

mod database;
mod process;
mod provider;
mod streams;

pub use database::Database;
pub use process::ProcessFaults;
pub use provider::{Provider, WebhookDelivery};
pub use streams::Streams;

use crate::emulator::Emulator;
use crate::history::Recorder;
use crate::test_stack::TestStack;

/// All means to inject faults.
#[derive(Debug, Clone)]
pub struct FaultInjection {
    /// The proxy in front of DynamoDB.
    pub database: Database,
    pub provider: Provider,
    pub streams: Streams,
    /// Kills and mutants of souk's own processes.
    pub process: ProcessFaults,
}

impl FaultInjection {
    /// Fault injection into this stack.
    pub fn new(http: &reqwest::Client, test_stack: &TestStack, emulator: &Emulator, recorder: &Recorder) -> Self {
        Self {
            database: Database::new(http.clone(), &test_stack.stack.proxy_url, recorder.clone()),
            provider: Provider::new(http.clone(), test_stack, recorder.clone()),
            streams: Streams::new(emulator.clone(), recorder.clone()),
            process: ProcessFaults::new(test_stack.faults.clone(), recorder.clone()),
        }
    }

    /// Ends all faults. Mutants stay enabled, because their effect is what the run tests.
    pub async fn reset(&self) {
        self.database.reset().await;
        self.provider.reset().await;
        self.process.cancel_kills();
    }
}
