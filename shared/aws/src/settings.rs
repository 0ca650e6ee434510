//! The settings in a function's environment, and the SDK configuration that all clients share.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use values::{Error, Result};

use crate::Table;
use crate::http_client::{CONNECT_TIMEOUT, TrustedRoots, https_client};
use crate::lazy_client::LazyClient;

/// Reads the environment variables that `template.yaml` sets. An error names the variable.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings;

impl Settings {
    /// A variable that has to be set.
    pub fn required(self, name: &'static str) -> Result<String> {
        match std::env::var(name) {
            Ok(value) if !value.is_empty() => Ok(value),
            _ => Err(Error::internal(format!("the environment variable {name} is not set; template.yaml sets it"))),
        }
    }

    /// A variable that may be missing or empty.
    pub fn optional(self, name: &'static str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    /// A variable that has to be set and to parse as a `T`.
    pub fn parsed<T: std::str::FromStr>(self, name: &'static str) -> Result<T> {
        let text = self.required(name)?;
        text.parse().map_err(|_| Error::internal(format!("the environment variable {name} is not valid: {text:?}")))
    }
}

/// The shared configuration of all AWS clients of a function.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    dynamo: aws_sdk_dynamodb::Client,
}

impl Aws {
    /// Reads region, credentials and endpoint only from Lambda's environment, because the SDK's chain of other sources makes every
    /// function larger and slower to start. Timeouts: 1 s to connect, 3 s for an attempt, and 8 s with the SDK's own retries
    /// (throttling, 5xx), which is less than a function's timeout of 10 s.
    pub fn from_env() -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(Duration::from_secs(3))
            .operation_timeout(Duration::from_secs(8))
            .build();
        let credentials = EnvironmentVariableCredentialsProvider::new();
        // `sam local invoke` without values for its variables gives it an empty one.
        let endpoint = Settings.optional("AWS_ENDPOINT_URL");
        let is_own_server = endpoint.as_deref().is_some_and(|url| url.starts_with("https://"));
        let roots = if is_own_server { TrustedRoots::Machine } else { TrustedRoots::Amazon };
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(std::env::var("AWS_REGION").ok().map(Region::new))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .timeout_config(timeouts)
            .http_client(https_client(roots));
        if let Some(url) = endpoint {
            config = config.endpoint_url(url);
        }
        let config = config.build();
        // Tests put a proxy before this one service, with the variable that every AWS SDK reads.
        let mut dynamo = aws_sdk_dynamodb::config::Builder::from(&config);
        if let Ok(url) = std::env::var("AWS_ENDPOINT_URL_DYNAMODB") {
            dynamo = dynamo.endpoint_url(url);
        }
        // By this name, in the user agent, the proxy knows the function. Every AWS SDK reads this variable, too.
        dynamo.set_app_name(std::env::var("AWS_SDK_UA_APP_ID").ok().and_then(|id| AppName::new(id).ok()));
        Self { config, dynamo: aws_sdk_dynamodb::Client::from_conf(dynamo.build()) }
    }

    /// The configuration, for clients that only one function needs.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// A client with this configuration, which is made when it is first used.
    pub(crate) fn lazy_client<C: 'static>(&self, make: fn(&SdkConfig) -> C) -> LazyClient<C> {
        let config = self.config.clone();
        LazyClient::new(move || make(&config))
    }

    /// The table whose name is in the environment variable.
    pub fn table(&self, variable: &'static str) -> Result<Table> {
        Ok(Table::new(self.dynamo.clone(), Settings.required(variable)?))
    }

    /// Opens the connection to DynamoDB while a new execution environment still has its full CPU, so that the first request finds it
    /// open. The response does not matter, and a slow one is not awaited.
    pub async fn warm(&self, table: &Table) {
        let ping = table.get::<serde_json::Value>(crate::Key::new("PING", "PING"));
        let _ = tokio::time::timeout(Duration::from_millis(500), ping).await;
    }
}
