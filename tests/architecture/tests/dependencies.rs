//! Which way imports point: functions -> contexts -> kit -> values, never back. A test that fails here says what
//! to do about it; if the house itself has changed its mind, change ARCHITECTURE.md and the list below together.

use anyhow::{Result, ensure};
use architecture::{CONTEXTS, Layer, Workspace};

/// The only edges between contexts. Everything else travels as events.
const EDGES: [(&str, &str); 8] = [
    ("cart", "catalog"),
    ("orders", "catalog"),
    ("orders", "cart"),
    ("orders", "payments"),
    ("orders", "identity"),
    ("notifications", "identity"),
    ("notifications", "orders"),
    ("search", "catalog"),
];

/// Crates that are pure: no AWS, no HTTP, no runtime, not even through another crate.
const PURE: [&str; 3] = ["values", "pricing", "tabular"];

const IMPURE: [&str; 10] = [
    "axum",
    "http",
    "hyper",
    "reqwest",
    "tokio",
    "tower",
    "lambda_http",
    "lambda_runtime",
    "aws_lambda_events",
    "aws-kit",
];

/// One test may use another's support library: the proof drives the stack with the hands of the suite, and some fill a shop with
/// the same samples.
const AMONG_TESTS: [(&str, &str); 4] =
    [("concurrency", "e2e"), ("concurrency", "samples"), ("e2e", "samples"), ("bench", "samples")];

/// The two crates of the kit that glue Lambda to the contexts: `http-kit` runs an HTTP function, `aws-kit` reads SQS batches.
const LAMBDA_GLUE: [(&str, &str); 2] = [("http-kit", "lambda_http"), ("aws-kit", "aws_lambda_events")];

/// The crate that derives schemas. Not `schemars` itself: cargo lists it below `serde_with`, for a platform that does not exist.
const SCHEMAS: &str = "schemars_derive";

/// Fails with every finding, one a line, and then what to do.
fn none(findings: Vec<String>, what_to_do: &str) -> Result<()> {
    ensure!(findings.is_empty(), "\n  {}\n{what_to_do}\n", findings.join("\n  "));
    Ok(())
}

#[test]
fn every_crate_has_its_place() -> Result<()> {
    let workspace = Workspace::read()?;
    // An empty layer would make every rule below true and worth nothing.
    for layer in [Layer::Function, Layer::Context, Layer::Kit, Layer::Values, Layer::Test, Layer::Local] {
        ensure!(
            workspace.of(layer).count() > 0,
            "The rules see no crate in the layer {layer:?}: do they look in the right folder?"
        );
    }
    let lost = workspace.members.values().filter(|member| member.layer.is_none()).map(|member| member.name.clone());
    none(
        lost.collect(),
        "These crates are in no layer. A Lambda goes to functions/; a bounded context or a crate of the kit goes to shared/ and into \
         CONTEXTS or KIT of tests/architecture/src/lib.rs; a test goes to tests/.",
    )?;
    let misnamed = workspace.of(Layer::Function).filter(|function| !function.name.starts_with("fn-"));
    none(
        misnamed.map(|function| function.name.clone()).collect(),
        "Name a function's crate `fn-<folder>`, so that it cannot be taken for a context.",
    )
}

#[test]
fn imports_point_downwards() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut upwards = Vec::new();
    for member in workspace.members.values() {
        for below in member.depends_on.iter().filter_map(|name| workspace.member(name)) {
            let sideways = matches!(member.layer, Some(Layer::Context | Layer::Kit)) && member.layer == below.layer;
            let among_tests = AMONG_TESTS.contains(&(member.name.as_str(), below.name.as_str()));
            if member.layer >= below.layer && !sideways && !among_tests {
                upwards.push(format!(
                    "{} ({:?}) depends on {} ({:?})",
                    member.name, member.layer, below.name, below.layer
                ));
            }
        }
    }
    none(
        upwards,
        "Imports point functions -> contexts -> kit -> values. Move what both need down a layer, hand it in as an argument, or send an \
         event. Functions never depend on each other, and nothing depends on a test.",
    )
}

#[test]
fn contexts_depend_on_each_other_only_by_listed_edges() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut unknown = Vec::new();
    for context in workspace.of(Layer::Context) {
        for other in context.depends_on.iter().filter(|name| CONTEXTS.contains(&name.as_str())) {
            if !EDGES.contains(&(context.name.as_str(), other.as_str())) {
                unknown.push(format!("{} -> {other}", context.name));
            }
        }
    }
    none(
        unknown,
        "This edge between contexts is not listed. Tell the other context by an event; if it has to be in one transaction, \
         the edge needs a decision (ARCHITECTURE.md) and a line in EDGES.",
    )
}

#[test]
fn contexts_know_no_http() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut findings = Vec::new();
    for context in workspace.of(Layer::Context) {
        for name in ["http-kit", "axum", "lambda_http", "tower"] {
            if context.depends_on.contains(name) {
                findings.push(format!("{} depends on {name}", context.name));
            }
        }
    }
    none(findings, "A context's errors and results know nothing of HTTP: shape them in the function that serves them.")
}

#[test]
fn only_functions_are_lambdas() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut findings = Vec::new();
    for member in workspace.members.values().filter(|member| member.layer != Some(Layer::Function)) {
        for name in member.depends_on.iter().filter(|name| name.starts_with("lambda_") || *name == "aws_lambda_events")
        {
            let is_glue = LAMBDA_GLUE.contains(&(member.name.as_str(), name.as_str()));
            // The bench's bare hello world is a Lambda too, and no part of souk. The local program has the `main.rs` of the functions.
            if !is_glue && !matches!(member.layer, Some(Layer::Test | Layer::Local)) {
                findings.push(format!("{} depends on {name}", member.name));
            }
        }
    }
    none(
        findings,
        "Only functions (and the two crates of the kit that run them) know that they run on Lambda: move the trigger there.",
    )
}

#[test]
fn values_and_pricing_are_pure() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut findings = Vec::new();
    for name in PURE {
        let below = workspace.everything_below(name);
        ensure!(!below.is_empty(), "{name} stands on nothing: does the rule see what cargo resolved?");
        for (below, way) in below {
            if IMPURE.contains(&below.as_str()) || below.starts_with("aws-") {
                findings.push(way);
            }
        }
    }
    none(
        findings,
        "Money, ids and prices are computed without AWS, HTTP or a runtime: take that dependency out, or its feature.",
    )
}

#[test]
fn functions_carry_no_schemas() -> Result<()> {
    let (all_features, default) = (Workspace::read()?, Workspace::read_default()?);
    ensure!(
        all_features.everything_below("fn-orders").contains_key(SCHEMAS),
        "fn-orders has no schemas even with all features: does this rule look for the right crate?"
    );
    let mut findings = Vec::new();
    for function in default.of(Layer::Function) {
        findings.extend(default.everything_below(&function.name).remove(SCHEMAS));
    }
    none(
        findings,
        "Schemas are for tests/contract alone. Write `schemars = { workspace = true, optional = true }`, turn it on in the feature \
         `openapi`, and turn `openapi` on in no default feature and in no line of a dependency.",
    )
}

#[test]
fn the_black_box_stays_outside() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut findings = Vec::new();
    for judge in ["e2e", "fakes", "concurrency"] {
        let below = workspace.everything_below(judge);
        let below = below.keys().filter(|name| !AMONG_TESTS.contains(&(judge, name.as_str())));
        for below in below.filter_map(|name| workspace.member(name)) {
            findings.push(format!("{judge} -> {}", below.name));
        }
    }
    none(
        findings,
        "The black-box suite and its fakes see souk over HTTP and queues alone, or they would share its mistakes.",
    )
}

#[test]
fn aws_crates_come_without_default_features() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut findings = Vec::new();
    for member in workspace.members.values() {
        for name in &member.with_default_features {
            let trimmed = ["aws-config", "aws_lambda_events", "lambda_http", "lambda_runtime"].contains(&name.as_str());
            if trimmed || name.starts_with("aws-sdk-") {
                findings.push(format!("{} takes {name} with its default features", member.name));
            }
        }
    }
    let old = workspace.versions_of("hyper").into_iter().filter(|version| version.starts_with("0."));
    findings.extend(old.map(|version| format!("hyper {version} is linked: the old TLS stack is back")));
    none(
        findings,
        "One AWS crate on its defaults brings the old TLS stack back for all of them: write `default-features = false` \
         in the root's [workspace.dependencies] and `name.workspace = true` in the crate.",
    )
}

#[test]
fn clients_of_aws_have_no_http2() -> Result<()> {
    let workspace = Workspace::read()?;
    ensure!(
        !workspace.versions_of("hyper").is_empty(),
        "hyper is not linked: does this rule look for the right crate?"
    );
    let linked = ["h2", "aws-smithy-http-client"].into_iter().flat_map(|name| {
        let versions = workspace.versions_of(name).into_iter();
        versions.map(move |version| format!("{name} {version} is linked"))
    });
    none(
        linked.collect(),
        "HTTP/2 makes every function larger (docs/adr/0034): write `default-features = false` and no `default-https-client` for the crate \
         of AWS, and no `http2` for reqwest or hyper. `cargo tree -e features -i h2` says who asks for it.",
    )
}
