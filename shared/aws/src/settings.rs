//! What a function is told by its environment, and the SDK configuration all clients share.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use values::{Error, Result};

use crate::Table;

/// Reads the environment that `template.yaml` sets. A missing variable names itself in the error.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings;

impl Settings {
    /// A variable that must be there.
    pub fn required(self, name: &'static str) -> Result<String> {
        match std::env::var(name) {
            Ok(value) if !value.is_empty() => Ok(value),
            _ => Err(Error::internal(format!("the environment variable {name} is not set; template.yaml sets it"))),
        }
    }

    /// A variable that must be there and read as a `T`.
    pub fn parsed<T: std::str::FromStr>(self, name: &'static str) -> Result<T> {
        let text = self.required(name)?;
        text.parse().map_err(|_| Error::internal(format!("the environment variable {name} does not read: {text:?}")))
    }
}

/// The shared configuration of all AWS clients of a function.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    dynamo: aws_sdk_dynamodb::Client,
}

impl Aws {
    /// Region, credentials and endpoint from the environment; every call bounded: 1 s to connect, 3 s an attempt,
    /// 8 s with the SDK's own retries (throttling, 5xx), which is less than a function's timeout of 10 s.
    pub async fn from_env() -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(3))
            .operation_timeout(Duration::from_secs(8))
            .build();
        let config = aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts).load().await;
        let dynamo = aws_sdk_dynamodb::Client::new(&config);
        Self { config, dynamo }
    }

    /// For clients that only one function needs.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The table that the variable names.
    pub fn table(&self, variable: &'static str) -> Result<Table> {
        Ok(Table::new(self.dynamo.clone(), Settings.required(variable)?))
    }

    /// Opens the connection to DynamoDB while a new sandbox still has its full CPU: the first request then finds it open.
    /// The answer does not matter, and a slow one is not waited for.
    pub async fn warm(&self, table: &Table) {
        let ping = table.get::<serde_json::Value>(crate::Key::new("PING", "PING"));
        let _ = tokio::time::timeout(Duration::from_millis(500), ping).await;
    }
}
