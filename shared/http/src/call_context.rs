//! Extractors of the caller: any caller, one with a permission, one with a recent login, an account holder, or the owner of an account.

use std::convert::Infallible;
use std::fmt::Display;
use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use telemetry::{SecurityEvent, SecurityKind};
use values::{Caller, Clock, Permit, Trace, UserId, permit};

use crate::app::RequestId;
use crate::problem::ApiError;
use crate::request_actor::RequestActor;
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
        // The rate limiter has verified a valid credential already.
        let caller = match parts.extensions.get::<Caller>() {
            Some(caller) => caller.clone(),
            None => Verifier::from_ref(state).caller(&parts.headers).await?,
        };
        if let Some(actor) = parts.extensions.get::<RequestActor>() {
            actor.set(&caller);
        }
        let trace = trace_of(parts, &caller);
        Ok(Self { caller, trace })
    }
}

impl CallContext {
    /// Reports that an API key was answered with the data of `count` customers: a stolen key of an admin can read all of them. `of` is
    /// their account or contact, if it is one. Its owner's own data, and people who are logged in, are not reported.
    pub fn report_customers_read(&self, of: Option<&dyn Display>, count: usize) {
        let Caller::Key { id, key, .. } = &self.caller else { return };
        let subject = of.map_or_else(|| SecurityEvent::NOBODY.to_owned(), ToString::to_string);
        if count > 0 && subject != id.to_string() {
            let actor = key.to_string();
            SecurityEvent::new(SecurityKind::CustomersRead, &actor, &subject).with_count(count).log();
        }
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

/// The 403 of an operation that needs a recent login, for the API document.
#[cfg(feature = "openapi")]
pub const RECENT_LOGIN: &str = "`recent_login_required`: the login is older than ten minutes; step up (`POST /auth/step-up`) or \
    log in again. `login_required`: an API key cannot do this. `mfa_enrolment_required`: an admin must add a second factor first. `forbidden`.";

/// A person with the permission `P` who has proved a credential within the last ten minutes (OpenID Connect Core 1.0, 2:
/// `auth_time`). It is for what a thief of a session must not do. API keys are refused with 403 `login_required`, older logins with
/// 403 `recent_login_required`, before the body is read. The logins of an account with a second factor were proved with it: sessions
/// from before it have ended.
#[derive(Debug, Clone)]
pub struct RecentLogin<P = permit::ManageCredentials>(pub CallContext, pub PhantomData<P>);

impl<S: Send + Sync, P: Permit> FromRequestParts<S> for RecentLogin<P>
where
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // First without the permission `P`: no other key would help a program.
        let Authorized(context, _) = SessionOnly::from_request_parts(parts, state).await?;
        context.caller.require(P::PERMISSION)?;
        context.caller.require_recent_login(Clock::System.now())?;
        Ok(Self(context, PhantomData))
    }
}

/// The same for adding a second factor, which an admin may do who can do nothing else without one.
#[derive(Debug, Clone)]
pub struct RecentLoginToEnrol(pub CallContext);

impl<S: Send + Sync> FromRequestParts<S> for RecentLoginToEnrol
where
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let context = CallContext::from_request_parts(parts, state).await?;
        context.caller.require_recent_login_to_enrol(Clock::System.now())?;
        Ok(Self(context))
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
