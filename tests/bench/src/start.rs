//! Measures sizes and cold starts. Each round starts every function and the bare hello world in turn, so that a busy
//! minute affects all of them alike.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::aws_stub::AwsStub;
use crate::execution_environment::{ExecutionEnvironment, Start, Variables};
use crate::statistics::{median, millis};

pub(crate) const HELLO: &str = "hello";

/// The file name of the program of a function.
pub(crate) fn file_name(function: &str) -> String {
    if function == HELLO { HELLO.to_owned() } else { format!("fn-{function}") }
}

/// A program to measure.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) variables: Variables,
}

/// The figures of a program, one entry per round.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartFigures {
    pub(crate) name: String,
    pub(crate) binary_bytes: u64,
    /// From spawn to the first `next`, in total.
    pub(crate) start_ms: Vec<f64>,
    /// The same without warm-up calls.
    pub(crate) own_ms: Vec<f64>,
    /// The CPU time of [`StartFigures::own_ms`].
    pub(crate) own_cpu_ms: Vec<f64>,
    pub(crate) warm_up_calls: usize,
    /// Of the starts with warm-up calls.
    pub(crate) peak_memory_kib: Vec<u64>,
    /// The hello world, started just before each of [`StartFigures::own_ms`].
    pub(crate) hello_ms: Vec<f64>,
    pub(crate) hello_cpu_ms: Vec<f64>,
}

impl StartFigures {
    /// The ratio that the budget limits.
    pub(crate) fn ratio(&self) -> f64 {
        median(&self.own_ms) / median(&self.hello_ms)
    }

    /// The ratio of CPU times, which do not depend on the load of the machine.
    pub(crate) fn cpu_ratio(&self) -> f64 {
        median(&self.own_cpu_ms) / median(&self.hello_cpu_ms)
    }

    pub(crate) fn memory_kib(&self) -> f64 {
        let memory: Vec<f64> = self.peak_memory_kib.iter().map(|kib| *kib as f64).collect();
        median(&memory)
    }
}

/// Returns the size of a program in bytes.
pub(crate) fn size(path: &Path) -> Result<u64> {
    let found = std::fs::metadata(path)
        .with_context(|| format!("{} does not exist; run `make bench`, or pass --functions", path.display()))?;
    Ok(found.len())
}

/// Starts every program `rounds` times with warm-up calls and as often without, each time next to the hello world.
pub(crate) async fn measure(
    hello: &Program,
    programs: &[Program],
    rounds: usize,
    logs: &Path,
) -> Result<(StartFigures, Vec<StartFigures>)> {
    let stub = AwsStub::start().await?;
    let mut hello_figures = StartFigures::new(hello)?;
    let mut figures = programs.iter().map(StartFigures::new).collect::<Result<Vec<_>>>()?;
    // The first round loads the programs from disk and is not counted.
    for round in 0..=rounds {
        for (program, starts) in programs.iter().zip(&mut figures) {
            stub.reset();
            let with_calls = start(program, &program.variables, &stub, logs).await?;
            let calls = stub.calls();
            let hello_start = start(hello, &hello.variables, &stub, logs).await?;
            let without = start(program, &without_credentials(&program.variables), &stub, logs).await?;
            ensure!(
                stub.calls() == calls,
                "{} made calls without credentials, so its start without calls is unknown",
                program.name
            );
            if round > 0 {
                starts.add(&with_calls, &without, &hello_start, calls);
                hello_figures.add(&hello_start, &hello_start, &hello_start, 0);
            }
        }
    }
    Ok((hello_figures, figures))
}

/// Without credentials a call fails before it is signed or a connection is opened.
pub(crate) fn without_credentials(variables: &Variables) -> Variables {
    let mut variables = variables.clone();
    variables.retain(|name, _| !name.starts_with("AWS_ACCESS_KEY") && !name.starts_with("AWS_SECRET_ACCESS"));
    variables
}

impl StartFigures {
    fn new(program: &Program) -> Result<Self> {
        Ok(Self { name: program.name.clone(), binary_bytes: size(&program.path)?, ..Self::default() })
    }

    fn add(&mut self, with_calls: &Start, without: &Start, hello: &Start, calls: usize) {
        let wall = |start: &Start| millis(start.ready - start.spawned);
        self.start_ms.push(wall(with_calls));
        self.own_ms.push(wall(without));
        self.own_cpu_ms.push(millis(without.cpu));
        self.warm_up_calls = self.warm_up_calls.max(calls);
        self.peak_memory_kib.push(with_calls.peak_memory_kib);
        self.hello_ms.push(wall(hello));
        self.hello_cpu_ms.push(millis(hello.cpu));
    }
}

async fn start(program: &Program, variables: &Variables, stub: &AwsStub, logs: &Path) -> Result<Start> {
    let mut variables = variables.clone();
    variables.insert("AWS_ENDPOINT_URL".into(), stub.url());
    let log = logs.join(format!("{}.log", program.name));
    let (environment, start) =
        ExecutionEnvironment::start(&program.name, &[program.path.as_os_str()], &variables, &log).await?;
    drop(environment);
    // Gives the kernel time to clean up after the process, so that it does not delay the next one.
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(start)
}

/// The defaults of `template.yaml`.
const REQUEST_LIMITS: &str = "general=100/300/1000,orders=30/20/300,quotes=30/60/600,carts=30/20/300,reviews=10/10/100,uploads=10/120/1000,credentials=60/60/300";

/// The variables of `template.yaml` that every function needs to start without a stack.
pub(crate) fn variables_without_stack() -> Variables {
    let tables = ["IDENTITY", "CATALOG", "CART", "ORDERS", "PAYMENTS", "NOTIFICATIONS"];
    let queues = ["ORDERS", "PAYMENTS", "NOTIFICATIONS", "CATALOG", "PRIVACY", "SEARCH"];
    let mut variables: Variables = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("SOUK_STAGE", "local"),
        ("SOUK_CURRENCY", "EUR"),
        ("SOUK_PUBLIC_URL", "http://127.0.0.1:9"),
        ("SOUK_HOLD_SECONDS", "600"),
        ("SOUK_DECLINED_HOLD_SECONDS", "90"),
        ("SOUK_UNPAID_ORDERS_ACCOUNT", "3"),
        ("SOUK_UNPAID_ORDERS_NETWORK", "30"),
        ("SOUK_UNPAID_PIECES_NETWORK", "40"),
        ("SOUK_STOCK_SHOWN_UP_TO", "20"),
        ("SOUK_INDEX_SHARDS", "4"),
        ("SOUK_TIME_ZONE", "UTC"),
        ("SOUK_CANCELLATIONS_ACCOUNT", "5"),
        ("SOUK_CANCELLATIONS_NETWORK", "20"),
        ("SOUK_DECLINES_ACCOUNT", "10"),
        ("SOUK_DECLINES_NETWORK", "30"),
        ("SOUK_DECLINES_CARD", "10"),
        ("SOUK_CURSOR_KEY", "a cursor key of the bench, long enough for any check of its length"),
        ("SOUK_SECRET_SIGNING", "bench-signing"),
        ("SOUK_ARGON2_MEMORY_KIB", "19456"),
        ("SOUK_ARGON2_PASSES", "2"),
        ("SOUK_ARGON2_LANES", "1"),
        ("SOUK_RATE_LIMIT_KEY", "the rate limit key of the bench"),
        ("SOUK_AUTH_KEY", "the auth key of the bench"),
        ("SOUK_LIMIT_LOGIN_ACCOUNT", "10/60"),
        ("SOUK_LIMIT_LOGIN_NETWORK", "60/600"),
        ("SOUK_LIMIT_REGISTER_ACCOUNT", "5/20"),
        ("SOUK_LIMIT_REGISTER_NETWORK", "20/100"),
        ("SOUK_LIMIT_SECOND_FACTOR_ACCOUNT", "5/20"),
        ("SOUK_REQUIRE_ADMIN_MFA", "false"),
        ("SOUK_PASSKEY_RP_ID", "localhost"),
        ("SOUK_PASSKEY_ORIGINS", "http://localhost:3000"),
        ("SOUK_LIMIT_RESET_ACCOUNT", "3/6"),
        ("SOUK_LIMIT_RESET_NETWORK", "10/60"),
        ("SOUK_LIMIT_SIGN_IN_NETWORK", "20/200"),
        ("SOUK_REQUEST_LIMITS", REQUEST_LIMITS),
        ("SOUK_SECRET_OAUTH", "bench-oauth"),
        ("SOUK_OAUTH_REDIRECTS", "http://127.0.0.1:9/signed-in"),
        ("SOUK_GOOGLE_CLIENT_ID", "bench"),
        ("SOUK_GOOGLE_ISSUER", "http://127.0.0.1:9"),
        ("SOUK_FRONTEND_URL", "http://127.0.0.1:9"),
        ("SOUK_SECRET_STRIPE", "bench-stripe"),
        ("SOUK_SECRET_STRIPE_WEBHOOK", "bench-stripe-webhook"),
        ("SOUK_STRIPE_URL", "http://127.0.0.1:9"),
        ("SOUK_MAIL_SENDER", "bench@example.com"),
        ("SOUK_BUCKET", "bench"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    variables.extend(tables.map(|table| (format!("SOUK_TABLE_{table}"), format!("bench-{}", table.to_lowercase()))));
    variables.extend(queues.map(|queue| (format!("SOUK_QUEUE_{queue}"), format!("http://127.0.0.1:9/bench-{queue}"))));
    variables
}
