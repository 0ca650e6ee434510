//! Keeps the keys that tokens are checked with: rotates the shop's own, on the schedule of their secret or by hand, and fetches those of
//! the issuer that the shop trusts beside itself. Nobody else writes them.

mod trusted;

use aws_kit::{Aws, TokenTrust};
use identity::KeyRotation;
use serde::Deserialize;
use tracing::{error, info};
use values::{Clock, Error, EventId, Result};

use trusted::Provider;

/// What the handler holds.
#[derive(Debug)]
pub struct State {
    rotation: KeyRotation,
    trust: TokenTrust,
    provider: Option<Provider>,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let (rotation, trust) = (KeyRotation::from_env(aws)?, TokenTrust::from_env(aws)?);
        Ok(Self { rotation, trust, provider: Provider::from_env()? })
    }
}

/// What it is called with.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Call {
    /// By Secrets Manager, step after step.
    Step(Step),
    /// By an operator, or a schedule.
    Task(Task),
}

/// A step of a rotation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Step {
    step: Name,
    /// Names the version that the rotation makes.
    client_request_token: String,
}

/// The steps, in their order.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Name {
    #[serde(rename = "createSecret")]
    Create,
    #[serde(rename = "setSecret")]
    Set,
    #[serde(rename = "testSecret")]
    Test,
    #[serde(rename = "finishSecret")]
    Finish,
}

/// What somebody may want.
#[derive(Debug, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Task {
    /// Sees to it that there are keys; changes none that are there.
    Begin,
    /// All steps of a rotation at once.
    Rotate,
    /// Fetches the keys of the trusted issuer; nothing where none is configured.
    FetchTrusted,
}

/// Does what is asked. An error makes Secrets Manager try the step again.
pub async fn handle(state: &State, call: Call) -> Result<(), lambda_runtime::Error> {
    let done = perform(state, &call).await;
    match &done {
        Ok(()) => info!(call = ?call, "done"),
        Err(error) => error!(call = ?call, error.code = error.code, error.cause = error.causes(), "{}", error.detail),
    }
    Ok(done?)
}

async fn perform(state: &State, call: &Call) -> Result<()> {
    let rotation = &state.rotation;
    match call {
        Call::Step(Step { step, client_request_token: version }) => match step {
            Name::Create => rotation.create(version).await,
            Name::Set => rotation.publish(version).await,
            Name::Test => rotation.test(version).await,
            Name::Finish => rotation.finish(version).await,
        },
        Call::Task(Task::Begin) => rotation.begin().await,
        Call::Task(Task::Rotate) => {
            let version: EventId = Clock::System.mint();
            rotation.rotate(&version.uuid().to_string()).await
        }
        Call::Task(Task::FetchTrusted) => match &state.provider {
            Some(provider) => provider.fetch(&state.trust).await,
            None => Err(Error::internal("no issuer is trusted: set the parameter TrustedIssuer")),
        },
    }
}
