//! A function in its sandbox: its process, and the Runtime API that it asks for events, which is served here.
//! https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::process;
use crate::serve::{Answer, Server, answer};

/// More than any function's timeout: what takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(70);
/// A process whose request was just heard may still be on its way to sleep.
const SETTLING: Duration = Duration::from_millis(2);

pub(crate) type Environment = BTreeMap<String, String>;

/// A running function.
#[derive(Debug)]
pub(crate) struct Sandbox {
    name: String,
    child: Child,
    calls: mpsc::UnboundedReceiver<Call>,
    /// The function's `next`, which waits for an event.
    waiting: Option<oneshot::Sender<Answer>>,
    events: u64,
    log: PathBuf,
    _runtime_api: Server,
}

/// How a start went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) spawned: Instant,
    /// When the first `next` came in.
    pub(crate) ready: Instant,
    /// At that moment.
    pub(crate) cpu: Duration,
    pub(crate) peak_memory_kib: u64,
}

/// How an invocation went.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) answer: Value,
    /// From the event's leaving to the answer's coming in.
    pub(crate) wall: Duration,
}

#[derive(Debug)]
struct Call {
    at: Instant,
    said: Said,
    reply: oneshot::Sender<Answer>,
}

#[derive(Debug)]
enum Said {
    Next,
    Answered(Bytes),
    Failed(Bytes),
}

impl Sandbox {
    /// Starts a program, by itself or under another one that watches it, with nothing but `environment` around it, and waits
    /// until it asks for its first event. What it writes is added to `log`.
    pub(crate) async fn start(
        name: &str,
        command_line: &[&OsStr],
        environment: &Environment,
        log: &Path,
    ) -> Result<(Self, Start)> {
        let (says, calls) = mpsc::unbounded_channel();
        let runtime_api = Server::start(move |request| hear(says.clone(), request)).await?;
        let out = File::options().create(true).append(true).open(log);
        let out = out.with_context(|| format!("{} cannot be written", log.display()))?;
        let (program, arguments) = command_line.split_first().context("nothing is to be started")?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(lambda_environment(name)).envs(environment);
        command.env("AWS_LAMBDA_RUNTIME_API", runtime_api.address.to_string());
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let spawned = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("{} cannot be started: run `make bench`, which builds it", program.display()))?;
        let mut sandbox = Self {
            name: name.to_owned(),
            child,
            calls,
            waiting: None,
            events: 0,
            log: log.to_owned(),
            _runtime_api: runtime_api,
        };
        let ready = sandbox.expect_next().await?;
        let peak_memory_kib = process::peak_memory_kib(sandbox.child.id())?;
        let cpu = sandbox.cpu_time().await?;
        Ok((sandbox, Start { spawned, ready, cpu, peak_memory_kib }))
    }

    /// Hands the function an event and waits until it asks for the next one.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Result<Invocation> {
        self.events += 1;
        let event = self.event(event)?;
        let waiting = self.waiting.take().with_context(|| format!("{} has not asked for an event", self.name))?;
        let began = Instant::now();
        if waiting.send(event).is_err() {
            bail!("{} hung up before it had its event; its log: {}", self.name, self.log.display());
        }
        let call = self.hears().await?;
        let body = match call.said {
            Said::Answered(body) => body,
            Said::Failed(body) => bail!("{} failed: {}", self.name, String::from_utf8_lossy(&body)),
            Said::Next => bail!("{} asked for another event before it answered the last one", self.name),
        };
        let wall = call.at - began;
        let _ = call.reply.send(answer(202, "application/json", "{}"));
        self.expect_next().await?;
        let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok(Invocation { answer: value, wall })
    }

    /// CPU time it has used so far.
    pub(crate) async fn cpu_time(&self) -> Result<Duration> {
        tokio::time::sleep(SETTLING).await;
        process::cpu_time(self.child.id())
    }

    /// The most memory it has had resident so far.
    pub(crate) fn peak_memory_kib(&self) -> Result<u64> {
        process::peak_memory_kib(self.child.id())
    }

    /// Bytes that it has logged so far, in all sandboxes of its name.
    pub(crate) fn log_bytes(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |log| log.len())
    }

    /// Asks the process to end, as an operator would, and waits until it has: what watches it can then write its findings.
    pub(crate) async fn end(mut self) -> Result<()> {
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        ensure!(asked.context("there is no program `kill`")?.success(), "{} cannot be asked to end", self.name);
        let until = Instant::now() + PATIENCE;
        while self.child.try_wait()?.is_none() {
            ensure!(Instant::now() < until, "{} does not end", self.name);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    fn event(&self, event: &Value) -> Result<Answer> {
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH)? + PATIENCE;
        let headers = [
            ("lambda-runtime-aws-request-id", format!("00000000-0000-4000-8000-{:012x}", self.events)),
            ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
            (
                "lambda-runtime-invoked-function-arn",
                format!("arn:aws:lambda:eu-central-1:000000000000:function:{}", self.name),
            ),
            ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned()),
        ];
        let mut answer = answer(200, "application/json", serde_json::to_vec(event)?);
        for (name, value) in headers {
            answer.headers_mut().insert(name, value.parse()?);
        }
        Ok(answer)
    }

    async fn expect_next(&mut self) -> Result<Instant> {
        let call = self.hears().await?;
        match call.said {
            Said::Next => self.waiting = Some(call.reply),
            Said::Answered(_) => bail!("{} answered an event twice", self.name),
            Said::Failed(body) => bail!("{} did not start: {}", self.name, String::from_utf8_lossy(&body)),
        }
        Ok(call.at)
    }

    async fn hears(&mut self) -> Result<Call> {
        let until = Instant::now() + PATIENCE;
        loop {
            // The time limit is there to notice a process that has ended, or hangs.
            match tokio::time::timeout(Duration::from_millis(100), self.calls.recv()).await {
                Ok(Some(call)) => return Ok(call),
                Ok(None) => bail!("the Runtime API of {} has ended", self.name),
                Err(_) => {}
            }
            let ended = self.child.try_wait()?;
            if let Some(status) = ended {
                bail!("{} ended ({status}):\n{}\nThe whole log: {}", self.name, self.last_words(), self.log.display());
            }
            if Instant::now() > until {
                bail!("{} hangs:\n{}\nThe whole log: {}", self.name, self.last_words(), self.log.display());
            }
        }
    }

    fn last_words(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended by itself; either way it must not outlive the bench.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn hear(says: mpsc::UnboundedSender<Call>, request: Request<Incoming>) -> Answer {
    let at = Instant::now();
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return answer(400, "text/plain", "the body broke off"),
    };
    let path = head.uri.path();
    let said = match path.strip_prefix("/2018-06-01/runtime/") {
        Some("invocation/next") => Said::Next,
        Some(rest) if rest.ends_with("/response") => Said::Answered(body),
        Some(rest) if rest.ends_with("/error") => Said::Failed(body),
        _ => return answer(404, "text/plain", "not of the Runtime API"),
    };
    let (reply, replied) = oneshot::channel();
    let gone = || answer(500, "text/plain", "the bench is done with this sandbox");
    if says.send(Call { at, said, reply }).is_err() {
        return gone();
    }
    replied.await.unwrap_or_else(|_| gone())
}

/// What Lambda gives every function.
fn lambda_environment(name: &str) -> Environment {
    let fixed = [
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ];
    fixed.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
