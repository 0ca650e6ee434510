//! `make mutants`: souk is broken on purpose, in one way after another, and the check whose business that is has to object.
//! Arguments are names of mutants; without any, all are tried. Ends with an error if one was not noticed.

use std::process::ExitCode;

use concurrency::mutants::{Fate, MUTANTS, try_out};
use concurrency::seed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let seed = seed::from_environment();
    eprintln!("SOUK_SEED={seed}");
    let mut fates = Vec::new();
    for mutant in
        MUTANTS.into_iter().filter(|mutant| wanted.is_empty() || wanted.iter().any(|name| name == mutant.name))
    {
        let fate = try_out(mutant, seed).await;
        eprintln!("{}", line(&fate));
        fates.push(fate);
    }
    let survivors: Vec<&str> =
        fates.iter().filter(|fate| !fate.unnoticed_by.is_empty()).map(|fate| fate.mutant.name).collect();
    eprintln!("\n{} mutants, {} noticed", fates.len(), fates.len() - survivors.len());
    if fates.is_empty() || !survivors.is_empty() {
        eprintln!("not noticed: {}", survivors.join(", "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// A line of the table: the mutant, what became of it, and the first thing that a check said.
fn line(fate: &Fate) -> String {
    let name = fate.mutant.name;
    if !fate.unnoticed_by.is_empty() {
        let others: Vec<&str> = fate.violations.iter().map(|violation| violation.check).collect();
        return format!("{name:<24} SURVIVED {}; others said {others:?}", fate.unnoticed_by.join(", "));
    }
    let said = fate.violations.iter().find(|violation| fate.mutant.noticed_by.contains(&violation.check));
    let said = said.map(ToString::to_string).unwrap_or_default();
    format!("{name:<24} noticed  {said}")
}
