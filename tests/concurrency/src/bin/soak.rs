//! `make soak`: the proof for as long as one likes, each round with a new seed and other weather. `SOUK_SOAK_MINUTES` says how
//! long (30), `SOUK_SEED` where to begin. Ends with an error at the first round that is not right; its seed makes it again.

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
    // Storms end in outages whose pauses have grown.
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
            eprintln!("round {round} is not right:\n{report}");
            return ExitCode::FAILURE;
        }
        seed += 1;
    }
    eprintln!("{round} rounds, all right.");
    ExitCode::SUCCESS
}

/// A storm, or shuffled messages, and two peaceful scenarios beside it.
fn pick_scenarios(seed: u64) -> Vec<Scenario> {
    let mut random = seed::rng(seed, "soak");
    let with_faults =
        seed::pick_weighted(&mut random, &[(4, Scenario::AllFaults), (1, Scenario::Messages), (1, Scenario::Kills)]);
    let without_faults = random.choose_multiple(Scenario::WITHOUT_FAULTS, 2);
    [vec![with_faults], without_faults].concat()
}
