//! Readiness: one cheap call to every dependency, all at the same time, with a timeout of one second. The report is
//! cached for five seconds, so that probes cause little load.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_kit::{Aws, Issuer, Key, Settings, Table, TokenTrust};
use aws_sdk_sqs::types::QueueAttributeName;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde::Serialize;
use tokio::sync::Mutex;
use tracing::warn;
use values::{Error, Result};

/// The timeout of a call to one dependency.
const TIMEOUT: Duration = Duration::from_secs(1);
const CACHE_TIME: Duration = Duration::from_secs(5);

const TABLES: [(&str, &str); 6] = [
    ("table.identity", "SOUK_TABLE_IDENTITY"),
    ("table.catalog", "SOUK_TABLE_CATALOG"),
    ("table.cart", "SOUK_TABLE_CART"),
    ("table.orders", "SOUK_TABLE_ORDERS"),
    ("table.payments", "SOUK_TABLE_PAYMENTS"),
    ("table.notifications", "SOUK_TABLE_NOTIFICATIONS"),
];
const QUEUES: [(&str, &str); 6] = [
    ("queue.orders", "SOUK_QUEUE_ORDERS"),
    ("queue.payments", "SOUK_QUEUE_PAYMENTS"),
    ("queue.notifications", "SOUK_QUEUE_NOTIFICATIONS"),
    ("queue.catalog", "SOUK_QUEUE_CATALOG"),
    ("queue.privacy", "SOUK_QUEUE_PRIVACY"),
    ("queue.search", "SOUK_QUEUE_SEARCH"),
];
const SECRETS: [(&str, &str); 3] = [
    ("secret.signing", "SOUK_SECRET_SIGNING"),
    ("secret.stripe", "SOUK_SECRET_STRIPE"),
    ("secret.stripe_webhook", "SOUK_SECRET_STRIPE_WEBHOOK"),
];

#[derive(Debug)]
enum Dependency {
    Table(Table),
    Queue(String),
    Secret(String),
    /// The public keys of our tokens: without one, every function refuses every token.
    TokenKeys(TokenTrust),
}

/// The AWS resources that the shop needs.
#[derive(Debug)]
pub(crate) struct Dependencies {
    sqs: aws_sdk_sqs::Client,
    secrets: aws_sdk_secretsmanager::Client,
    dependencies: Vec<(&'static str, Dependency)>,
    cache: Mutex<Option<(Instant, Arc<Report>)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
enum Overall {
    Ready,
    Degraded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
enum Status {
    Up,
    Down,
}

/// The state of one dependency.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "DependencyCheck"))]
#[serde(rename_all = "camelCase")]
struct Check {
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "table.orders")))]
    name: &'static str,
    status: Status,
    latency_ms: u64,
}

/// The state of all dependencies.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Readiness"))]
pub(crate) struct Report {
    status: Overall,
    checks: Vec<Check>,
}

impl Report {
    fn of(checks: Vec<Check>) -> Self {
        let all_up = checks.iter().all(|check| check.status == Status::Up);
        Self { status: if all_up { Overall::Ready } else { Overall::Degraded }, checks }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.status == Overall::Ready
    }
}

impl Dependencies {
    /// Takes the dependencies from the environment.
    pub(crate) fn from_env(aws: &Aws) -> Result<Self> {
        let mut dependencies = Vec::new();
        for (name, variable) in TABLES {
            dependencies.push((name, Dependency::Table(aws.table(variable)?)));
        }
        for (name, variable) in QUEUES {
            dependencies.push((name, Dependency::Queue(Settings.required(variable)?)));
        }
        for (name, variable) in SECRETS {
            dependencies.push((name, Dependency::Secret(Settings.required(variable)?)));
        }
        dependencies.push(("keys.tokens", Dependency::TokenKeys(TokenTrust::from_env(aws)?)));
        let (sqs, secrets) =
            (aws_sdk_sqs::Client::new(aws.config()), aws_sdk_secretsmanager::Client::new(aws.config()));
        Ok(Self { sqs, secrets, dependencies, cache: Mutex::default() })
    }

    /// Returns the report, at most five seconds old. Concurrent callers wait for the same report.
    pub(crate) async fn report(&self) -> Arc<Report> {
        let mut cache = self.cache.lock().await;
        if let Some((at, report)) = cache.as_ref()
            && at.elapsed() < CACHE_TIME
        {
            return report.clone();
        }
        let checks =
            join_all(self.dependencies.iter().map(|(name, dependency)| check(name, self.call(dependency)))).await;
        let report = Arc::new(Report::of(checks));
        *cache = Some((Instant::now(), report.clone()));
        report
    }

    fn call<'a>(&'a self, dependency: &'a Dependency) -> BoxFuture<'a, Result<()>> {
        match dependency {
            Dependency::Table(table) => {
                async { table.peek::<serde_json::Value>(Key::new("PING", "PING")).await.map(drop) }.boxed()
            }
            Dependency::Queue(url) => {
                let call = self.sqs.get_queue_attributes().queue_url(url);
                let call = call.attribute_names(QueueAttributeName::QueueArn).send();
                call.map(|response| response.map(drop).map_err(|error| Error::unavailable("queue", error))).boxed()
            }
            Dependency::TokenKeys(trust) => has_published_key(trust).boxed(),
            Dependency::Secret(id) => {
                let call = self.secrets.describe_secret().secret_id(id).send();
                call.map(|response| response.map(drop).map_err(|error| Error::unavailable("secret store", error)))
                    .boxed()
            }
        }
    }
}

async fn has_published_key(trust: &TokenTrust) -> Result<()> {
    // `true`: an empty set is not kept for as long as a set with keys.
    let keys = trust.keys(true).await?;
    match keys.of(Issuer::Own)["keys"].as_array() {
        Some(keys) if !keys.is_empty() => Ok(()),
        _ => Err(Error::unavailable("token keys", "no public key is published")),
    }
}

async fn check(name: &'static str, call: impl Future<Output = Result<()>>) -> Check {
    let started = Instant::now();
    let status = match tokio::time::timeout(TIMEOUT, call).await {
        Ok(Ok(())) => Status::Up,
        Ok(Err(error)) => {
            warn!(dependency = name, error.cause = error.causes(), "dependency down");
            Status::Down
        }
        Err(_) => {
            warn!(dependency = name, "dependency did not respond within a second");
            Status::Down
        }
    };
    Check { name, status, latency_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn one_silent_dependency_makes_the_report_degraded_within_a_second() {
        let up = check("table.a", async { Ok(()) }).await;
        let silent = check("queue.b", std::future::pending()).await;
        let report = Report::of(vec![up, silent]);
        assert!(!report.is_ready());
        let report_json = serde_json::to_value(&report).unwrap();
        assert_eq!((&report_json["status"], &report_json["checks"][1]["status"]), (&json!("degraded"), &json!("down")));
        assert_eq!(report_json["checks"][0]["name"], "table.a");
    }

    #[tokio::test]
    async fn report_is_ready_if_every_call_succeeds() {
        assert!(Report::of(vec![check("a", async { Ok(()) }).await]).is_ready());
        let failing = check("a", async { Err(Error::internal("no")) }).await;
        assert_eq!(failing.status, Status::Down);
    }
}
