//! The state of the handlers.

use aws_kit::{Aws, Bucket, TokenTrust};
use axum::extract::FromRef;
use http_kit::{Cursors, Verifier};
use identity::AccountService;
use values::Result;

/// What every handler receives.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) accounts: AccountService,
    pub(crate) verifier: Verifier,
    pub(crate) cursors: Cursors,
    pub(crate) bucket: Bucket,
}

impl State {
    /// Reads the environment.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            accounts: AccountService::from_env(aws)?,
            verifier: Verifier::from_env(aws)?,
            cursors: Cursors::from_env()?,
            bucket: Bucket::from_env(aws)?,
        })
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
