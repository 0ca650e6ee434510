//! HTTP: sign-in with Google and GitHub, and the links of an account. It calls the providers and reads their secrets, but signs no
//! tokens: it returns a code, which `auth` exchanges for tokens (docs/adr/0019).

mod cookie;
mod exchange;
mod fetch;
mod github;
mod google;
mod id_token;
#[cfg(feature = "openapi")]
mod openapi;
mod providers;
mod public_url;
mod redirects;
mod requests;
mod responses;

use std::sync::Arc;

use aws_kit::{Aws, Settings};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use http::StatusCode;
use http_kit::{
    ApiResult, Authorized, GuestTrace, Json, Path, Query, RecentLogin, SessionOnly, SourceIp, Verifier, single_page,
};
use identity::{AccountService, PendingSignIn, Provider, SignInRateLimit};
use values::{Error, Result, Trace};

use cookie::Cookies;
#[cfg(feature = "openapi")]
pub use openapi::openapi;
use providers::Providers;
use public_url::PublicUrl;
use redirects::Redirects;
use requests::{BeginQuery, CallbackQuery};
use responses::{rate_limited, redirect_to_front_end, redirect_to_provider};

/// The state of the handlers.
#[derive(Debug, Clone)]
pub struct State {
    accounts: AccountService,
    verifier: Verifier,
    rate_limit: SignInRateLimit,
    providers: Arc<Providers>,
    redirects: Arc<Redirects>,
    cookies: Arc<Cookies>,
}

impl State {
    /// Reads the environment. Fails for a URL without https, over which secrets or codes would be sent.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let public_url = PublicUrl::parse(&Settings.required("SOUK_PUBLIC_URL")?)?;
        Ok(Self {
            accounts: AccountService::from_env(aws)?,
            verifier: Verifier::from_env(aws)?,
            rate_limit: SignInRateLimit::from_env()?,
            redirects: Arc::new(Redirects::from_env(&public_url)?),
            cookies: Arc::new(Cookies::new(&public_url)),
            providers: Arc::new(Providers::from_env(aws, public_url)?),
        })
    }

    /// Opens the connection to the table.
    pub async fn warm(&self, aws: &Aws) {
        aws.warm(self.accounts.table()).await;
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
        .route("/api/v1/auth/oauth/links", get(links))
        .route("/api/v1/auth/oauth/links/{provider}", delete(unlink))
        .route("/api/v1/auth/oauth/{provider}", get(begin))
        .route("/api/v1/auth/oauth/{provider}/callback", get(callback))
        .with_state(state)
}

async fn begin(
    AxumState(state): App,
    Path(provider): Path<Provider>,
    Query(query): Query<BeginQuery>,
    source: SourceIp,
) -> ApiResult {
    let request = query.sign_in_request(provider, &state.redirects)?;
    let ready = state.providers.ready(provider).await?;
    let begun = state.accounts.begin_sign_in(&state.rate_limit, &source.network(), request).await?;
    rate_limited(begun, |(pending, secrets)| {
        let url = ready.authorize_url(&pending, &secrets.state)?;
        Ok(redirect_to_provider(&url, &state.cookies.set(provider, &secrets)))
    })
}

async fn callback(
    AxumState(state): App,
    Path(provider): Path<Provider>,
    Query(query): Query<CallbackQuery>,
    headers: HeaderMap,
    GuestTrace(trace): GuestTrace,
) -> ApiResult {
    let sign_in = query.state.as_deref();
    let browser = sign_in.and_then(|sign_in| state.cookies.find(&headers, sign_in));
    let pending = state.accounts.resume_sign_in(provider, sign_in, browser.as_deref()).await?;
    let outcome = complete_sign_in(&state, &pending, &query, &trace).await;
    let cookie = state.cookies.remove(provider, sign_in.unwrap_or_default());
    redirect_to_front_end(&pending, outcome, &cookie).map_err(Into::into)
}

/// The code for the front end. The browser is the one that began the sign-in, so every error goes to its front end.
async fn complete_sign_in(
    state: &State,
    pending: &PendingSignIn,
    query: &CallbackQuery,
    trace: &Trace,
) -> Result<String, Error> {
    let code = query.code()?;
    let ready = state.providers.ready(pending.provider).await?;
    let identity = ready.identify(pending, code, query.iss.as_deref()).await?;
    state.accounts.sign_in_with_provider(state.verifier.trust(), &identity, trace).await
}

async fn links(AxumState(state): App, Authorized(context, _): SessionOnly) -> ApiResult<Response> {
    let links = state.accounts.links(context.caller.require_user()?).await?;
    Ok(Json(single_page(links)).into_response())
}

async fn unlink(
    AxumState(state): App,
    RecentLogin(context, _): RecentLogin,
    Path(provider): Path<Provider>,
) -> ApiResult<StatusCode> {
    state.accounts.unlink(context.caller.require_user()?, provider, &context.trace).await?;
    Ok(StatusCode::NO_CONTENT)
}
