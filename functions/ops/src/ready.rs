//! Readiness: one cheap call to every dependency, side by side, each within a second. The answer is kept five seconds, so
//! that probes do not become a load of their own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_kit::{Aws, Key, Settings, Table};
use aws_sdk_sqs::types::QueueAttributeName;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde::Serialize;
use tokio::sync::Mutex;
use tracing::warn;
use values::{Error, Result};

/// How long one dependency may take.
const PATIENCE: Duration = Duration::from_secs(1);
const KEPT: Duration = Duration::from_secs(5);

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
const SECRETS: [(&str, &str); 2] = [("secret.signing", "SOUK_SECRET_SIGNING"), ("secret.stripe", "SOUK_SECRET_STRIPE")];

#[derive(Debug)]
enum Dependency {
    Table(Table),
    Queue(String),
    Secret(String),
}

/// All that this shop stands on.
#[derive(Debug)]
pub(crate) struct Dependencies {
    sqs: aws_sdk_sqs::Client,
    secrets: aws_sdk_secretsmanager::Client,
    named: Vec<(&'static str, Dependency)>,
    kept: Mutex<Option<(Instant, Arc<Report>)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Overall {
    Ready,
    Degraded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Up,
    Down,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    name: &'static str,
    status: Status,
    latency_ms: u64,
}

/// How all dependencies were, a moment ago.
#[derive(Debug, Serialize)]
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
    /// Those that the environment names.
    pub(crate) fn from_env(aws: &Aws) -> Result<Self> {
        let mut named = Vec::new();
        for (name, variable) in TABLES {
            named.push((name, Dependency::Table(aws.table(variable)?)));
        }
        for (name, variable) in QUEUES {
            named.push((name, Dependency::Queue(Settings.required(variable)?)));
        }
        for (name, variable) in SECRETS {
            named.push((name, Dependency::Secret(Settings.required(variable)?)));
        }
        let (sqs, secrets) =
            (aws_sdk_sqs::Client::new(aws.config()), aws_sdk_secretsmanager::Client::new(aws.config()));
        Ok(Self { sqs, secrets, named, kept: Mutex::default() })
    }

    /// How they are, or were at most five seconds ago. Whoever asks meanwhile waits for the same answer.
    pub(crate) async fn report(&self) -> Arc<Report> {
        let mut kept = self.kept.lock().await;
        if let Some((at, report)) = kept.as_ref()
            && at.elapsed() < KEPT
        {
            return report.clone();
        }
        let checks = join_all(self.named.iter().map(|(name, dependency)| check(name, self.call(dependency)))).await;
        let report = Arc::new(Report::of(checks));
        *kept = Some((Instant::now(), report.clone()));
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
                call.map(|answer| answer.map(drop).map_err(|error| Error::unavailable("queue", error))).boxed()
            }
            Dependency::Secret(id) => {
                let call = self.secrets.describe_secret().secret_id(id).send();
                call.map(|answer| answer.map(drop).map_err(|error| Error::unavailable("secret store", error))).boxed()
            }
        }
    }
}

async fn check(name: &'static str, call: impl Future<Output = Result<()>>) -> Check {
    let started = Instant::now();
    let status = match tokio::time::timeout(PATIENCE, call).await {
        Ok(Ok(())) => Status::Up,
        Ok(Err(error)) => {
            warn!(dependency = name, error.cause = error.causes(), "a dependency is down");
            Status::Down
        }
        Err(_) => {
            warn!(dependency = name, "a dependency did not answer within a second");
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
    async fn one_silent_dependency_degrades_the_whole_within_a_second() {
        let up = check("table.a", async { Ok(()) }).await;
        let silent = check("queue.b", std::future::pending()).await;
        let report = Report::of(vec![up, silent]);
        assert!(!report.is_ready());
        let told = serde_json::to_value(&report).unwrap();
        assert_eq!((&told["status"], &told["checks"][1]["status"]), (&json!("degraded"), &json!("down")));
        assert_eq!(told["checks"][0]["name"], "table.a");
    }

    #[tokio::test]
    async fn all_up_is_ready_and_a_refusal_is_down() {
        assert!(Report::of(vec![check("a", async { Ok(()) }).await]).is_ready());
        let refused = check("a", async { Err(Error::internal("no")) }).await;
        assert_eq!(refused.status, Status::Down);
    }
}
