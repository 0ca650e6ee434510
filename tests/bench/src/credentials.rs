//! What credentials cost in CPU: the hash of a password, which is most of a log in, and the check of an access token, which every
//! request makes. Measured in a process of the bench's own with the environment of `auth`, so that nothing else is in the figures.

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
use crate::clock::{Times, Took, timed};
use crate::sandbox::Environment;

/// The first argument of such a process; the token is in its environment.
const CHECK: &str = "check-credentials";
const TOKEN: &str = "SOUK_BENCH_TOKEN";
const PASSWORD: &[u8] = b"a long password of the bench";
const HASHES: usize = 20;
const CHECKS: usize = 2_000;

/// Milliseconds of CPU, of the median and of one in a hundred.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credentials {
    hash: [f64; 2],
    check: [f64; 2],
}

/// If this process is one: does it.
pub(crate) async fn asked() -> Option<Result<()>> {
    match std::env::args().nth(1).as_deref() {
        Some(CHECK) => Some(check().await),
        _ => None,
    }
}

async fn check() -> Result<()> {
    let token = std::env::var(TOKEN).context("there is no token to check")?;
    let verifier = Verifier::from_env(&Aws::from_env())?;
    // The first one asks for keys and revocations, which are kept then.
    verifier.verify(&token).await?;
    // Unconstrained: tokio would have a task that never waits step back after 128 locks.
    let check = || timed(|| unconstrained(verifier.verify(&token)).now_or_never());
    let checks = many(CHECKS, check, |checked| matches!(checked, Some(Ok(_))))?;

    let cost = |name| Settings.parsed::<u32>(name);
    let (memory, passes, lanes) =
        (cost("SOUK_ARGON2_MEMORY_KIB")?, cost("SOUK_ARGON2_PASSES")?, cost("SOUK_ARGON2_LANES")?);
    let params = Params::new(memory, passes, lanes, None).map_err(anyhow::Error::msg)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hashes = many(HASHES, || timed(|| argon2.hash_password(PASSWORD)), Result::is_ok)?;
    let [hash, check] = [hashes, checks].map(|times| format!("{} {}", times.cpu_p50_ms, times.cpu_p99_ms));
    writeln!(std::io::stdout(), "{hash} {check}")?;
    Ok(())
}

fn many<T>(count: usize, mut work: impl FnMut() -> (T, Took), is_good: impl Fn(&T) -> bool) -> Result<Times> {
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let (done, once) = work();
        ensure!(is_good(&done), "it did not work, so nothing would have been measured");
        took.push(once);
    }
    Ok(Times::of(&took))
}

/// Starts one, and waits for it.
pub(crate) fn measure(auth: Environment, token: &str) -> Result<Credentials> {
    let program = std::env::current_exe().context("where this program lies is unknown")?;
    let mut command = Command::new(program);
    command.arg(CHECK).env_clear().envs(auth).env(TOKEN, token).stderr(Stdio::inherit());
    let output = command.output().context("the bench cannot be started again")?;
    ensure!(output.status.success(), "credentials cannot be measured");
    let said = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = said.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    match figures[..] {
        [hash, hash_p99, check, check_p99] => Ok(Credentials { hash: [hash, hash_p99], check: [check, check_p99] }),
        _ => bail!("it said {said:?}"),
    }
}

impl Credentials {
    pub(crate) fn written(self, misses: &mut Vec<String>) -> String {
        let [hash, check] = [self.hash, self.check].map(|[p50, p99]| format!("{p50:.3} ms, p99 {p99:.3}"));
        let verdict = Verdict::of(self.check[0], TOKEN_CPU_MS);
        if verdict == Verdict::Miss {
            misses.push(format!("checking an access token: {:.3} ms of CPU, {TOKEN_CPU_MS} allowed", self.check[0]));
        }
        format!(
            "Credentials, CPU\n  a password's hash, the dear part of `log in`: {hash}\n  \
             an access token's check, keys and revocations being known: {check}; <= {TOKEN_CPU_MS} {}\n",
            verdict.word()
        )
    }

    pub(crate) fn raw(self) -> Value {
        let figures = |[p50, p99]: [f64; 2]| json!({ "cpuMsP50": p50, "cpuMsP99": p99 });
        json!({ "hash": figures(self.hash), "tokenCheck": figures(self.check), "tokenCheckBudgetMs": TOKEN_CPU_MS })
    }
}
