//! The state of the handlers.

use std::sync::Arc;

use aws_kit::{Aws, TokenTrust};
use axum::extract::{FromRef, State as AxumState};
use http_kit::Verifier;
use identity::{AccountService, AuthPolicy, Signer};
use values::Result;

/// The state of the handlers.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) accounts: AccountService,
    pub(crate) signer: Arc<Signer>,
    verifier: Verifier,
    pub(crate) policy: AuthPolicy,
}

impl State {
    /// Reads the environment.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            accounts: AccountService::from_env(aws)?,
            signer: Arc::new(Signer::from_env(aws)?),
            // The use cases here read the session's row, so the list of revocations is not needed.
            verifier: Verifier::from_env(aws)?.without_ended_sessions(),
            policy: AuthPolicy::from_env()?,
        })
    }

    /// Reads the signing key and the public keys while the execution environment starts. This opens both connections.
    pub async fn warm(&self) {
        futures::join!(self.signer.warm(), async { drop(self.trust().keys(false).await) });
    }

    pub(crate) fn trust(&self) -> &TokenTrust {
        self.verifier.trust()
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

/// The extractor of the state.
pub(crate) type App = AxumState<State>;
