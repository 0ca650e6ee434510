//! Lambda: tests invoke functions, pause the delivery of their queues and streams, and kill their processes.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::process::Command;

use futures::FutureExt;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::queues::credential;
use crate::{SOON, Stack, await_until};

/// The stack's functions.
#[derive(Debug, Clone)]
pub struct Functions {
    http: Client,
    stack: Stack,
}

/// The result of an invocation.
#[derive(Debug, Clone)]
pub struct InvokeResult {
    /// `Unhandled`, if the function failed.
    pub error: Option<String>,
    pub payload: Value,
}

/// The event source mapping between a queue or a stream and its function.
#[derive(Debug, Clone)]
pub struct Mapping(String);

impl Functions {
    pub(crate) fn new(http: &Client, stack: &Stack) -> Self {
        Self { http: http.clone(), stack: stack.clone() }
    }

    /// The names of all functions: the names of their crates' folders.
    pub fn names(&self) -> Vec<String> {
        self.stack.functions.keys().cloned().collect()
    }

    fn physical(&self, name: &str) -> &str {
        self.stack.functions.get(name).unwrap_or_else(|| panic!("stack.json should name the function {name}"))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/2015-03-31{path}", self.stack.emulator_url);
        self.http.request(method, url).header("Authorization", credential(&self.stack, "lambda"))
    }

    /// Invokes a function with an event and waits for its response.
    pub async fn invoke(&self, name: &str, event: String) -> InvokeResult {
        let request = self.request(Method::POST, &format!("/functions/{}/invocations", self.physical(name)));
        let response = request.header("Content-Type", "application/json").body(event).send().await;
        let response = response.unwrap_or_else(|error| panic!("invoking {name} should get a response: {error}"));
        let status = response.status();
        let error =
            response.headers().get("x-amz-function-error").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = response.text().await.unwrap_or_default();
        assert!(status.is_success(), "invoking {name} should succeed: {status} {text}");
        InvokeResult { error, payload: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// Runs `work` while the function gets no messages of the queue. Resumes the delivery even if `work` panics.
    pub async fn while_stopped<T>(&self, queue_url: &str, work: impl Future<Output = T>) -> T {
        let queue = format!(":{}", queue_url.rsplit('/').next().unwrap_or_default());
        self.while_off(&self.mappings(|mapping| source(mapping).ends_with(&queue)).await, work).await
    }

    /// Runs `work` while this function gets neither messages nor records of streams. What happens meanwhile comes afterwards.
    pub async fn while_worker_stopped<T>(&self, name: &str, work: impl Future<Output = T>) -> T {
        self.while_off(&self.mappings(|mapping| self.is_of(mapping, name)).await, work).await
    }

    /// Runs `work` while this function gets no records of streams, but messages. The records come afterwards.
    pub async fn while_stream_stopped<T>(&self, name: &str, work: impl Future<Output = T>) -> T {
        let is_stream = |mapping: &Value| self.is_of(mapping, name) && source(mapping).contains("/stream/");
        self.while_off(&self.mappings(is_stream).await, work).await
    }

    async fn while_off<T>(&self, mappings: &[Mapping], work: impl Future<Output = T>) -> T {
        for mapping in mappings {
            self.switch(mapping, false).await;
        }
        let outcome = AssertUnwindSafe(work).catch_unwind().await;
        for mapping in mappings {
            self.switch(mapping, true).await;
        }
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn is_of(&self, mapping: &Value, name: &str) -> bool {
        let function = format!(":{}", self.physical(name));
        mapping["FunctionArn"].as_str().is_some_and(|arn| arn.ends_with(&function))
    }

    /// The mappings that are meant. Panics if there is none.
    async fn mappings(&self, is_meant: impl Fn(&Value) -> bool) -> Vec<Mapping> {
        let response = self.request(Method::GET, "/event-source-mappings/").send().await;
        let response = response.unwrap_or_else(|error| panic!("the mappings should be listed: {error}"));
        let listed: Value =
            response.json().await.unwrap_or_else(|error| panic!("the mappings should be a list: {error}"));
        let mappings =
            listed["EventSourceMappings"].as_array().into_iter().flatten().filter(|mapping| is_meant(mapping));
        let ids = mappings.filter_map(|mapping| mapping["UUID"].as_str());
        let found: Vec<Mapping> = ids.map(|id| Mapping(id.to_owned())).collect();
        assert!(!found.is_empty(), "one of these mappings should be meant: {listed}");
        found
    }

    async fn switch(&self, mapping: &Mapping, on: bool) {
        let request = self.request(Method::PUT, &format!("/event-source-mappings/{}", mapping.0));
        let status = request.json(&json!({ "Enabled": on })).send().await.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(200 | 202)), "the mapping should be switched: {status:?}");
    }

    /// Runs `work` while these functions have another value of an environment variable. Restores it even if `work` panics.
    pub async fn while_set<T>(&self, names: &[&str], variable: &str, value: &str, work: impl Future<Output = T>) -> T {
        let mut before = Vec::new();
        for name in names {
            before.push((*name, self.set(name, variable, value).await));
        }
        let outcome = AssertUnwindSafe(work).catch_unwind().await;
        for (name, value) in before {
            self.set(name, variable, &value).await;
        }
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Sets an environment variable of a function; returns its value from before.
    async fn set(&self, name: &str, variable: &str, value: &str) -> String {
        let path = format!("/functions/{}/configuration", self.physical(name));
        let response = self.request(Method::GET, &path).send().await;
        let response = response.unwrap_or_else(|error| panic!("{name} should have a configuration: {error}"));
        let configuration: Value =
            response.json().await.unwrap_or_else(|error| panic!("a configuration should be JSON: {error}"));
        let mut variables = configuration["Environment"]["Variables"].clone();
        let before = variables[variable].as_str().unwrap_or_else(|| panic!("{name} should have {variable}")).to_owned();
        variables[variable] = value.into();
        let body = json!({ "Environment": { "Variables": variables } });
        let status =
            self.request(Method::PUT, &path).json(&body).send().await.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(200)), "{variable} of {name} should be set: {status:?}");
        before
    }

    /// Kills every process of a function with SIGKILL, as a power cut would. Waits until there is a process, and until it is dead: the
    /// emulator would hand a request to a dying process.
    pub async fn kill(&self, name: &str) {
        let mark = format!("AWS_LAMBDA_FUNCTION_NAME={}", self.physical(name));
        let pids = await_until(format_args!("a process of {name} runs"), SOON, async || {
            let pids = processes(&mark);
            if pids.is_empty() { Err("there is none".to_owned()) } else { Ok(pids) }
        })
        .await;
        let killed = Command::new("kill").arg("-9").args(&pids).status();
        assert!(killed.as_ref().is_ok_and(|status| status.success()), "kill -9 {pids:?}: {killed:?}");
        await_until(format_args!("{name} is dead"), SOON, async || {
            if pids.iter().any(|pid| lives(pid)) { Err(format!("{pids:?}")) } else { Ok(()) }
        })
        .await;
    }
}

/// The ARN of the queue or stream of a mapping.
fn source(mapping: &Value) -> &str {
    mapping["EventSourceArn"].as_str().unwrap_or_default()
}

/// Does the process live, and is it more than a zombie?
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name, which stands in brackets.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// The ids of the processes whose environment holds exactly this variable.
fn processes(mark: &str) -> Vec<String> {
    let folders = Path::new("/proc").read_dir().into_iter().flatten().flatten();
    let pids = folders
        .filter_map(|folder| folder.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|b| b.is_ascii_digit()));
    // A process that has ended, or that belongs to another user, cannot be read and is not ours.
    pids.filter(|pid| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    })
    .collect()
}
