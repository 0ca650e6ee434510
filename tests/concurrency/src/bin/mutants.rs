//! `make mutants`: breaks souk in one way after another. The checks named for each mutant have to report a violation.
//! Arguments are names of mutants; without arguments all are tested. Exits with an error if a mutant was not detected.

use std::process::ExitCode;

use concurrency::harness::{MutantResult, run_mutant};
use concurrency::mutants::MUTANTS;
use concurrency::seed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let seed = seed::from_environment();
    eprintln!("SOUK_SEED={seed}");
    let mut results = Vec::new();
    for mutant in MUTANTS.into_iter().filter(|mutant| names.is_empty() || names.iter().any(|name| name == mutant.name))
    {
        let result = run_mutant(mutant, seed).await;
        eprintln!("{}", line(&result));
        results.push(result);
    }
    let survivors: Vec<&str> =
        results.iter().filter(|result| !result.missed_by.is_empty()).map(|result| result.mutant.name).collect();
    eprintln!("\n{} mutants, {} detected", results.len(), results.len() - survivors.len());
    if results.is_empty() || !survivors.is_empty() {
        eprintln!("not detected: {}", survivors.join(", "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// A line of the table: the mutant, its result, and the first violation.
fn line(result: &MutantResult) -> String {
    let name = result.mutant.name;
    if !result.missed_by.is_empty() {
        let others: Vec<&str> = result.violations.iter().map(|violation| violation.check).collect();
        return format!("{name:<24} SURVIVED {}; other violations: {others:?}", result.missed_by.join(", "));
    }
    let finding = result.violations.iter().find(|violation| result.mutant.detected_by.contains(&violation.check));
    let finding = finding.map(ToString::to_string).unwrap_or_default();
    format!("{name:<24} detected {finding}")
}
