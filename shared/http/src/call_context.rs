//! Extractors of the caller: any caller, one with a permission, an account holder, or the owner of an account.

use std::convert::Infallible;
use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use values::{Caller, Permit, Trace, UserId, permit};

use crate::app::RequestId;
use crate::credential::Credential;
use crate::problem::ApiError;
use crate::token::invalid_token;
use crate::verifier::Verifier;

/// The caller and the trace of a request. A request without a credential is a guest's.
#[derive(Debug, Clone)]
pub struct CallContext {
    pub caller: Caller,
    /// What the events and log lines of this request carry.
    pub trace: Trace,
}

impl<S: Send + Sync> FromRequestParts<S> for CallContext
where
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = match Credential::of(&parts.headers)? {
            Credential::None => Caller::Guest,
            Credential::ApiKey(key) => Verifier::from_ref(state).verify_api_key(key).await?,
            Credential::Authorization(value) => match value.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                    Verifier::from_ref(state).verify(token.trim()).await?
                }
                _ => return Err(invalid_token("not a bearer token").into()),
            },
        };
        let trace = trace_of(parts, &caller);
        Ok(Self { caller, trace })
    }
}

fn trace_of(parts: &Parts, caller: &Caller) -> Trace {
    let correlation_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    Trace { correlation_id, causation_id: None, actor: caller.actor() }
}

/// The trace of a request whose route reads no credential: a client may send its expired token.
#[derive(Debug, Clone)]
pub struct GuestTrace(pub Trace);

impl<S: Send + Sync> FromRequestParts<S> for GuestTrace {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(trace_of(parts, &Caller::Guest)))
    }
}

/// A caller who has the permission `P`. Any other call fails with 401 or 403 before its body is read.
#[derive(Debug, Clone)]
pub struct Authorized<P>(pub CallContext, pub PhantomData<P>);

/// A caller who has logged in. API keys are refused: this is for credentials and for the export of personal data.
pub type SessionOnly = Authorized<permit::ManageCredentials>;

impl<S: Send + Sync, P: Permit> FromRequestParts<S> for Authorized<P>
where
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let context = CallContext::from_request_parts(parts, state).await?;
        context.caller.require(P::PERMISSION)?;
        Ok(Self(context, PhantomData))
    }
}

/// A caller with any account. A guest's call fails with 401 before its body is read. The use case checks what the account may see.
#[derive(Debug, Clone)]
pub struct AccountHolder(pub CallContext);

impl<S: Send + Sync> FromRequestParts<S> for AccountHolder
where
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let context = CallContext::from_request_parts(parts, state).await?;
        context.caller.require_account()?;
        Ok(Self(context))
    }
}

/// The account that calls about its own data. A guest's call fails with 401 before its body is read.
#[derive(Debug, Clone, Copy)]
pub struct AccountOwner(pub UserId);

impl<S: Send + Sync> FromRequestParts<S> for AccountOwner
where
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authorized(context, _) = Authorized::<permit::UseAccount>::from_request_parts(parts, state).await?;
        Ok(Self(context.caller.require_user()?))
    }
}
