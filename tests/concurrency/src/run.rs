//! A run: the stack under test, one seed, one history and the clients that act.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use e2e::Shop;
use serde_json::json;

use crate::checks::Violation;
use crate::client::Client;
use crate::emulator::Emulator;
use crate::fault_injection::FaultInjection;
use crate::history::Recorder;
use crate::observed::{ObservedState, Order, read};
use crate::seed;
use crate::test_stack::TestStack;

/// What the scenarios of a run share.
#[derive(Debug)]
pub struct Run {
    /// Part of the name of the history's file.
    pub name: String,
    /// All random decisions of the run follow from it.
    pub seed: u64,
    pub test_stack: TestStack,
    /// The e2e suite's access to the shop. Holding it keeps other runs of this program away.
    pub shop: Shop,
    pub faults: FaultInjection,
    pub recorder: Recorder,
    /// Logged in as the shop's admin.
    pub admin: Client,
    pub(crate) http: reqwest::Client,
    pub(crate) emulator: Emulator,
    dlq_depths_before: BTreeMap<String, u64>,
    violations: Mutex<Vec<Violation>>,
}

impl Run {
    /// Starts a run that has the stack for itself. Resets all faults of earlier runs first.
    pub async fn open(name: &str, seed: u64) -> Self {
        let (shop, test_stack, recorder) = (Shop::open_alone().await, TestStack::read(), Recorder::begin());
        // Each client sets its own timeout. This one is for the control planes of the fakes.
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60));
        let http = http.redirect(reqwest::redirect::Policy::none()).build();
        let http = http.unwrap_or_else(|error| panic!("the HTTP client cannot be built: {error}"));
        let emulator = Emulator::new(http.clone(), &test_stack.stack);
        let faults = FaultInjection::new(&http, &test_stack, &emulator, &recorder);
        faults.reset().await;
        let mut dlq_depths_before = BTreeMap::new();
        for (queue, url) in &test_stack.stack.dlqs {
            let depth = emulator.depth(url).await;
            dlq_depths_before.insert(queue.clone(), depth.visible + depth.in_flight);
        }
        let guest = Client::new(http.clone(), &test_stack.stack.api_url, recorder.clone()).guest("admin");
        let login = json!({ "email": test_stack.stack.admin.email, "password": test_stack.stack.admin.password });
        let session = guest.post("/auth/login", login).retry_until_known(5).await;
        let admin = guest.with_session(&session.body).unwrap_or_else(|| panic!("the admin cannot log in: {session:?}"));
        let (name, violations) = (name.to_owned(), Mutex::default());
        Self { name, seed, test_stack, shop, faults, recorder, admin, http, emulator, dlq_depths_before, violations }
    }

    /// Records that a scenario could not do its part. Such a run proves less than it claims, so it fails.
    pub fn add_violation(&self, check: &'static str, message: String) {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).push(Violation { check, message });
    }

    /// Removes and returns the violations that scenarios recorded.
    pub(crate) fn take_violations(&self) -> Vec<Violation> {
        std::mem::take(&mut *self.violations.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The random number generator of the actor with this name.
    pub fn rng(&self, name: &str) -> fastrand::Rng {
        seed::rng(self.seed, name)
    }

    /// Reads the present state, as far as it belongs to this run.
    pub async fn observe(&self) -> ObservedState {
        let raw = read(&self.http, &self.test_stack, &self.emulator, &self.dlq_depths_before).await;
        raw.for_history(&self.recorder.history())
    }

    /// Reads all orders of the stack with their histories, whichever run or suite placed them.
    pub async fn read_every_order(&self) -> Vec<Order> {
        read(&self.http, &self.test_stack, &self.emulator, &self.dlq_depths_before).await.orders(|_| true)
    }
}
