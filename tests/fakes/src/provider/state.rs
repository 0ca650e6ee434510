//! Everything that the fake provider stores.

use std::sync::{Arc, Mutex};

use super::faults::Faults;
use super::idempotency::Keys;
use super::ids::Ids;
use super::ledger::Ledger;
use super::webhooks::Webhooks;

/// The provider's state, behind one lock: a request takes effect as a whole or not at all.
#[derive(Debug)]
pub(crate) struct ProviderState {
    pub(crate) ledger: Ledger,
    pub(crate) keys: Keys,
    pub(crate) faults: Faults,
    pub(crate) ids: Ids,
    pub(crate) webhooks: Arc<Webhooks>,
}

pub(crate) type Shared = Arc<Mutex<ProviderState>>;

/// An empty provider.
pub(crate) fn new() -> Shared {
    let state = ProviderState {
        ledger: Ledger::default(),
        keys: Keys::default(),
        faults: Faults::default(),
        ids: Ids::new(),
        webhooks: Arc::new(Webhooks::new()),
    };
    Arc::new(Mutex::new(state))
}
