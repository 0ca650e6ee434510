//! CPU time of credentials: hashing a password, which is most of a login, and checking an access token, which every
//! request does. A separate process with the environment of `auth` measures them, so that the figures contain nothing
//! else.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use aws_kit::{Aws, Settings};
use futures::FutureExt;
use http_kit::Verifier;
use serde_json::{Value, json};
use tokio::task::unconstrained;

use crate::budgets::{TOKEN_CPU_MS, Verdict};
use crate::execution_environment::Variables;
use crate::timing::{Elapsed, Times, measure as measure_time};

/// The first argument of this process. The token is in its environment.
const CHECK: &str = "check-credentials";
const TOKEN: &str = "SOUK_BENCH_TOKEN";
const PASSWORD: &[u8] = b"a long password of the bench";
const HASHES: usize = 20;
const CHECKS: usize = 2_000;

/// CPU time in milliseconds: median and p99.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credentials {
    hash: [f64; 2],
    check: [f64; 2],
}

/// Measures if this process was started for it.
pub(crate) async fn run_if_requested() -> Option<Result<()>> {
    match std::env::args().nth(1).as_deref() {
        Some(CHECK) => Some(check().await),
        _ => None,
    }
}

async fn check() -> Result<()> {
    let token = std::env::var(TOKEN).context("SOUK_BENCH_TOKEN is not set")?;
    let verifier = Verifier::from_env(&Aws::from_env())?;
    // The first check fetches keys and revocations, which the verifier caches.
    verifier.verify(&token).await?;
    // Unconstrained, because tokio makes a task yield after 128 operations that did not wait.
    let check = || measure_time(|| unconstrained(verifier.verify(&token)).now_or_never());
    let checks = repeat(CHECKS, check, |result| matches!(result, Some(Ok(_))))?;

    let cost = |name| Settings.parsed::<u32>(name);
    let (memory, passes, lanes) =
        (cost("SOUK_ARGON2_MEMORY_KIB")?, cost("SOUK_ARGON2_PASSES")?, cost("SOUK_ARGON2_LANES")?);
    let params = Params::new(memory, passes, lanes, None).map_err(anyhow::Error::msg)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hashes = repeat(HASHES, || measure_time(|| argon2.hash_password(PASSWORD)), Result::is_ok)?;
    let [hash, check] = [hashes, checks].map(|times| format!("{} {}", times.cpu_p50_ms, times.cpu_p99_ms));
    writeln!(std::io::stdout(), "{hash} {check}")?;
    Ok(())
}

fn repeat<T>(count: usize, mut work: impl FnMut() -> (T, Elapsed), is_good: impl Fn(&T) -> bool) -> Result<Times> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let (result, elapsed) = work();
        ensure!(is_good(&result), "the measured work failed");
        times.push(elapsed);
    }
    Ok(Times::of(&times))
}

/// Starts the process and waits for its result.
pub(crate) fn measure(auth: Variables, token: &str) -> Result<Credentials> {
    let program = std::env::current_exe().context("the path of this program is unknown")?;
    let mut command = Command::new(program);
    command.arg(CHECK).env_clear().envs(auth).env(TOKEN, token).stderr(Stdio::inherit());
    let output = command.output().context("the bench could not start itself")?;
    ensure!(output.status.success(), "measuring credentials failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    match figures[..] {
        [hash, hash_p99, check, check_p99] => Ok(Credentials { hash: [hash, hash_p99], check: [check, check_p99] }),
        _ => bail!("unexpected output: {text:?}"),
    }
}

impl Credentials {
    pub(crate) fn to_text(self, misses: &mut Vec<String>) -> String {
        let [hash, check] = [self.hash, self.check].map(|[p50, p99]| format!("{p50:.3} ms, p99 {p99:.3}"));
        let verdict = Verdict::of(self.check[0], TOKEN_CPU_MS);
        if verdict == Verdict::Miss {
            misses.push(format!(
                "checking an access token: {:.3} ms of CPU, the budget is {TOKEN_CPU_MS}",
                self.check[0]
            ));
        }
        format!(
            "CPU time of credentials\n  hashing a password, most of a login: {hash}\n  \
             checking an access token with cached keys and revocations: {check}; <= {TOKEN_CPU_MS} {}\n",
            verdict.word()
        )
    }

    pub(crate) fn to_json(self) -> Value {
        let figures = |[p50, p99]: [f64; 2]| json!({ "cpuMsP50": p50, "cpuMsP99": p99 });
        json!({ "hash": figures(self.hash), "tokenCheck": figures(self.check), "tokenCheckBudgetMs": TOKEN_CPU_MS })
    }
}
