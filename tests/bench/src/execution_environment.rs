//! A function in its execution environment: a process, and the Runtime API that it requests events from. The bench
//! serves this API.
//!
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

use crate::http_server::{HttpResponse, Server, http_response};
use crate::process;

/// Longer than the timeout of any function.
const TIMEOUT: Duration = Duration::from_secs(70);
/// A process may still run for a moment after its request arrived.
const SETTLE_TIME: Duration = Duration::from_millis(2);

pub(crate) type Variables = BTreeMap<String, String>;

/// A running function.
#[derive(Debug)]
pub(crate) struct ExecutionEnvironment {
    name: String,
    child: Child,
    calls: mpsc::UnboundedReceiver<RuntimeCall>,
    /// The pending `next` request of the function.
    pending_next: Option<oneshot::Sender<HttpResponse>>,
    events: u64,
    log: PathBuf,
    _runtime_api: Server,
}

/// The measurements of a start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) spawned: Instant,
    /// When the first `next` arrived.
    pub(crate) ready: Instant,
    /// CPU time until then.
    pub(crate) cpu: Duration,
    pub(crate) peak_memory_kib: u64,
}

/// The result of an invocation.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) response: Value,
    /// From sending the event until the response arrived.
    pub(crate) wall: Duration,
}

#[derive(Debug)]
struct RuntimeCall {
    at: Instant,
    request: RuntimeRequest,
    reply: oneshot::Sender<HttpResponse>,
}

#[derive(Debug)]
enum RuntimeRequest {
    Next,
    Response(Bytes),
    Error(Bytes),
}

impl ExecutionEnvironment {
    /// Starts a program, alone or under another program that observes it. Its environment variables are `variables` and
    /// those of Lambda. Waits until it requests its first event. Its output is appended to `log`.
    pub(crate) async fn start(
        name: &str,
        command_line: &[&OsStr],
        variables: &Variables,
        log: &Path,
    ) -> Result<(Self, Start)> {
        let (sender, calls) = mpsc::unbounded_channel();
        let runtime_api = Server::start(move |request| handle_request(sender.clone(), request)).await?;
        let out = File::options().create(true).append(true).open(log);
        let out = out.with_context(|| format!("cannot write {}", log.display()))?;
        let (program, arguments) = command_line.split_first().context("the command line is empty")?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(lambda_environment(name)).envs(variables);
        command.env("AWS_LAMBDA_RUNTIME_API", runtime_api.address.to_string());
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let spawned = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}; run `make bench`, which builds it", program.display()))?;
        let mut environment = Self {
            name: name.to_owned(),
            child,
            calls,
            pending_next: None,
            events: 0,
            log: log.to_owned(),
            _runtime_api: runtime_api,
        };
        let ready = environment.expect_next().await?;
        let peak_memory_kib = process::peak_memory_kib(environment.child.id())?;
        let cpu = environment.cpu_time().await?;
        Ok((environment, Start { spawned, ready, cpu, peak_memory_kib }))
    }

    /// Sends an event and waits until the function requests the next one.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Result<Invocation> {
        self.events += 1;
        let event = self.event(event)?;
        let pending_next =
            self.pending_next.take().with_context(|| format!("{} has not requested an event", self.name))?;
        let start = Instant::now();
        if pending_next.send(event).is_err() {
            bail!("{} closed the connection before it received its event; its log: {}", self.name, self.log.display());
        }
        let call = self.receive_call().await?;
        let body = match call.request {
            RuntimeRequest::Response(body) => body,
            RuntimeRequest::Error(body) => bail!("{} failed: {}", self.name, String::from_utf8_lossy(&body)),
            RuntimeRequest::Next => bail!("{} requested an event before it responded to the last one", self.name),
        };
        let wall = call.at - start;
        let _ = call.reply.send(http_response(202, "application/json", "{}"));
        self.expect_next().await?;
        let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok(Invocation { response: value, wall })
    }

    /// The CPU time so far.
    pub(crate) async fn cpu_time(&self) -> Result<Duration> {
        tokio::time::sleep(SETTLE_TIME).await;
        process::cpu_time(self.child.id())
    }

    /// The peak resident memory so far.
    pub(crate) fn peak_memory_kib(&self) -> Result<u64> {
        process::peak_memory_kib(self.child.id())
    }

    /// The bytes in the log, of all execution environments with this name.
    pub(crate) fn log_bytes(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |log| log.len())
    }

    /// Sends SIGTERM to the process and waits until it has ended, so that an observing program can write its results.
    pub(crate) async fn terminate(mut self) -> Result<()> {
        let kill = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        ensure!(kill.context("cannot run `kill`")?.success(), "cannot send SIGTERM to {}", self.name);
        let deadline = Instant::now() + TIMEOUT;
        while self.child.try_wait()?.is_none() {
            ensure!(Instant::now() < deadline, "{} did not end after SIGTERM", self.name);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    fn event(&self, event: &Value) -> Result<HttpResponse> {
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH)? + TIMEOUT;
        let headers = [
            ("lambda-runtime-aws-request-id", format!("00000000-0000-4000-8000-{:012x}", self.events)),
            ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
            (
                "lambda-runtime-invoked-function-arn",
                format!("arn:aws:lambda:eu-central-1:000000000000:function:{}", self.name),
            ),
            ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned()),
        ];
        let mut response = http_response(200, "application/json", serde_json::to_vec(event)?);
        for (name, value) in headers {
            response.headers_mut().insert(name, value.parse()?);
        }
        Ok(response)
    }

    async fn expect_next(&mut self) -> Result<Instant> {
        let call = self.receive_call().await?;
        match call.request {
            RuntimeRequest::Next => self.pending_next = Some(call.reply),
            RuntimeRequest::Response(_) => bail!("{} responded to an event twice", self.name),
            RuntimeRequest::Error(body) => bail!("{} did not start: {}", self.name, String::from_utf8_lossy(&body)),
        }
        Ok(call.at)
    }

    async fn receive_call(&mut self) -> Result<RuntimeCall> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            // The short timeout detects a process that has ended or hangs.
            match tokio::time::timeout(Duration::from_millis(100), self.calls.recv()).await {
                Ok(Some(call)) => return Ok(call),
                Ok(None) => bail!("the Runtime API of {} has ended", self.name),
                Err(_) => {}
            }
            let exit = self.child.try_wait()?;
            if let Some(status) = exit {
                bail!(
                    "{} ended ({status}):\n{}\nThe full log: {}",
                    self.name,
                    self.last_log_lines(),
                    self.log.display()
                );
            }
            if Instant::now() > deadline {
                bail!("{} hangs:\n{}\nThe full log: {}", self.name, self.last_log_lines(), self.log.display());
            }
        }
    }

    fn last_log_lines(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}

impl Drop for ExecutionEnvironment {
    fn drop(&mut self) {
        // The process may have ended already. It must not outlive the bench.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn handle_request(sender: mpsc::UnboundedSender<RuntimeCall>, request: Request<Incoming>) -> HttpResponse {
    let at = Instant::now();
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return http_response(400, "text/plain", "the body is incomplete"),
    };
    let path = head.uri.path();
    let kind = match path.strip_prefix("/2018-06-01/runtime/") {
        Some("invocation/next") => RuntimeRequest::Next,
        Some(rest) if rest.ends_with("/response") => RuntimeRequest::Response(body),
        Some(rest) if rest.ends_with("/error") => RuntimeRequest::Error(body),
        _ => return http_response(404, "text/plain", "not a path of the Runtime API"),
    };
    let (reply, replied) = oneshot::channel();
    let closed = || http_response(500, "text/plain", "this execution environment is closed");
    if sender.send(RuntimeCall { at, request: kind, reply }).is_err() {
        return closed();
    }
    replied.await.unwrap_or_else(|_| closed())
}

/// The environment variables that Lambda sets for every function.
fn lambda_environment(name: &str) -> Variables {
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
