//! Manages the keys of access tokens: rotates the shop's own keys, on the schedule of their secret or by hand, and fetches the keys of
//! another trusted issuer. Only this function writes them.

mod trusted_issuer;

use aws_kit::{Aws, TokenTrust};
use identity::KeyRotation;
use serde::Deserialize;
use tracing::{error, info};
use values::{Clock, Error, EventId, Result};

use trusted_issuer::TrustedIssuer;

/// The state of the handler.
#[derive(Debug)]
pub struct State {
    rotation: KeyRotation,
    trust: TokenTrust,
    trusted_issuer: Option<TrustedIssuer>,
}

impl State {
    /// Reads the environment.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let (rotation, trust) = (KeyRotation::from_env(aws)?, TokenTrust::from_env(aws)?);
        Ok(Self { rotation, trust, trusted_issuer: TrustedIssuer::from_env()? })
    }
}

/// The input of an invocation.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Call {
    /// From Secrets Manager: a step of a rotation.
    Step(Step),
    /// From an operator or a schedule.
    Task(Task),
}

/// A step of a rotation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Step {
    step: StepName,
    /// The name of the version that the rotation creates.
    client_request_token: String,
}

/// The steps, in their order.
#[derive(Debug, Clone, Copy, Deserialize)]
enum StepName {
    #[serde(rename = "createSecret")]
    Create,
    #[serde(rename = "setSecret")]
    Set,
    #[serde(rename = "testSecret")]
    Test,
    #[serde(rename = "finishSecret")]
    Finish,
}

/// A task of an operator or a schedule.
#[derive(Debug, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Task {
    /// Ensures that keys are published, without changing existing ones.
    Begin,
    /// All steps of a rotation at once.
    Rotate,
    /// Fetches the keys of the trusted issuer; an error if none is configured.
    FetchTrusted,
}

/// Handles one invocation. After an error, Secrets Manager tries the step again.
pub async fn handle(state: &State, call: Call) -> Result<(), lambda_runtime::Error> {
    let outcome = perform(state, &call).await;
    match &outcome {
        Ok(()) => info!(call = ?call, "keys task done"),
        Err(error) => error!(call = ?call, error.code = error.code, error.cause = error.causes(), "{}", error.detail),
    }
    Ok(outcome?)
}

async fn perform(state: &State, call: &Call) -> Result<()> {
    let rotation = &state.rotation;
    match call {
        Call::Step(Step { step, client_request_token: version }) => match step {
            StepName::Create => rotation.create(version).await,
            StepName::Set => rotation.publish(version).await,
            StepName::Test => rotation.test(version).await,
            StepName::Finish => rotation.finish(version).await,
        },
        Call::Task(Task::Begin) => rotation.begin().await,
        Call::Task(Task::Rotate) => {
            let version: EventId = Clock::System.mint();
            rotation.rotate(&version.uuid().to_string()).await
        }
        Call::Task(Task::FetchTrusted) => match &state.trusted_issuer {
            Some(issuer) => issuer.fetch(&state.trust).await,
            None => Err(Error::internal("no trusted issuer is configured; set the parameter TrustedIssuer")),
        },
    }
}
