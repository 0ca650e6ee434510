//! HTTP: signing in with Google and GitHub, and what an account is linked to. It talks to the providers and knows their secrets; it
//! signs no token: what it hands out is a code, which `auth` trades (docs/adr/0019).

mod answers;
mod bodies;
mod cookie;
mod exchange;
mod fetch;
mod github;
mod google;
mod id_token;
mod place;
mod providers;
mod redirects;

use std::sync::Arc;

use aws_kit::{Aws, Settings};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use http::StatusCode;
use http_kit::{ApiResult, Authorized, CallContext, Json, Path, Query, SessionOnly, SourceIp, Verifier, single_page};
use identity::{Accounts, Attempt, Brake, Network, Provider};
use values::{Error, Result, Trace};

use answers::{back, counted, leave};
use bodies::{Asked, Said};
use cookie::Cookies;
use place::Place;
use providers::Providers;
use redirects::Redirects;

/// What the handlers work with.
#[derive(Debug, Clone)]
pub struct State {
    accounts: Accounts,
    verifier: Verifier,
    brake: Brake,
    providers: Arc<Providers>,
    redirects: Arc<Redirects>,
    cookies: Arc<Cookies>,
}

impl State {
    /// As the environment says. What would send a secret or a browser over a line that anybody reads stops the start.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let place = Place::of(&Settings.required("SOUK_PUBLIC_URL")?)?;
        Ok(Self {
            accounts: Accounts::from_env(aws)?,
            verifier: Verifier::from_env(aws)?,
            brake: Brake::from_env()?,
            redirects: Arc::new(Redirects::from_env(&place)?),
            cookies: Arc::new(Cookies::at(&place)),
            providers: Arc::new(Providers::from_env(aws, place)?),
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
    Query(asked): Query<Asked>,
    source: SourceIp,
) -> ApiResult {
    let journey = asked.journey(provider, &state.redirects)?;
    let ready = state.providers.ready(provider).await?;
    let network = Network::of(source.0.as_deref());
    let begun = identity::begin_sign_in(&state.accounts, &state.brake, &network, journey).await?;
    counted(begun, |(attempt, keys)| {
        let address = ready.address(&attempt, &keys.state)?;
        Ok(leave(&address, &state.cookies.given(provider, &keys)))
    })
}

async fn callback(
    AxumState(state): App,
    Path(provider): Path<Provider>,
    Query(said): Query<Said>,
    headers: HeaderMap,
    visitor: CallContext,
) -> ApiResult {
    let browser = said.state.as_deref().and_then(|said| state.cookies.found(&headers, said));
    let attempt =
        identity::resume_sign_in(&state.accounts, provider, said.state.as_deref(), browser.as_deref()).await?;
    let outcome = signed_in(&state, &attempt, &said, &visitor.trace).await;
    let spent = state.cookies.taken(provider, said.state.as_deref().unwrap_or_default());
    back(&attempt, outcome, &spent).map_err(Into::into)
}

/// The code for the front end. From here on, whoever comes is the browser that began: it is told of every failure at the front end.
async fn signed_in(state: &State, attempt: &Attempt, said: &Said, trace: &Trace) -> Result<String, Error> {
    let code = said.code()?;
    let ready = state.providers.ready(attempt.provider).await?;
    let vouched = ready.who(attempt, code, said.iss.as_deref()).await?;
    identity::sign_in_with(&state.accounts, state.verifier.trust(), &vouched, trace).await
}

async fn links(AxumState(state): App, Authorized(visitor, _): SessionOnly) -> ApiResult<Response> {
    let links = identity::links(&state.accounts, visitor.caller.require_user()?).await?;
    Ok(Json(single_page(links)).into_response())
}

async fn unlink(
    AxumState(state): App,
    Authorized(visitor, _): SessionOnly,
    Path(provider): Path<Provider>,
) -> ApiResult<StatusCode> {
    identity::unlink(&state.accounts, visitor.caller.require_user()?, provider).await?;
    Ok(StatusCode::NO_CONTENT)
}
