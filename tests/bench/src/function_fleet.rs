//! All running functions, and the records of their operations.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::bench_resources::BenchResources;
use crate::execution_environment::{ExecutionEnvironment, Variables};
use crate::meter::{Call, Meter, Purpose, Upstream, trips};
use crate::process;
use crate::start::file_name;
use crate::statistics::millis;

/// An operation of one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) function: &'static str,
    pub(crate) name: &'static str,
    /// The budget in round trips, if it has one.
    pub(crate) max_trips: Option<usize>,
}

/// All invocations of an operation.
#[derive(Debug)]
pub(crate) struct OperationRecord {
    pub(crate) operation: Operation,
    pub(crate) walls_ms: Vec<f64>,
    pub(crate) cpu: Duration,
    /// The CPU time of the emulator meanwhile, which does other work, too.
    pub(crate) emulator_cpu: Duration,
    /// The calls of each invocation; empty without metering.
    pub(crate) calls: Vec<Vec<Call>>,
}

impl OperationRecord {
    fn new(operation: Operation) -> Self {
        Self { operation, walls_ms: Vec::new(), cpu: Duration::ZERO, emulator_cpu: Duration::ZERO, calls: Vec::new() }
    }

    /// The largest number of round trips of an invocation.
    pub(crate) fn max_trips(&self) -> usize {
        self.calls.iter().map(|calls| trips(calls)).max().unwrap_or_default()
    }

    /// The calls of the last invocation. By then the execution environment has filled its caches.
    pub(crate) fn last_calls(&self) -> &[Call] {
        self.calls.last().map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn cpu_ms_each(&self) -> f64 {
        self.each(self.cpu)
    }

    pub(crate) fn emulator_cpu_ms_each(&self) -> f64 {
        self.each(self.emulator_cpu)
    }

    /// The milliseconds of one invocation.
    fn each(&self, sum: Duration) -> f64 {
        millis(sum) / self.walls_ms.len().max(1) as f64
    }

    /// If most invocations repeat a read of cacheable data, the data is not cached, and the read counts as work.
    fn count_repeated_reads_as_work(&mut self) {
        let count_reads = |operation: &str| {
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
            names.into_iter().filter(|name| self.calls.len() > 2 && 2 * count_reads(name) > self.calls.len()).collect();
        for call in self.calls.iter_mut().flatten() {
            if call.purpose == Purpose::Cached && repeated.contains(&call.operation) {
                call.purpose = Purpose::Work;
            }
        }
    }
}

/// One invocation with its calls and log.
#[derive(Debug)]
pub(crate) struct MeteredInvocation {
    pub(crate) response: Value,
    pub(crate) wall_ms: f64,
    /// Only metered calls.
    pub(crate) calls: Vec<Call>,
    pub(crate) log_bytes: u64,
}

/// Which calls are metered. The meter is a proxy, which takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MeterMode {
    /// All calls: to count calls and capacity.
    All,
    /// All but DynamoDB calls, which are the most: to measure times while the bench delivers messages.
    ExceptDynamoDb,
    /// No calls: to measure times.
    Off,
}

/// Running functions, each in one execution environment.
#[derive(Debug)]
pub(crate) struct FunctionFleet {
    environments: BTreeMap<&'static str, ExecutionEnvironment>,
    meters: Vec<Meter>,
    records: Vec<OperationRecord>,
    emulator_pid: u32,
}

impl FunctionFleet {
    /// Starts the functions with these names, whose programs are in the folder `functions`. `changed` holds variables that
    /// differ from the deployed ones.
    pub(crate) async fn start(
        resources: &BenchResources,
        functions: &Path,
        names: &[&'static str],
        logs: &Path,
        mode: MeterMode,
        changed: &Variables,
    ) -> Result<Self> {
        let mut meters = Vec::new();
        let mut metered = Variables::new();
        if mode != MeterMode::Off {
            let aws = Meter::start(&resources.stack.emulator_url, Upstream::Aws).await?;
            metered.insert("AWS_ENDPOINT_URL".to_owned(), aws.url());
            meters.push(aws);
        }
        if mode == MeterMode::ExceptDynamoDb {
            // The endpoint of a service takes precedence over the general one. The SDK supports it for DynamoDB.
            metered.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), resources.stack.emulator_url.clone());
        }
        if mode == MeterMode::All {
            let url = resources.provider().context("payments-worker has no variable SOUK_STRIPE_URL")?;
            let provider = Meter::start(url, Upstream::Provider).await?;
            metered.insert("SOUK_STRIPE_URL".to_owned(), provider.url());
            meters.push(provider);
        }
        let mut environments = BTreeMap::new();
        for &name in names {
            let mut variables = resources.variables(name);
            for (variable, value) in metered.iter().chain(changed) {
                // Only variables that the function already has, or those of the SDK.
                if variable.starts_with("AWS_") || variables.contains_key(variable) {
                    variables.insert(variable.clone(), value.clone());
                }
            }
            let program = functions.join(file_name(name));
            let log = logs.join(format!("{name}.log"));
            let (environment, _) = ExecutionEnvironment::start(name, &[program.as_os_str()], &variables, &log).await?;
            environments.insert(name, environment);
        }
        Ok(Self { environments, meters, records: Vec::new(), emulator_pid: resources.stack.emulator_pid })
    }

    /// Invokes a function.
    pub(crate) async fn invoke(&mut self, function: &'static str, event: &Value) -> Result<MeteredInvocation> {
        // Earlier calls, above all those of the start, do not belong to the invocation.
        drop(self.calls());
        let environment = self.environment(function)?;
        let logged = environment.log_bytes();
        let invocation = environment.invoke(event).await?;
        let log_bytes = environment.log_bytes() - logged;
        Ok(MeteredInvocation {
            response: invocation.response,
            wall_ms: millis(invocation.wall),
            calls: self.calls(),
            log_bytes,
        })
    }

    /// Invokes a function with these events one after the other, records the invocations and returns the responses.
    pub(crate) async fn perform(&mut self, operation: Operation, events: Vec<Value>) -> Result<Vec<Value>> {
        let record = match self.records.iter().position(|record| record.operation == operation) {
            Some(index) => index,
            None => {
                self.records.push(OperationRecord::new(operation));
                self.records.len() - 1
            }
        };
        let before = self.environment(operation.function)?.cpu_time().await?;
        let emulator_before = self.emulator_cpu_time()?;
        let mut responses = Vec::with_capacity(events.len());
        for event in &events {
            let invocation = self.invoke(operation.function, event).await;
            let invocation = invocation.with_context(|| format!("{} / {}", operation.function, operation.name))?;
            self.records[record].walls_ms.push(invocation.wall_ms);
            if !self.meters.is_empty() {
                self.records[record].calls.push(invocation.calls);
            }
            responses.push(expect_success(operation.function, operation.name, invocation.response)?);
        }
        let after = self.environment(operation.function)?.cpu_time().await?;
        let emulator_after = self.emulator_cpu_time()?;
        self.records[record].cpu += after - before;
        // The kernel counts the threads that have ended in coarser units, so the sum may shrink a little.
        self.records[record].emulator_cpu += emulator_after.saturating_sub(emulator_before);
        Ok(responses)
    }

    fn emulator_cpu_time(&self) -> Result<Duration> {
        process::cpu_time(self.emulator_pid).context("the emulator of the stack")
    }

    fn environment(&mut self, function: &str) -> Result<&mut ExecutionEnvironment> {
        self.environments.get_mut(function).with_context(|| format!("unknown function {function}"))
    }

    fn calls(&self) -> Vec<Call> {
        self.meters.iter().flat_map(Meter::take_calls).collect()
    }

    /// The peak resident memory of each function so far.
    pub(crate) fn peak_memory_kib(&self) -> Result<BTreeMap<&'static str, u64>> {
        self.environments.iter().map(|(name, environment)| Ok((*name, environment.peak_memory_kib()?))).collect()
    }

    /// Stops the functions and returns the records in the order of the flow.
    pub(crate) fn into_records(mut self) -> Vec<OperationRecord> {
        self.records.iter_mut().for_each(OperationRecord::count_repeated_reads_as_work);
        self.records
    }
}

/// Returns the response of a function. Fails unless it reports success, because measuring failures makes no sense.
pub(crate) fn expect_success(function: &str, name: &str, response: Value) -> Result<Value> {
    let failures = response["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty());
    let status = response["statusCode"].as_u64();
    let body = response["body"].as_str();
    if failures || status.is_some_and(|status| !(200..300).contains(&status)) {
        let message = match (status, body) {
            (Some(status), Some(body)) => format!("{status} {body}"),
            _ => response.to_string(),
        };
        bail!("{function} failed at `{name}`: {message} (see its log)");
    }
    match (status, body) {
        (Some(_), Some(text)) => Ok(serde_json::from_str(text).unwrap_or(Value::Null)),
        _ => Ok(response),
    }
}

/// Returns the calls of one purpose.
pub(crate) fn calls_of(calls: &[Call], purpose: Purpose) -> impl Iterator<Item = &Call> {
    calls.iter().filter(move |call| call.purpose == purpose)
}
