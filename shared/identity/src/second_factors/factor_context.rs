//! What the use cases of second factors need besides their own input.

use aws_kit::TokenTrust;
use values::Trace;

use crate::sign_in::auth_policy::AuthPolicy;
use crate::tokens::signer::Signer;

/// The services and settings that belong to a request about second factors.
#[derive(Debug, Clone, Copy)]
pub struct FactorContext<'a> {
    pub signer: &'a Signer,
    pub trust: &'a TokenTrust,
    pub policy: &'a AuthPolicy,
    pub trace: &'a Trace,
}
