//! `make soak`: the proof for as long as one likes, each round with a new seed and other weather. `SOUK_SOAK_MINUTES` says how
//! long (30), `SOUK_SEED` where to begin. Ends with an error at the first round that is not right; its seed makes it again.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use concurrency::rest::PATIENCE;
use concurrency::run::play;
use concurrency::scenarios::Scenario;
use concurrency::seed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let minutes = std::env::var("SOUK_SOAK_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(30);
    let (begun, mut round) = (Instant::now(), 0);
    let mut seed = seed::from_environment();
    // Storms end in outages whose pauses have grown.
    let patience = PATIENCE * 2;
    while begun.elapsed() < Duration::from_secs(minutes * 60) {
        round += 1;
        let scenarios = drawn(seed);
        eprintln!("round {round}: SOUK_SEED={seed} {scenarios:?}");
        let judgement = play("soak", seed, &scenarios, patience).await;
        eprintln!(
            "round {round}: {} ({:.0} minutes of {minutes})",
            judgement.tally,
            begun.elapsed().as_secs_f32() / 60.0
        );
        if !judgement.violations.is_empty() {
            eprintln!("round {round} is not right:\n{judgement}");
            return ExitCode::FAILURE;
        }
        seed += 1;
    }
    eprintln!("{round} rounds, all right.");
    ExitCode::SUCCESS
}

/// A storm, or shuffled messages, and two peaceful scenarios beside it.
fn drawn(seed: u64) -> Vec<Scenario> {
    let mut random = seed::source(seed, "soak");
    let loud = seed::weighted(&mut random, &[(4, Scenario::Storm), (1, Scenario::Messages), (1, Scenario::Kills)]);
    let quiet = random.choose_multiple(Scenario::PEACEFUL, 2);
    [vec![loud], quiet].concat()
}
