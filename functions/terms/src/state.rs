//! The state that the handlers share.

use aws_kit::{Aws, Table};
use axum::extract::FromRef;
use http_kit::{Cursors, Verifier};
use terms::TermsService;
use values::Result;

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) terms: TermsService,
    pub(crate) verifier: Verifier,
    pub(crate) cursors: Cursors,
}

impl State {
    /// From the environment variables that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let (terms, verifier) = (TermsService::from_env(aws)?, Verifier::from_env(aws)?);
        Ok(Self { terms, verifier, cursors: Cursors::from_env()? })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.terms.terms().table()
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}
