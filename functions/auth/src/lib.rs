//! HTTP: registration, login and logout, tokens, sessions, API keys, and the public keys of access tokens.

use aws_kit::Issuer;
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use http::{StatusCode, header};
use http_kit::{
    ApiResult, Authorized, CallContext, IfNoneMatch, Json, Path, RecentLogin, SessionOnly, SourceIp, single_page,
    with_etag,
};
use identity::ApiKeyIn;
use values::{ApiKeyId, SessionId};

mod bodies;
mod client;
#[cfg(feature = "openapi")]
mod openapi;
mod passkeys;
mod rate_limit_headers;
mod second_factor_bodies;
mod second_factors;
mod state;

use bodies::{ChangePassword, ConfirmReset, Login, Redeem, Refresh, Register, Reset, Verify};
use client::Client;
#[cfg(feature = "openapi")]
pub use openapi::openapi;
use rate_limit_headers::rate_limited;
use second_factor_bodies::StepUp;
use second_factors::login_answer;
use state::App;
pub use state::State;

/// The routes of this function.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/api/v1/auth/register", post(register))
        .route("/api/v1/users/register", post(register))
        .route("/api/v1/auth/login", post(log_in))
        .route("/api/v1/users/login", post(log_in))
        .route("/api/v1/auth/oauth/token", post(redeem_code))
        .route("/api/v1/auth/refresh", post(refresh))
        .route("/api/v1/auth/step-up", post(step_up))
        .route("/api/v1/auth/logout", post(log_out))
        .route("/api/v1/auth/logout-everywhere", post(log_out_everywhere))
        .route("/api/v1/auth/password", put(change_password))
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
        .merge(second_factors::routes())
        .merge(passkeys::routes())
        .with_state(state)
}

async fn register(AxumState(state): App, client: Client, Json(body): Json<Register>) -> ApiResult {
    let State { accounts, signer, policy, .. } = &state;
    let trace = client.trace.clone();
    let registered = accounts.register(signer, policy, body.registration(client)?, &trace).await?;
    rate_limited(registered, |user| (StatusCode::CREATED, Json(user)).into_response())
}

async fn log_in(AxumState(state): App, client: Client, Json(body): Json<Login>) -> ApiResult {
    let trace = client.trace.clone();
    let logged_in = state.accounts.log_in(&state.signer, &state.policy, body.login(client), &trace).await?;
    rate_limited(logged_in, login_answer)
}

/// Ends a sign-in with a provider that `oauth` began: only this function signs tokens.
async fn redeem_code(AxumState(state): App, client: Client, Json(body): Json<Redeem>) -> ApiResult {
    let State { accounts, signer, policy, .. } = &state;
    let Client { device, network, trace } = client;
    let login = accounts.redeem_code(signer, policy, &body.code, (device, network), &trace).await?;
    Ok(login_answer(login))
}

async fn refresh(AxumState(state): App, client: Client, Json(body): Json<Refresh>) -> ApiResult {
    let State { accounts, signer, .. } = &state;
    let tokens = accounts.refresh(signer, state.trust(), &body.refresh_token, &client.trace).await?;
    Ok(Json(tokens).into_response())
}

async fn step_up(
    AxumState(state): App,
    Authorized(context, _): SessionOnly,
    source: SourceIp,
    Json(body): Json<StepUp>,
) -> ApiResult {
    let State { accounts, signer, policy, .. } = &state;
    let stepped_up = accounts.step_up(signer, policy, &context.caller, body.proof()?, &source.network()).await?;
    rate_limited(stepped_up, |token| Json(token).into_response())
}

async fn log_out(AxumState(state): App, Authorized(context, _): SessionOnly) -> ApiResult<StatusCode> {
    state.accounts.log_out(state.trust(), &context.caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn log_out_everywhere(AxumState(state): App, Authorized(context, _): SessionOnly) -> ApiResult<StatusCode> {
    state.accounts.log_out_everywhere(state.trust(), &context.caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn request_reset(AxumState(state): App, client: Client, Json(body): Json<Reset>) -> ApiResult {
    let Client { network, trace, .. } = client;
    let requested = state.accounts.request_reset(&state.policy, &body.email, &network, &trace).await?;
    rate_limited(requested, |()| StatusCode::ACCEPTED.into_response())
}

async fn confirm_reset(AxumState(state): App, client: Client, Json(body): Json<ConfirmReset>) -> ApiResult<StatusCode> {
    let Client { network, trace, .. } = client;
    state.accounts.confirm_reset(state.trust(), &state.policy, &body.reset()?, &network, &trace).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change_password(
    AxumState(state): App,
    Authorized(context, _): SessionOnly,
    source: SourceIp,
    Json(body): Json<ChangePassword>,
) -> ApiResult {
    let State { accounts, signer, policy, .. } = &state;
    let (change, CallContext { caller, trace }) = (body.change()?, &context);
    let changed =
        accounts.change_password(signer, state.trust(), policy, caller, &change, (&source.network(), trace)).await?;
    rate_limited(changed, |tokens| Json(tokens).into_response())
}

async fn verify_email(AxumState(state): App, Json(body): Json<Verify>) -> ApiResult<StatusCode> {
    state.accounts.verify_email(&body.token).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn request_verification(
    AxumState(state): App,
    Authorized(context, _): SessionOnly,
    source: SourceIp,
) -> ApiResult {
    let State { accounts, policy, .. } = &state;
    let user = accounts.current_user(&context.caller).await?.id;
    let requested = accounts.request_verification(policy, user, &source.network(), &context.trace).await?;
    rate_limited(requested, |()| StatusCode::ACCEPTED.into_response())
}

async fn me(AxumState(state): App, context: CallContext, known: IfNoneMatch) -> ApiResult {
    let user = state.accounts.current_user(&context.caller).await?;
    Ok(with_etag(user.version, &known, user))
}

async fn sessions(AxumState(state): App, Authorized(context, _): SessionOnly) -> ApiResult {
    let sessions = state.accounts.sessions(&context.caller).await?;
    Ok(Json(single_page(sessions)).into_response())
}

async fn end_session(
    AxumState(state): App,
    Authorized(context, _): SessionOnly,
    Path(id): Path<SessionId>,
) -> ApiResult<StatusCode> {
    state.accounts.end_session(state.trust(), &context.caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn api_keys(AxumState(state): App, Authorized(context, _): SessionOnly) -> ApiResult {
    let keys = state.accounts.api_keys(&context.caller).await?;
    Ok(Json(single_page(keys)).into_response())
}

async fn create_api_key(
    AxumState(state): App,
    RecentLogin(context, _): RecentLogin,
    Json(body): Json<ApiKeyIn>,
) -> ApiResult {
    let key = state.accounts.create_api_key(&context.caller, body, &context.trace).await?;
    Ok((StatusCode::CREATED, Json(key)).into_response())
}

async fn revoke_api_key(
    AxumState(state): App,
    Authorized(context, _): SessionOnly,
    Path(id): Path<ApiKeyId>,
) -> ApiResult<StatusCode> {
    state.accounts.revoke_api_key(state.trust(), &context.caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn jwks(AxumState(state): App) -> ApiResult<Response> {
    let keys = state.trust().keys(false).await?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(keys.of(Issuer::Own))).into_response())
}
