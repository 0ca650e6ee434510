//! HTTP: profiles, preferences, address books, exports of all that is held, the end of an account; for an admin the accounts, their roles and whether they may be used.

mod bodies;
mod phone;
mod privacy;

use aws_kit::{Aws, Bucket, TokenTrust};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use http::StatusCode;
use http_kit::{
    AccountOwner, ApiResult, Authorized, Cursors, IdempotencyKey, IfMatch, IfNoneMatch, Json, Path, Query, Verifier,
    idempotent_response, list, single_page, with_etag,
};
use identity::{Accounts, AddressIn, Preferences};
use serde_json::{Map, Value, json};
use values::permit::ManageUsers;
use values::{AddressId, Result, UserId};

use bodies::{ListIn, PreferencesIn, Profile, RoleIn, StatusIn};
use phone::check_phone;

const ADD_ADDRESS: &str = "POST /users/addresses";

/// What the handlers work with.
#[derive(Debug, Clone)]
pub struct State {
    accounts: Accounts,
    verifier: Verifier,
    cursors: Cursors,
    files: Bucket,
}

impl State {
    /// As the environment says.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            accounts: Accounts::from_env(aws)?,
            verifier: Verifier::from_env(aws)?,
            cursors: Cursors::from_env()?,
            files: Bucket::from_env(aws)?,
        })
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
        .route("/api/v1/users", get(list_users))
        .route("/api/v1/users/{id}", get(user))
        .route("/api/v1/users/{id}/role", put(change_role))
        .route("/api/v1/users/{id}/status", put(change_status))
        .route("/api/v1/users/profile", get(profile).put(rename).delete(privacy::close))
        .route("/api/v1/users/preferences", get(preferences).put(choose))
        .route("/api/v1/users/addresses", get(addresses).post(add_address))
        .route("/api/v1/users/addresses/{id}", put(replace_address).delete(remove_address))
        .merge(privacy::routes())
        .with_state(state)
}

async fn list_users(AxumState(state): App, _: Authorized<ManageUsers>, Query(query): Query<ListIn>) -> ApiResult {
    let (wanted, page, name) = query.parts()?;
    let page = identity::list_users(&state.accounts, &wanted, &state.cursors.open(&page, &name)?).await?;
    Ok(Json(list(page, &state.cursors, &name)).into_response())
}

async fn user(
    AxumState(state): App,
    _: Authorized<ManageUsers>,
    Path(id): Path<UserId>,
    known: IfNoneMatch,
) -> ApiResult {
    let user = identity::account(&state.accounts, id).await?;
    Ok(with_etag(user.version, &known, user))
}

async fn change_role(
    AxumState(state): App,
    Authorized(visitor, _): Authorized<ManageUsers>,
    Path(id): Path<UserId>,
    held: IfMatch,
    Json(body): Json<RoleIn>,
) -> ApiResult {
    let by = (visitor.caller.require_account()?, &visitor.trace.actor);
    let user = identity::change_role(&state.accounts, state.trust(), by, id, body.role()?, held.version()?).await?;
    Ok(with_etag(user.version, &IfNoneMatch::default(), user))
}

async fn change_status(
    AxumState(state): App,
    Authorized(visitor, _): Authorized<ManageUsers>,
    Path(id): Path<UserId>,
    held: IfMatch,
    Json(body): Json<StatusIn>,
) -> ApiResult {
    let by = (visitor.caller.require_account()?, &visitor.trace.actor);
    let next = (body.status()?, body.reason);
    let user = identity::change_status(&state.accounts, state.trust(), by, id, next, held.version()?).await?;
    Ok(with_etag(user.version, &IfNoneMatch::default(), user))
}

async fn preferences(AxumState(state): App, AccountOwner(user): AccountOwner, known: IfNoneMatch) -> ApiResult {
    Ok(shown(identity::preferences(&state.accounts, user).await?, &known))
}

async fn choose(
    AxumState(state): App,
    AccountOwner(user): AccountOwner,
    held: IfMatch,
    Json(body): Json<PreferencesIn>,
) -> ApiResult {
    let chosen = identity::choose(&state.accounts, user, body.chosen()?, held.version()?).await?;
    Ok(shown(chosen, &IfNoneMatch::default()))
}

fn shown(preferences: Preferences, known: &IfNoneMatch) -> Response {
    let Preferences { language, channels, version } = preferences;
    with_etag(version, known, json!({ "language": language, "channels": channels }))
}

async fn profile(AxumState(state): App, AccountOwner(user): AccountOwner, known: IfNoneMatch) -> ApiResult {
    let user = identity::profile(&state.accounts, user).await?;
    Ok(with_etag(user.version, &known, user))
}

async fn rename(
    AxumState(state): App,
    AccountOwner(user): AccountOwner,
    held: IfMatch,
    Json(body): Json<Profile>,
) -> ApiResult {
    let user = identity::rename(&state.accounts, user, body.name, held.version()?).await?;
    Ok(with_etag(user.version, &IfNoneMatch::default(), user))
}

async fn addresses(AxumState(state): App, AccountOwner(user): AccountOwner) -> ApiResult {
    let book = identity::addresses(&state.accounts, user).await?;
    Ok(Json(single_page(book)).into_response())
}

async fn add_address(
    AxumState(state): App,
    AccountOwner(user): AccountOwner,
    key: IdempotencyKey,
    Json(body): Json<Map<String, Value>>,
) -> ApiResult {
    let idempotency = key.of(&user.to_string(), ADD_ADDRESS, &body)?;
    let said = AddressIn::read(body)?;
    check_phone(&said)?;
    let added = identity::add_address(&state.accounts, user, &said, idempotency).await?;
    Ok(idempotent_response(added, |entry| (StatusCode::CREATED, Json(entry))))
}

async fn replace_address(
    AxumState(state): App,
    AccountOwner(user): AccountOwner,
    Path(id): Path<AddressId>,
    Json(body): Json<Map<String, Value>>,
) -> ApiResult {
    let said = AddressIn::read(body)?;
    check_phone(&said)?;
    let entry = identity::replace_address(&state.accounts, user, id, &said).await?;
    Ok(Json(entry).into_response())
}

async fn remove_address(
    AxumState(state): App,
    AccountOwner(user): AccountOwner,
    Path(id): Path<AddressId>,
) -> ApiResult<StatusCode> {
    identity::remove_address(&state.accounts, user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
