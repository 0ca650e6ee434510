//! What breaks things: the database, the provider and its webhooks, the relay, and souk itself. Every pull is written into the
//! history; [`Levers::mend`] puts everything back.

mod database;
mod process;
mod provider;
mod relay;

pub use database::Database;
pub use process::ProcessFaults;
pub use provider::{Provider, WebhookDelivery};
pub use relay::Relay;

use crate::emulator::Emulator;
use crate::history::Recorder;
use crate::test_stack::TestStack;

/// All of them.
#[derive(Debug, Clone)]
pub struct FaultInjection {
    /// The proxy before DynamoDB.
    pub database: Database,
    /// The fake payment provider.
    pub provider: Provider,
    /// The relay's streams.
    pub relay: Relay,
    /// Crashes and mutations inside souk.
    pub process: ProcessFaults,
}

impl FaultInjection {
    /// Of that stack.
    pub fn new(http: &reqwest::Client, test_stack: &TestStack, emulator: &Emulator, recorder: &Recorder) -> Self {
        Self {
            database: Database::new(http.clone(), &test_stack.stack.proxy_url, recorder.clone()),
            provider: Provider::new(http.clone(), test_stack, recorder.clone()),
            relay: Relay::new(emulator.clone(), test_stack, recorder.clone()),
            process: ProcessFaults::new(test_stack.faults.clone(), recorder.clone()),
        }
    }

    /// Everything works again. Mutations stay: who switched one on wants to see what it does.
    pub async fn reset(&self) {
        self.database.reset().await;
        self.provider.reset().await;
        self.process.cancel_kills();
    }
}
