//! `make soak`: repeats the proof, each round with a new seed and other faults. `SOUK_SOAK_MINUTES` is the duration (30 if absent),
//! `SOUK_SEED` the first seed. Exits with an error at the first violation; the seed of that round repeats it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use concurrency::harness::play_scenarios;
use concurrency::quiescence::QUIESCENCE_TIMEOUT;
use concurrency::scenarios::Scenario;
use concurrency::seed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let minutes = std::env::var("SOUK_SOAK_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(30);
    let (started, mut round) = (Instant::now(), 0);
    let mut seed = seed::from_environment();
    // Many faults end in retries with long pauses.
    let timeout = QUIESCENCE_TIMEOUT * 2;
    while started.elapsed() < Duration::from_secs(minutes * 60) {
        round += 1;
        let scenarios = pick_scenarios(seed);
        eprintln!("round {round}: SOUK_SEED={seed} {scenarios:?}");
        let report = play_scenarios("soak", seed, &scenarios, timeout).await;
        eprintln!(
            "round {round}: {} ({:.0} minutes of {minutes})",
            report.counts,
            started.elapsed().as_secs_f32() / 60.0
        );
        if !report.violations.is_empty() {
            eprintln!("round {round} violates invariants:\n{report}");
            return ExitCode::FAILURE;
        }
        seed += 1;
    }
    eprintln!("{round} rounds without a violation.");
    ExitCode::SUCCESS
}

/// One scenario with faults, and two without faults beside it.
fn pick_scenarios(seed: u64) -> Vec<Scenario> {
    let mut random = seed::rng(seed, "soak");
    let with_faults = seed::pick_weighted(
        &mut random,
        &[(4, Scenario::AllFaults), (1, Scenario::Messages), (1, Scenario::Kills), (1, Scenario::FlashSale)],
    );
    let without_faults = random.choose_multiple(Scenario::WITHOUT_FAULTS, 2);
    [vec![with_faults], without_faults].concat()
}
