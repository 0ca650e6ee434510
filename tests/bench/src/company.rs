//! All functions, running, and the book in which every step they take is written down.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::budgets::FUNCTIONS;
use crate::meter::{Call, Meter, Purpose, Upstream, trips};
use crate::sandbox::{Environment, Sandbox};
use crate::start::{HELLO, file_name};
use crate::statistics::millis;
use crate::world::World;

/// Something that one function does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) function: &'static str,
    pub(crate) does: &'static str,
    /// House budget in round trips, if it has one.
    pub(crate) trips: Option<usize>,
}

/// All invocations of a step.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) step: Step,
    pub(crate) walls_ms: Vec<f64>,
    pub(crate) cpu: Duration,
    /// Of each invocation; empty where nothing was metered.
    pub(crate) calls: Vec<Vec<Call>>,
}

impl Record {
    fn new(step: Step) -> Self {
        Self { step, walls_ms: Vec::new(), cpu: Duration::ZERO, calls: Vec::new() }
    }

    /// Round trips of the worst invocation.
    pub(crate) fn most_trips(&self) -> usize {
        self.calls.iter().map(|calls| trips(calls)).max().unwrap_or_default()
    }

    /// The calls of the last invocation: whatever a sandbox learns once is known by then.
    pub(crate) fn steady(&self) -> &[Call] {
        self.calls.last().map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn cpu_ms_each(&self) -> f64 {
        millis(self.cpu) / self.walls_ms.len().max(1) as f64
    }

    /// What most invocations read anew, milliseconds after the last, is not kept: then it is part of the work.
    fn judge_caches(&mut self) {
        let reading = |operation: &str| {
            let reads = |call: &Call| call.purpose == Purpose::Cached && call.operation == operation;
            self.calls.iter().filter(|calls| calls.iter().any(reads)).count()
        };
        let names: BTreeSet<String> = self
            .calls
            .iter()
            .flatten()
            .filter(|call| call.purpose == Purpose::Cached)
            .map(|call| call.operation.clone())
            .collect();
        let repeated: BTreeSet<String> =
            names.into_iter().filter(|name| self.calls.len() > 2 && 2 * reading(name) > self.calls.len()).collect();
        for call in self.calls.iter_mut().flatten() {
            if call.purpose == Purpose::Cached && repeated.contains(&call.operation) {
                call.purpose = Purpose::Work;
            }
        }
    }
}

/// One invocation, and what the function did meanwhile.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) answer: Value,
    pub(crate) wall_ms: f64,
    /// Those that are watched.
    pub(crate) calls: Vec<Call>,
    pub(crate) log_bytes: u64,
}

/// What is written down of the functions' calls: a meter in between takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watch {
    /// Each of them: for counts and capacity.
    Everything,
    /// All but DynamoDB's, which are the most: for times, where the bench plays the queues.
    Queues,
    /// None: for times.
    Nothing,
}

/// The functions of a world.
#[derive(Debug)]
pub(crate) struct Company {
    sandboxes: BTreeMap<&'static str, Sandbox>,
    meters: Vec<Meter>,
    book: Vec<Record>,
}

impl Company {
    /// Starts all of them. `changed` are variables that differ from the deployed ones.
    pub(crate) async fn start(
        world: &World,
        functions: &Path,
        logs: &Path,
        watch: Watch,
        changed: &Environment,
    ) -> Result<Self> {
        let mut meters = Vec::new();
        let mut watched = Environment::new();
        if watch != Watch::Nothing {
            let aws = Meter::before(&world.stack.emulator_url, Upstream::Aws).await?;
            watched.insert("AWS_ENDPOINT_URL".to_owned(), aws.url());
            meters.push(aws);
        }
        if watch == Watch::Queues {
            // A service's own endpoint goes before the general one; functions know that of DynamoDB.
            watched.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), world.stack.emulator_url.clone());
        }
        if watch == Watch::Everything {
            let url = world.provider().context("payments-worker is deployed without SOUK_STRIPE_URL")?;
            let provider = Meter::before(url, Upstream::Provider).await?;
            watched.insert("SOUK_STRIPE_URL".to_owned(), provider.url());
            meters.push(provider);
        }
        let mut sandboxes = BTreeMap::new();
        for name in std::iter::once(HELLO).chain(FUNCTIONS) {
            let mut environment = world.environment(name);
            for (variable, value) in watched.iter().chain(changed) {
                // Only what a function has been given otherwise, or the SDK's own.
                if variable.starts_with("AWS_") || environment.contains_key(variable) {
                    environment.insert(variable.clone(), value.clone());
                }
            }
            let program = functions.join(file_name(name));
            let log = logs.join(format!("{name}.log"));
            let (sandbox, _) = Sandbox::start(name, &[program.as_os_str()], &environment, &log).await?;
            sandboxes.insert(name, sandbox);
        }
        Ok(Self { sandboxes, meters, book: Vec::new() })
    }

    /// Lets a function handle an event.
    pub(crate) async fn invoke(&mut self, function: &'static str, event: &Value) -> Result<Visit> {
        // What went on before, starts above all, is not of it.
        drop(self.calls());
        let sandbox = self.sandbox(function)?;
        let logged = sandbox.log_bytes();
        let invocation = sandbox.invoke(event).await?;
        let log_bytes = sandbox.log_bytes() - logged;
        Ok(Visit { answer: invocation.answer, wall_ms: millis(invocation.wall), calls: self.calls(), log_bytes })
    }

    /// Lets a function handle these events, one after the other, and writes it down; the answers.
    pub(crate) async fn perform(&mut self, step: Step, events: Vec<Value>) -> Result<Vec<Value>> {
        let record = match self.book.iter().position(|record| record.step == step) {
            Some(known) => known,
            None => {
                self.book.push(Record::new(step));
                self.book.len() - 1
            }
        };
        let before = self.sandbox(step.function)?.cpu_time().await?;
        let mut answers = Vec::with_capacity(events.len());
        for event in &events {
            let visit = self.invoke(step.function, event).await;
            let visit = visit.with_context(|| format!("{} / {}", step.function, step.does))?;
            self.book[record].walls_ms.push(visit.wall_ms);
            if !self.meters.is_empty() {
                self.book[record].calls.push(visit.calls);
            }
            answers.push(done(step.function, step.does, visit.answer)?);
        }
        let after = self.sandbox(step.function)?.cpu_time().await?;
        self.book[record].cpu += after - before;
        Ok(answers)
    }

    fn sandbox(&mut self, function: &str) -> Result<&mut Sandbox> {
        self.sandboxes.get_mut(function).with_context(|| format!("there is no function {function}"))
    }

    fn calls(&self) -> Vec<Call> {
        self.meters.iter().flat_map(Meter::take).collect()
    }

    /// The book, in the order of the flow; the functions are stopped.
    pub(crate) fn close(mut self) -> Vec<Record> {
        self.book.iter_mut().for_each(Record::judge_caches);
        self.book
    }
}

/// What a function answered; an error unless it did what it was asked: there is no sense in measuring failures.
pub(crate) fn done(function: &str, does: &str, answer: Value) -> Result<Value> {
    let failures = answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty());
    let status = answer["statusCode"].as_u64();
    let body = answer["body"].as_str();
    if failures || status.is_some_and(|status| !(200..300).contains(&status)) {
        let said = match (status, body) {
            (Some(status), Some(body)) => format!("{status} {body}"),
            _ => answer.to_string(),
        };
        bail!("{function} could not `{does}`: {said} (its log tells more)");
    }
    match (status, body) {
        (Some(_), Some(text)) => Ok(serde_json::from_str(text).unwrap_or(Value::Null)),
        _ => Ok(answer),
    }
}

/// Calls of one purpose.
pub(crate) fn of(calls: &[Call], purpose: Purpose) -> impl Iterator<Item = &Call> {
    calls.iter().filter(move |call| call.purpose == purpose)
}
