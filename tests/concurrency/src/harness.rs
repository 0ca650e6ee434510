//! Plays scenarios in a run, waits until all work has ended, and runs the checks.

use std::fmt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::time::Duration;

use futures::FutureExt;

use crate::checks::{Violation, check_all, without_subjects};
use crate::history::{Effect, History};
use crate::mutants::{Mutant, detecting_checks};
use crate::observed::{ObservedState, OrderStatus};
use crate::quiescence::{QUIESCENCE_TIMEOUT, Quiescence};
use crate::run::Run;
use crate::scenarios::Scenario;
use crate::seed;

/// Long enough for a hold and its events. A mutant's broken work often never ends, so the wait is shorter than elsewhere.
const MUTANT_TIMEOUT: Duration = Duration::from_secs(75);

/// The result of a run.
#[derive(Debug)]
pub struct Report {
    /// The same seed repeats the run.
    pub seed: u64,
    /// The history, as JSON lines.
    pub file: PathBuf,
    pub counts: RunCounts,
    /// Empty if all invariants hold.
    pub violations: Vec<Violation>,
}

/// How much happened in a run. A run without orders proves nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunCounts {
    calls: usize,
    unknown: usize,
    orders: usize,
    charged: usize,
    cancelled: usize,
    refunds: usize,
}

impl RunCounts {
    fn of(state: &ObservedState, history: &History) -> Self {
        let cancelled = state.orders.iter().filter(|order| order.status == OrderStatus::Cancelled);
        Self {
            calls: history.calls.len(),
            unknown: history.calls.iter().filter(|call| call.effect() == Effect::Unknown).count(),
            orders: state.orders.len(),
            charged: state.intents.iter().filter(|intent| intent.captured() > 0).count(),
            cancelled: cancelled.count(),
            refunds: state.provider_refunds.len(),
        }
    }
}

impl fmt::Display for RunCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, unknown, orders, charged, cancelled, refunds } = self;
        write!(
            f,
            "{calls} calls, {unknown} without a response; {orders} orders, {charged} charged, {cancelled} cancelled; {refunds} refunds"
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in &self.violations {
            writeln!(f, "  {violation}")?;
        }
        write!(f, "SOUK_SEED={} repeats the run; its history is in {}", self.seed, self.file.display())
    }
}

/// Plays scenarios side by side in a new run, and checks the invariants.
pub async fn play_scenarios(name: &str, seed: u64, scenarios: &[Scenario], timeout: Duration) -> Report {
    play_in_run(&Run::open(name, seed).await, scenarios, timeout).await
}

/// Plays scenarios side by side in this run, and checks the invariants. If a scenario panics, all faults are reset first.
pub async fn play_in_run(run: &Run, scenarios: &[Scenario], timeout: Duration) -> Report {
    let playing = futures::future::join_all(scenarios.iter().map(|scenario| scenario.play(run)));
    if let Err(panic) = AssertUnwindSafe(playing).catch_unwind().await {
        run.faults.reset().await;
        resume_unwind(panic);
    }
    finish(run, scenarios, timeout).await
}

/// Plays scenarios with the seed of the environment. Panics with all violations.
pub async fn assert_invariants_hold(name: &str, scenarios: &[Scenario]) {
    let seed = seed::from_environment();
    eprintln!("{name}: SOUK_SEED={seed}");
    let report = play_scenarios(name, seed, scenarios, QUIESCENCE_TIMEOUT).await;
    eprintln!("{name}: {}", report.counts);
    assert!(report.violations.is_empty(), "{name} violates invariants:\n{report}");
}

/// The result of testing a mutant.
#[derive(Debug)]
pub struct MutantResult {
    pub mutant: Mutant,
    /// All violations that were reported.
    pub violations: Vec<Violation>,
    /// Checks that should have reported a violation and did not. Empty if the mutant was detected.
    pub missed_by: Vec<&'static str>,
}

/// Plays a mutant's scenarios while it is enabled, and empties all queues afterwards.
pub async fn run_mutant(mutant: Mutant, seed: u64) -> MutantResult {
    let run = Run::open(&format!("mutant-{}", mutant.name), seed).await;
    run.faults.process.enable_mutant(mutant.name);
    let report = play_in_run(&run, mutant.scenarios, MUTANT_TIMEOUT).await;
    run.faults.process.disable_mutant(mutant.name);
    // Messages that cannot succeed would be retried for a day.
    for url in run.test_stack.stack.queues.values().chain(run.test_stack.stack.dlqs.values()) {
        run.emulator.purge(url).await;
    }
    let is_violated = |name: &str| report.violations.iter().any(|violation| violation.check == name);
    let missed_by = mutant.detected_by.iter().copied().filter(|name| !is_violated(name)).collect();
    MutantResult { mutant, violations: report.violations, missed_by }
}

/// Resets all faults, waits for quiescence, writes the history and runs the checks.
async fn finish(run: &Run, scenarios: &[Scenario], timeout: Duration) -> Report {
    run.faults.reset().await;
    let Quiescence { state, pending_work } = run.await_quiescence(timeout).await;
    let history: History = run.recorder.history();
    let file = run.test_stack.folder.join("concurrency").join(format!("{}-{}.jsonl", run.name, run.seed));
    history.write_to(&file).unwrap_or_else(|error| panic!("{} cannot be written: {error}", file.display()));
    let mut violations = run.take_violations();
    violations.extend(pending_work.into_iter().map(|message| Violation { check: "quiescence", message }));
    violations.extend(check_all(&state, &history));
    violations.extend(without_subjects(&detecting_checks(scenarios), &state, &history));
    let counts = RunCounts::of(&state, &history);
    if counts.orders == 0 {
        violations.push(Violation { check: "orders_placed", message: "no order was placed".to_owned() });
    }
    Report { seed: run.seed, file, counts, violations }
}
