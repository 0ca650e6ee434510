//! All functions, running, and the book in which every step they take is written down.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::budgets::FUNCTIONS;
use crate::meter::{Call, Meter, Purpose, Upstream, trips};
use crate::sandbox::Sandbox;
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

/// The functions of a world.
#[derive(Debug)]
pub(crate) struct Company {
    sandboxes: BTreeMap<&'static str, Sandbox>,
    meters: Vec<Meter>,
    book: Vec<Record>,
}

impl Company {
    /// With meters between them and AWS: for calls and capacity.
    pub(crate) async fn metered(world: &World, functions: &Path, logs: &Path) -> Result<Self> {
        let aws = Meter::before(&world.stack.emulator_url, Upstream::Aws).await?;
        let url = world.provider().context("payments-worker is deployed without SOUK_STRIPE_URL")?;
        let provider = Meter::before(url, Upstream::Provider).await?;
        Self::start(world, functions, logs, vec![aws, provider]).await
    }

    /// With nothing between them and AWS: for times.
    pub(crate) async fn direct(world: &World, functions: &Path, logs: &Path) -> Result<Self> {
        Self::start(world, functions, logs, Vec::new()).await
    }

    async fn start(world: &World, functions: &Path, logs: &Path, meters: Vec<Meter>) -> Result<Self> {
        let mut sandboxes = BTreeMap::new();
        let aws = meters.first().map_or_else(|| world.stack.emulator_url.clone(), Meter::url);
        for name in std::iter::once(HELLO).chain(FUNCTIONS) {
            let mut environment = world.environment(name, &aws);
            if let (Some(provider), Some(url)) = (meters.get(1), environment.get_mut("SOUK_STRIPE_URL")) {
                *url = provider.url();
            }
            let program = functions.join(file_name(name));
            let log = logs.join(format!("{name}.log"));
            let (sandbox, _) = Sandbox::start(name, &program, &environment, &log).await?;
            sandboxes.insert(name, sandbox);
        }
        Ok(Self { sandboxes, meters, book: Vec::new() })
    }

    /// Lets a function handle these events, one after the other, and writes it down; the answers.
    pub(crate) async fn perform(&mut self, step: Step, events: Vec<Value>) -> Result<Vec<Value>> {
        let sandbox = self.sandboxes.get_mut(step.function).context("no such function")?;
        let record = match self.book.iter().position(|record| record.step == step) {
            Some(known) => known,
            None => {
                self.book.push(Record::new(step));
                self.book.len() - 1
            }
        };
        let record = &mut self.book[record];
        let calls = |meters: &[Meter]| meters.iter().flat_map(Meter::take).collect::<Vec<_>>();
        // What went on before this step, starts above all, is not of it.
        drop(calls(&self.meters));
        let before = sandbox.cpu_time().await?;
        let mut answers = Vec::with_capacity(events.len());
        for event in &events {
            let invocation =
                sandbox.invoke(event).await.with_context(|| format!("{} / {}", step.function, step.does))?;
            record.walls_ms.push(millis(invocation.wall));
            if !self.meters.is_empty() {
                record.calls.push(calls(&self.meters));
            }
            answers.push(body(step, invocation.answer)?);
        }
        record.cpu += sandbox.cpu_time().await? - before;
        Ok(answers)
    }

    /// The book, in the order of the flow; the functions are stopped.
    pub(crate) fn close(mut self) -> Vec<Record> {
        self.book.iter_mut().for_each(Record::judge_caches);
        self.book
    }
}

/// What a function answered; an error unless it did what it was asked: there is no sense in measuring failures.
fn body(step: Step, answer: Value) -> Result<Value> {
    let failures = answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty());
    let status = answer["statusCode"].as_u64();
    if failures || status.is_some_and(|status| !(200..300).contains(&status)) {
        bail!("{} could not `{}`: {answer}\nIts log tells why.", step.function, step.does);
    }
    match (status, answer["body"].as_str()) {
        (Some(_), Some(text)) => Ok(serde_json::from_str(text).unwrap_or(Value::Null)),
        _ => Ok(answer),
    }
}

/// Calls of one purpose.
pub(crate) fn of(calls: &[Call], purpose: Purpose) -> impl Iterator<Item = &Call> {
    calls.iter().filter(move |call| call.purpose == purpose)
}
