//! What breaks things: the database, the provider and its webhooks, the relay, and souk itself. Every pull is written into the
//! history; [`Levers::mend`] puts everything back.

mod database;
mod provider;
mod relay;
mod sabotage;

pub use database::Database;
pub use provider::{Provider, Webhooks};
pub use relay::Relay;
pub use sabotage::Sabotage;

use crate::emulator::Emulator;
use crate::history::Recorder;
use crate::site::Site;

/// All of them.
#[derive(Debug, Clone)]
pub struct Levers {
    /// The proxy before DynamoDB.
    pub database: Database,
    /// The fake payment provider.
    pub provider: Provider,
    /// The relay's streams.
    pub relay: Relay,
    /// Crashes and mutations inside souk.
    pub sabotage: Sabotage,
}

impl Levers {
    /// Of that stack.
    pub fn new(http: &reqwest::Client, site: &Site, emulator: &Emulator, recorder: &Recorder) -> Self {
        Self {
            database: Database::new(http.clone(), &site.stack.proxy_url, recorder.clone()),
            provider: Provider::new(http.clone(), site, recorder.clone()),
            relay: Relay::new(emulator.clone(), site, recorder.clone()),
            sabotage: Sabotage::new(site.faults.clone(), recorder.clone()),
        }
    }

    /// Everything works again. Mutations stay: who switched one on wants to see what it does.
    pub async fn mend(&self) {
        self.database.mend().await;
        self.provider.mend().await;
        self.sabotage.spare_all();
    }
}
