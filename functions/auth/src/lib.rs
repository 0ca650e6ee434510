//! HTTP: registering, logging in and out, the tokens, and the keys that they are checked with.

use std::sync::Arc;

use aws_kit::{Aws, Issuer, TokenTrust};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::{StatusCode, header};
use http_kit::{
    ApiResult, Authorized, CallContext, IfNoneMatch, Json, Path, SessionOnly, Verifier, single_page, with_etag,
};
use identity::{Accounts, ApiKeyIn, Gate, Signer};
use values::{ApiKeyId, Result, SessionId};

mod bodies;
mod guest;
mod limits;

use bodies::{ConfirmReset, Login, Redeem, Refresh, Register, Reset, Verify};
use guest::{From, Guest};
use limits::counted;

/// What the handlers work with.
#[derive(Debug, Clone)]
pub struct State {
    accounts: Accounts,
    signer: Arc<Signer>,
    verifier: Verifier,
    gate: Gate,
}

impl State {
    /// As the environment says.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let (accounts, signer) = (Accounts::from_env(aws)?, Arc::new(Signer::from_env(aws)?));
        // Here each use case looks at the session itself.
        Ok(Self {
            accounts,
            signer,
            verifier: Verifier::from_env(aws)?.without_ended_sessions(),
            gate: Gate::from_env()?,
        })
    }

    /// Reads the signing key and the public ones while the sandbox starts; both connections are open then.
    pub async fn warm(&self) {
        futures::join!(self.signer.warm(), async { drop(self.trust().keys(false).await) });
    }

    fn trust(&self) -> &TokenTrust {
        self.verifier.trust()
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

type App = AxumState<State>;

/// The routes of this function.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/api/v1/auth/register", post(register))
        .route("/api/v1/users/register", post(register))
        .route("/api/v1/auth/login", post(login))
        .route("/api/v1/users/login", post(login))
        .route("/api/v1/auth/oauth/token", post(redeem))
        .route("/api/v1/auth/refresh", post(refresh))
        .route("/api/v1/auth/logout", post(logout))
        .route("/api/v1/auth/reset-password", post(request_reset))
        .route("/api/v1/auth/reset-password/confirm", post(confirm_reset))
        .route("/api/v1/auth/verify-email", post(verify_email))
        .route("/api/v1/auth/verify-email/request", post(request_verification))
        .route("/api/v1/auth/me", get(me))
        .route("/api/v1/auth/sessions", get(sessions))
        .route("/api/v1/auth/sessions/{id}", delete(end_session))
        .route("/api/v1/auth/api-keys", get(api_keys).post(create_api_key))
        .route("/api/v1/auth/api-keys/{id}", delete(revoke_api_key))
        .route("/.well-known/jwks.json", get(jwks))
        .with_state(state)
}

async fn register(AxumState(state): App, guest: Guest, Json(body): Json<Register>) -> ApiResult {
    let trace = guest.trace.clone();
    let made = identity::register(&state.accounts, &state.signer, &state.gate, body.of(guest)?, &trace).await?;
    counted(made, |made| (StatusCode::CREATED, Json(made)).into_response())
}

async fn login(AxumState(state): App, guest: Guest, Json(body): Json<Login>) -> ApiResult {
    let signed_in = identity::login(&state.accounts, &state.signer, &state.gate, body.of(guest)).await?;
    counted(signed_in, |signed_in| Json(signed_in).into_response())
}

/// Ends a sign-in with a provider, which `oauth` began: only this function signs tokens.
async fn redeem(AxumState(state): App, guest: Guest, Json(body): Json<Redeem>) -> ApiResult {
    let State { accounts, signer, gate, .. } = &state;
    let from = (guest.device, guest.network);
    let signed_in = identity::redeem_code(accounts, signer, gate, &body.code, from).await?;
    Ok(Json(signed_in).into_response())
}

async fn refresh(AxumState(state): App, guest: Guest, Json(body): Json<Refresh>) -> ApiResult {
    let State { accounts, signer, .. } = &state;
    let tokens = identity::refresh(accounts, signer, state.trust(), &body.refresh_token, &guest.trace).await?;
    Ok(Json(tokens).into_response())
}

async fn logout(AxumState(state): App, Authorized(visitor, _): SessionOnly) -> ApiResult<StatusCode> {
    identity::logout(&state.accounts, state.trust(), &visitor.caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn request_reset(AxumState(state): App, guest: Guest, Json(body): Json<Reset>) -> ApiResult {
    let Guest { network, trace, .. } = guest;
    let asked = identity::request_reset(&state.accounts, &state.gate, &body.email, &network, &trace).await?;
    counted(asked, |()| StatusCode::ACCEPTED.into_response())
}

async fn confirm_reset(
    AxumState(state): App,
    From(network): From,
    Json(body): Json<ConfirmReset>,
) -> ApiResult<StatusCode> {
    let password = body.password()?;
    identity::confirm_reset(&state.accounts, state.trust(), &state.gate, &body.token, &password, &network).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn verify_email(AxumState(state): App, Json(body): Json<Verify>) -> ApiResult<StatusCode> {
    identity::verify_email(&state.accounts, &body.token).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn request_verification(
    AxumState(state): App,
    Authorized(visitor, _): SessionOnly,
    From(network): From,
) -> ApiResult {
    let (user, trace) = (identity::present(&state.accounts, &visitor.caller).await?.id, &visitor.trace);
    let asked = identity::request_verification(&state.accounts, &state.gate, user, &network, trace).await?;
    counted(asked, |()| StatusCode::ACCEPTED.into_response())
}

async fn me(AxumState(state): App, visitor: CallContext, known: IfNoneMatch) -> ApiResult {
    let user = identity::present(&state.accounts, &visitor.caller).await?;
    Ok(with_etag(user.version, &known, user))
}

async fn sessions(AxumState(state): App, Authorized(visitor, _): SessionOnly) -> ApiResult {
    let sessions = identity::sessions(&state.accounts, &visitor.caller).await?;
    Ok(Json(single_page(sessions)).into_response())
}

async fn end_session(
    AxumState(state): App,
    Authorized(visitor, _): SessionOnly,
    Path(id): Path<SessionId>,
) -> ApiResult<StatusCode> {
    identity::end_session(&state.accounts, state.trust(), &visitor.caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn api_keys(AxumState(state): App, Authorized(visitor, _): SessionOnly) -> ApiResult {
    let keys = identity::api_keys(&state.accounts, &visitor.caller).await?;
    Ok(Json(single_page(keys)).into_response())
}

async fn create_api_key(
    AxumState(state): App,
    Authorized(visitor, _): SessionOnly,
    Json(body): Json<ApiKeyIn>,
) -> ApiResult {
    let made = identity::create_api_key(&state.accounts, &visitor.caller, body).await?;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

async fn revoke_api_key(
    AxumState(state): App,
    Authorized(visitor, _): SessionOnly,
    Path(id): Path<ApiKeyId>,
) -> ApiResult<StatusCode> {
    identity::revoke_api_key(&state.accounts, state.trust(), &visitor.caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn jwks(AxumState(state): App) -> ApiResult<Response> {
    let keys = state.trust().keys(false).await?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(keys.of(Issuer::Own))).into_response())
}
