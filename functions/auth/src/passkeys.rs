//! Passkeys: adding, listing and removing them, and the login with one alone.

use axum::Router;
use axum::extract::State as AxumState;
use axum::response::IntoResponse;
use axum::routing::{delete, post};
use http::StatusCode;
use http_kit::{ApiResult, Authorized, Json, Path, RecentLogin, RecentLoginToEnrol, SessionOnly, single_page};
use identity::{PasskeyIn, PasskeyLogin, PasskeyResponse};
use serde::Deserialize;
use values::PasskeyId;

use crate::client::Client;
use crate::state::{App, State};

/// The routes of this module.
pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/auth/passkeys/options", post(begin))
        .route("/api/v1/auth/passkeys", post(add).get(list))
        .route("/api/v1/auth/passkeys/{id}", delete(remove))
        .route("/api/v1/auth/passkeys/login/options", post(begin_login))
        .route("/api/v1/auth/passkeys/login", post(log_in))
}

/// The request to log in with a passkey.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PasskeyLogin"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LoginWithPasskey {
    /// `toJSON()` of what `navigator.credentials.get` returned.
    credential: PasskeyResponse,
    /// The `deviceToken` of the last login from this device. One that is not valid is ignored.
    device_token: Option<String>,
}

impl LoginWithPasskey {
    fn login(self, client: Client) -> PasskeyLogin {
        let Client { device, network, .. } = client;
        PasskeyLogin { credential: self.credential, device_token: self.device_token, device, network }
    }
}

async fn begin(AxumState(state): App, RecentLoginToEnrol(context): RecentLoginToEnrol) -> ApiResult {
    Ok(Json(state.accounts.begin_passkey(&state.policy, &context.caller).await?).into_response())
}

async fn add(
    AxumState(state): App,
    RecentLoginToEnrol(context): RecentLoginToEnrol,
    Json(body): Json<PasskeyIn>,
) -> ApiResult {
    let passkey = state.accounts.add_passkey(state.factors(&context), &context.caller, body).await?;
    Ok((StatusCode::CREATED, Json(passkey)).into_response())
}

async fn list(AxumState(state): App, Authorized(context, _): SessionOnly) -> ApiResult {
    Ok(Json(single_page(state.accounts.passkeys(&context.caller).await?)).into_response())
}

async fn remove(
    AxumState(state): App,
    RecentLogin(context, _): RecentLogin,
    Path(id): Path<PasskeyId>,
) -> ApiResult<StatusCode> {
    state.accounts.remove_passkey(state.factors(&context), &context.caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn begin_login(AxumState(state): App) -> ApiResult {
    Ok(Json(state.accounts.begin_passkey_login(&state.policy).await?).into_response())
}

async fn log_in(AxumState(state): App, client: Client, Json(body): Json<LoginWithPasskey>) -> ApiResult {
    let trace = client.trace.clone();
    let user = state.accounts.log_in_with_passkey(&state.signer, &state.policy, body.login(client), &trace).await?;
    Ok(Json(user).into_response())
}
