//! Second factors: the authenticator app, recovery codes, and the second step of a login.

use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http_kit::{ApiError, ApiResult, Authorized, CallContext, Json, RecentLogin, RecentLoginToEnrol, SessionOnly};
use identity::{FactorContext, Login, LoginChallenge};
use serde_json::{Map, json};
use values::{Error, Kind};

use crate::client::Client;
use crate::rate_limit_headers::rate_limited;
use crate::second_factor_bodies::{Code, LoginMfa};
use crate::state::{App, State};

/// The routes of this module.
pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/auth/login/mfa", post(log_in))
        .route("/api/v1/auth/mfa", get(show))
        .route("/api/v1/auth/mfa/totp", post(enrol_totp).delete(remove_totp))
        .route("/api/v1/auth/mfa/totp/confirm", post(confirm_totp))
        .route("/api/v1/auth/mfa/recovery-codes", post(replace_recovery_codes))
}

impl State {
    /// What the use cases of second factors need.
    pub(crate) fn factors<'a>(&'a self, context: &'a CallContext) -> FactorContext<'a> {
        FactorContext { signer: &self.signer, trust: self.trust(), policy: &self.policy, trace: &context.trace }
    }
}

/// The answer to a right first factor: 200 with tokens, or 403 `mfa_required` with what the client needs for the second one.
pub(crate) fn login_answer(login: Login) -> Response {
    match login {
        Login::SignedIn(user) => Json(user).into_response(),
        Login::SecondFactorRequired(LoginChallenge { mfa_token, methods }) => {
            let detail =
                "This account has a second factor. Send `mfaToken` with a proof of it to `POST /auth/login/mfa`.";
            let members =
                Map::from_iter([("mfaToken".to_owned(), json!(mfa_token)), ("methods".to_owned(), json!(methods))]);
            ApiError::with_members(Error::new(Kind::Forbidden, "mfa_required", detail), members).into_response()
        }
    }
}

async fn log_in(AxumState(state): App, client: Client, Json(body): Json<LoginMfa>) -> ApiResult {
    let trace = client.trace.clone();
    let login = body.login(client)?;
    let logged_in = state.accounts.log_in_with_second_factor(&state.signer, &state.policy, login, &trace).await?;
    rate_limited(logged_in, |user| Json(user).into_response())
}

async fn show(AxumState(state): App, Authorized(context, _): SessionOnly) -> ApiResult {
    Ok(Json(state.accounts.second_factors(&context.caller).await?).into_response())
}

async fn enrol_totp(AxumState(state): App, RecentLoginToEnrol(context): RecentLoginToEnrol) -> ApiResult {
    Ok(Json(state.accounts.enrol_totp(&state.policy, &context.caller).await?).into_response())
}

async fn confirm_totp(
    AxumState(state): App,
    RecentLoginToEnrol(context): RecentLoginToEnrol,
    Json(body): Json<Code>,
) -> ApiResult {
    let added = state.accounts.confirm_totp(state.factors(&context), &context.caller, &body.code).await?;
    Ok(Json(added).into_response())
}

async fn remove_totp(AxumState(state): App, RecentLogin(context, _): RecentLogin) -> ApiResult<StatusCode> {
    state.accounts.remove_totp(state.factors(&context), &context.caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn replace_recovery_codes(AxumState(state): App, RecentLogin(context, _): RecentLogin) -> ApiResult {
    let codes = state.accounts.replace_recovery_codes(state.factors(&context), &context.caller).await?;
    Ok(Json(codes).into_response())
}
