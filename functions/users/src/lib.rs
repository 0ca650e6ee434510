//! HTTP: profiles, preferences, address books, exports of personal data, and closing an account. For admins: accounts, their roles
//! and their status.

mod bodies;
#[cfg(feature = "openapi")]
mod openapi;
mod phone;
mod privacy;
mod state;

use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use http::StatusCode;
use http_kit::{
    AccountOwner, ApiResult, Authorized, IdempotencyKey, IfMatch, IfNoneMatch, Json, Path, Query, RecentLogin,
    Replacement, idempotent_response, list, single_page, with_etag,
};
use identity::{AddressIn, Preferences, User};
use serde_json::{Map, Value};
use values::permit::ManageUsers;
use values::{AddressId, Error, Result, UserId};

use bodies::{AddressReplacement, ListIn, PreferencesIn, PreferencesOut, Profile, RoleIn, StatusIn};
#[cfg(feature = "openapi")]
pub use openapi::openapi;
use phone::check_phone;
pub use state::State;

const ADD_ADDRESS: &str = "POST /users/addresses";

type App = AxumState<State>;

/// The routes of this function.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/api/v1/users", get(list_users))
        .route("/api/v1/users/{id}", get(user))
        .route("/api/v1/users/{id}/role", put(change_role))
        .route("/api/v1/users/{id}/status", put(change_status))
        .route("/api/v1/users/profile", get(profile).put(rename).delete(privacy::close_account))
        .route("/api/v1/users/preferences", get(preferences).put(set_preferences))
        .route("/api/v1/users/addresses", get(addresses).post(add_address))
        .route("/api/v1/users/addresses/{id}", put(replace_address).delete(remove_address))
        .merge(privacy::routes())
        .with_state(state)
}

async fn list_users(
    AxumState(state): App,
    Authorized(context, _): Authorized<ManageUsers>,
    Query(query): Query<ListIn>,
) -> ApiResult {
    let (filter, page, name) = query.parts()?;
    let page = state.accounts.list_users(&filter, &state.cursors.open(&page, &name)?).await?;
    context.report_customers_read(None, page.rows.len());
    Ok(Json(list(page, &state.cursors, &name)).into_response())
}

async fn user(
    AxumState(state): App,
    Authorized(context, _): Authorized<ManageUsers>,
    Path(id): Path<UserId>,
    known: IfNoneMatch,
) -> ApiResult {
    let user = state.accounts.user(id).await?;
    context.report_customers_read(Some(&id), 1);
    Ok(with_etag(user.version, &known, user))
}

async fn change_role(
    AxumState(state): App,
    RecentLogin(context, _): RecentLogin<ManageUsers>,
    Path(id): Path<UserId>,
    expected: IfMatch,
    body: Replacement<RoleIn>,
) -> ApiResult {
    let body = body.checked(account_at_version(&state, id, &expected)).await?;
    let admin = (context.caller.require_account()?, &context.trace);
    let user = state.accounts.change_role(state.trust(), admin, id, body.role()?, expected.version()?).await?;
    Ok(with_etag(user.version, &IfNoneMatch::default(), user))
}

async fn change_status(
    AxumState(state): App,
    Authorized(context, _): Authorized<ManageUsers>,
    Path(id): Path<UserId>,
    expected: IfMatch,
    body: Replacement<StatusIn>,
) -> ApiResult {
    let body = body.checked(account_at_version(&state, id, &expected)).await?;
    let admin = (context.caller.require_account()?, &context.trace);
    let next = (body.status()?, body.reason);
    let user = state.accounts.change_status(state.trust(), admin, id, next, expected.version()?).await?;
    Ok(with_etag(user.version, &IfNoneMatch::default(), user))
}

/// The answer to GET, at a version that the request expects: another version is refused as such, whatever else differs.
async fn account_at_version(state: &State, id: UserId, expected: &IfMatch) -> Result<User> {
    let user = state.accounts.user(id).await?;
    expected.check("account", user.version)?;
    Ok(user)
}

async fn preferences(AxumState(state): App, AccountOwner(user): AccountOwner, known: IfNoneMatch) -> ApiResult {
    Ok(preferences_response(state.accounts.preferences(user).await?, &known))
}

async fn set_preferences(
    AxumState(state): App,
    AccountOwner(user): AccountOwner,
    expected: IfMatch,
    body: Replacement<PreferencesIn>,
) -> ApiResult {
    let stored = async { state.accounts.preferences(user).await.map(PreferencesOut::new) };
    let preferences = body.checked(stored).await?.preferences()?;
    let preferences = state.accounts.set_preferences(user, preferences, expected.version()?).await?;
    Ok(preferences_response(preferences, &IfNoneMatch::default()))
}

fn preferences_response(preferences: Preferences, known: &IfNoneMatch) -> Response {
    with_etag(preferences.version, known, PreferencesOut::new(preferences))
}

async fn profile(AxumState(state): App, AccountOwner(user): AccountOwner, known: IfNoneMatch) -> ApiResult {
    let user = state.accounts.profile(user).await?;
    Ok(with_etag(user.version, &known, user))
}

async fn rename(
    AxumState(state): App,
    AccountOwner(user): AccountOwner,
    expected: IfMatch,
    body: Replacement<Profile>,
) -> ApiResult {
    let stored = async {
        let profile = state.accounts.profile(user).await?;
        expected.check("account", profile.version)?;
        Ok(profile)
    };
    let Profile { name } = body.checked(stored).await?;
    let user = state.accounts.rename(user, name.into(), expected.version()?).await?;
    Ok(with_etag(user.version, &IfNoneMatch::default(), user))
}

async fn addresses(AxumState(state): App, AccountOwner(user): AccountOwner) -> ApiResult {
    let book = state.accounts.addresses(user).await?;
    Ok(Json(single_page(book)).into_response())
}

async fn add_address(
    AxumState(state): App,
    AccountOwner(user): AccountOwner,
    key: IdempotencyKey,
    Json(body): Json<Map<String, Value>>,
) -> ApiResult {
    let idempotency = key.of(&user.to_string(), ADD_ADDRESS, &body)?;
    let input = AddressIn::parse(body)?;
    check_phone(&input)?;
    let added = state.accounts.add_address(user, &input, idempotency.as_ref()).await?;
    Ok(idempotent_response(added, |entry| (StatusCode::CREATED, Json(entry))))
}

async fn replace_address(
    AxumState(state): App,
    AccountOwner(user): AccountOwner,
    Path(id): Path<AddressId>,
    body: Replacement<AddressReplacement>,
) -> ApiResult {
    let stored = async {
        let entry = state.accounts.addresses(user).await?.into_iter().find(|entry| entry.id == id);
        entry.ok_or_else(|| Error::not_found("address"))
    };
    let AddressReplacement(address) = body.checked(stored).await?;
    let input = AddressIn::parse(address)?;
    check_phone(&input)?;
    let entry = state.accounts.replace_address(user, id, &input).await?;
    Ok(Json(entry).into_response())
}

async fn remove_address(
    AxumState(state): App,
    AccountOwner(user): AccountOwner,
    Path(id): Path<AddressId>,
) -> ApiResult<StatusCode> {
    state.accounts.remove_address(user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
