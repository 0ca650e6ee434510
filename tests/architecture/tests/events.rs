//! The suite of forged events knows every event type, and which context makes it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use architecture::Workspace;

/// The pairs of a context and a type that the sources of `events` have: `("orders", "order.created")`.
fn made(types: &str, contexts: &str) -> Result<BTreeSet<(String, String)>> {
    let mut pairs = BTreeSet::new();
    let matched = contexts.split("match self {").nth(1).context("context.rs has no match")?;
    for arms in matched.split(',').filter_map(|arms| arms.split_once("=> Context::")) {
        let variants = arms.0.split("Self::").skip(1).filter_map(|variant| variant.split('(').next());
        for variant in variants {
            let arm = format!("Self::{variant}(_) => \"");
            let name = types.split_once(&arm).and_then(|(_, rest)| rest.split('"').next());
            let name = name.with_context(|| format!("types.rs has no name for {variant}"))?;
            pairs.insert((arms.1.trim().to_lowercase(), name.to_owned()));
        }
    }
    Ok(pairs)
}

/// The pairs of `EVENT_TYPES`: a name without a dot is a context, and the names after it are its events.
fn forged(suite: &str) -> Result<BTreeSet<(String, String)>> {
    let table = suite.split("EVENT_TYPES").nth(1).and_then(|rest| rest.split("];").next());
    let (mut pairs, mut context) = (BTreeSet::new(), "");
    for name in table.context("forged.rs has no EVENT_TYPES")?.split('"').skip(1).step_by(2) {
        match name.contains('.') {
            true => drop(pairs.insert((context.to_owned(), name.to_owned()))),
            false => context = name,
        }
    }
    Ok(pairs)
}

#[test]
fn suite_forges_every_event_of_every_context() -> Result<()> {
    let root = Workspace::read()?.root;
    let read = |path: &str| std::fs::read_to_string(root.join(path)).with_context(|| path.to_owned());
    let made = made(&read("shared/events/src/types.rs")?, &read("shared/events/src/context.rs")?)?;
    let forged = forged(&read("tests/e2e/src/forged.rs")?)?;
    ensure!(made.len() > 30, "the events of context.rs were not read: {made:?}");
    let different: Vec<_> = made.symmetric_difference(&forged).collect();
    ensure!(different.is_empty(), "EVENT_TYPES of tests/e2e/src/forged.rs and context.rs differ in {different:?}");
    Ok(())
}
