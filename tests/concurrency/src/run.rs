//! A run: one seed, one history, products of its own, and a judgement at the end.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use e2e::Shop;
use futures::FutureExt;
use serde_json::json;

use crate::checks::{Violation, judge};
use crate::client::Client;
use crate::emulator::Emulator;
use crate::history::{History, Recorder, Verdict};
use crate::levers::Levers;
use crate::rest::{PATIENCE, Rest};
use crate::scenarios::Scenario;
use crate::seed;
use crate::site::Site;
use crate::world::{Order, OrderStatus, World, read};

/// What the clients of a run share.
#[derive(Debug)]
pub struct Run {
    /// What it is called; a part of the name of its history's file.
    pub name: String,
    /// What it draws from.
    pub seed: u64,
    /// Where things are.
    pub site: Site,
    /// The levers of the e2e suite; holding it keeps other runs of this program away.
    pub shop: Shop,
    /// What breaks things.
    pub levers: Levers,
    /// Writes everything down.
    pub recorder: Recorder,
    /// Whoever runs the shop.
    pub admin: Client,
    pub(crate) http: reqwest::Client,
    pub(crate) emulator: Emulator,
    dead_before: BTreeMap<String, u64>,
    complaints: Mutex<Vec<Violation>>,
}

/// What the checks said of a run.
#[derive(Debug)]
pub struct Judgement {
    /// With which it can be made again.
    pub seed: u64,
    /// Everything that was asked and answered.
    pub file: PathBuf,
    /// How much happened.
    pub tally: Tally,
    /// What was wrong; nothing if all was right.
    pub violations: Vec<Violation>,
}

/// How much happened in a run: a proof over nothing proves nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    calls: usize,
    unknown: usize,
    orders: usize,
    charged: usize,
    cancelled: usize,
    refunds: usize,
}

impl Tally {
    fn of(world: &World, history: &History) -> Self {
        let cancelled = world.orders.iter().filter(|order| order.status == OrderStatus::Cancelled);
        Self {
            calls: history.calls.len(),
            unknown: history.calls.iter().filter(|call| call.verdict() == Verdict::Unknown).count(),
            orders: world.orders.len(),
            charged: world.intents.iter().filter(|intent| intent.captured() > 0).count(),
            cancelled: cancelled.count(),
            refunds: world.provider_refunds.len(),
        }
    }
}

impl Run {
    /// Begins a run on the stack, which it has for itself. Whatever an earlier one broke is mended.
    pub async fn open(name: &str, seed: u64) -> Self {
        let (shop, site, recorder) = (Shop::open_alone().await, Site::read(), Recorder::begin());
        // Clients set their own patience; this one is for the levers.
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60));
        let http = http.redirect(reqwest::redirect::Policy::none()).build();
        let http = http.unwrap_or_else(|error| panic!("an HTTP client can be made: {error}"));
        let emulator = Emulator::new(http.clone(), &site.stack);
        let levers = Levers::new(&http, &site, &emulator, &recorder);
        levers.mend().await;
        let mut dead_before = BTreeMap::new();
        for (queue, url) in &site.stack.dlqs {
            let depth = emulator.depth(url).await;
            dead_before.insert(queue.clone(), depth.visible + depth.in_flight);
        }
        let nobody = Client::first(http.clone(), &site.stack.api_url, recorder.clone()).guest("admin");
        let login = json!({ "email": site.stack.admin.email, "password": site.stack.admin.password });
        let session = nobody.post("/auth/login", login).until_known(5).await;
        let admin = nobody.logged_in(&session.body).unwrap_or_else(|| panic!("the admin logs in: {session:?}"));
        let (name, complaints) = (name.to_owned(), Mutex::default());
        Self { name, seed, site, shop, levers, recorder, admin, http, emulator, dead_before, complaints }
    }

    /// A scenario could not do what it had to: the proof would be less than it says.
    pub fn complains(&self, check: &'static str, what: String) {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).push(Violation { check, what });
    }

    /// The luck of whoever is called that.
    pub fn source(&self, name: &str) -> fastrand::Rng {
        seed::source(self.seed, name)
    }

    /// The world as it is now.
    pub async fn reads_world(&self) -> World {
        let raw = read(&self.http, &self.site, &self.emulator, &self.dead_before).await;
        raw.world(&self.recorder.history())
    }

    /// Every order there is in the stack, of this run or of anybody, with its history.
    pub async fn reads_every_order(&self) -> Vec<Order> {
        read(&self.http, &self.site, &self.emulator, &self.dead_before).await.orders(|_| true)
    }

    /// Mends everything, waits for rest, and asks the checks.
    pub async fn judged(&self, patience: Duration) -> Judgement {
        self.levers.mend().await;
        let Rest { world, restless } = self.comes_to_rest(patience).await;
        let history: History = self.recorder.history();
        let file = self.site.folder.join("concurrency").join(format!("{}-{}.jsonl", self.name, self.seed));
        history.write_to(&file).unwrap_or_else(|error| panic!("{} can be written: {error}", file.display()));
        let mut violations = std::mem::take(&mut *self.complaints.lock().unwrap_or_else(PoisonError::into_inner));
        violations.extend(restless.into_iter().map(|what| Violation { check: "rest", what }));
        violations.extend(judge(&world, &history));
        let tally = Tally::of(&world, &history);
        if tally.orders == 0 {
            violations.push(Violation { check: "something_happened", what: "nobody could order anything".to_owned() });
        }
        Judgement { seed: self.seed, file, tally, violations }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, unknown, orders, charged, cancelled, refunds } = self;
        write!(
            f,
            "{calls} calls, {unknown} without an answer; {orders} orders, {charged} charged, {cancelled} cancelled; {refunds} refunds"
        )
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in &self.violations {
            writeln!(f, "  {violation}")?;
        }
        write!(f, "SOUK_SEED={} makes it again; every call is in {}", self.seed, self.file.display())
    }
}

/// Plays scenarios side by side in a run of their own, and judges it.
pub async fn play(name: &str, seed: u64, scenarios: &[Scenario], patience: Duration) -> Judgement {
    play_in(&Run::open(name, seed).await, scenarios, patience).await
}

/// Plays scenarios side by side in that run, and judges it. If one panics, everything is mended before that is heard.
pub async fn play_in(run: &Run, scenarios: &[Scenario], patience: Duration) -> Judgement {
    let playing = futures::future::join_all(scenarios.iter().map(|scenario| scenario.play(run)));
    if let Err(panic) = AssertUnwindSafe(playing).catch_unwind().await {
        run.levers.mend().await;
        resume_unwind(panic);
    }
    run.judged(patience).await
}

/// Plays scenarios, and fails with all that is wrong.
pub async fn prove(name: &str, scenarios: &[Scenario]) {
    let seed = seed::from_environment();
    eprintln!("{name}: SOUK_SEED={seed}");
    let judgement = play(name, seed, scenarios, PATIENCE).await;
    eprintln!("{name}: {}", judgement.tally);
    assert!(judgement.violations.is_empty(), "{name} is not right:\n{judgement}");
}
