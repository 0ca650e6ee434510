//! HTTP: profiles, address books, and the list of accounts for an admin.

use aws_kit::Aws;
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::IntoResponse;
use axum::routing::{get, put};
use http::StatusCode;
use http_kit::{
    Admin, Answer, Cursors, IdempotencyKey, IfMatch, IfNoneMatch, Json, LoggedIn, PageQuery, Path, Query, Verifier,
    attempted, list, tagged,
};
use identity::{Accounts, Address, Name};
use serde::Deserialize;
use serde_json::json;
use values::{AddressId, Result, UserId};

const USERS: &str = "/users";
const ADD_ADDRESS: &str = "POST /users/addresses";

/// What the handlers work with.
#[derive(Debug, Clone)]
pub struct State {
    accounts: Accounts,
    verifier: Verifier,
    cursors: Cursors,
}

impl State {
    /// As the environment says.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            accounts: Accounts::from_env(aws)?,
            verifier: Verifier::from_env(aws)?,
            cursors: Cursors::from_env()?,
        })
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

type App = AxumState<State>;

/// PUT /users/profile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    name: Name,
}

/// The routes of this function.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/api/v1/users", get(list_users))
        .route("/api/v1/users/{id}", get(user))
        .route("/api/v1/users/profile", get(profile).put(rename))
        .route("/api/v1/users/addresses", get(addresses).post(add_address))
        .route("/api/v1/users/addresses/{id}", put(replace_address).delete(remove_address))
        .with_state(state)
}

async fn list_users(AxumState(state): App, _: Admin, Query(query): Query<PageQuery>) -> Answer {
    let page = identity::list_users(&state.accounts, &state.cursors.open(&query, USERS)?).await?;
    Ok(Json(list(page, &state.cursors, USERS)).into_response())
}

async fn user(AxumState(state): App, _: Admin, Path(id): Path<UserId>, known: IfNoneMatch) -> Answer {
    let user = identity::profile(&state.accounts, id).await?;
    Ok(tagged(user.version, &known, user))
}

async fn profile(AxumState(state): App, LoggedIn(user): LoggedIn, known: IfNoneMatch) -> Answer {
    let user = identity::profile(&state.accounts, user).await?;
    Ok(tagged(user.version, &known, user))
}

async fn rename(AxumState(state): App, LoggedIn(user): LoggedIn, held: IfMatch, Json(body): Json<Profile>) -> Answer {
    let user = identity::rename(&state.accounts, user, body.name, held.version()?).await?;
    Ok(tagged(user.version, &IfNoneMatch::default(), user))
}

async fn addresses(AxumState(state): App, LoggedIn(user): LoggedIn) -> Answer {
    let book = identity::addresses(&state.accounts, user).await?;
    Ok(Json(json!({ "data": book, "pagination": { "cursor": null, "hasMore": false } })).into_response())
}

async fn add_address(
    AxumState(state): App,
    LoggedIn(user): LoggedIn,
    key: IdempotencyKey,
    Json(address): Json<Address>,
) -> Answer {
    let once = key.of(&user.to_string(), ADD_ADDRESS, &address)?;
    let added = identity::add_address(&state.accounts, user, address, once).await?;
    Ok(attempted(added, |entry| (StatusCode::CREATED, Json(entry))))
}

async fn replace_address(
    AxumState(state): App,
    LoggedIn(user): LoggedIn,
    Path(id): Path<AddressId>,
    Json(address): Json<Address>,
) -> Answer {
    let entry = identity::replace_address(&state.accounts, user, id, address).await?;
    Ok(Json(entry).into_response())
}

async fn remove_address(
    AxumState(state): App,
    LoggedIn(user): LoggedIn,
    Path(id): Path<AddressId>,
) -> Answer<StatusCode> {
    identity::remove_address(&state.accounts, user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
