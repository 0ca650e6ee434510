//! Carts over HTTP: make, look, add, set, remove, empty, merge. Handlers extract, call the use case and shape the answer.

#[cfg(feature = "openapi")]
mod openapi;
mod shape;

use aws_kit::{Aws, Settings, Table};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use cart::{Carts, Item, Owner, Strategy, View};
use http::StatusCode;
use http_kit::{
    AccountHolder, ApiError, ApiResult, Authorized, IdempotencyKey, IfMatch, IfNoneMatch, Json, Path, Verifier,
    idempotent_response, with_etag,
};
use values::permit::Buy;
use values::{Currency, Permission, Result};

#[cfg(feature = "openapi")]
pub use openapi::openapi;
use shape::{AddIn, CartOut, MergeIn, SetIn};

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct State {
    carts: Carts,
    merge: Strategy,
    currency: Currency,
    verifier: Verifier,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            carts: Carts::from_env(aws)?,
            merge: Settings.parsed("SOUK_CART_MERGE")?,
            currency: Settings.parsed("SOUK_CURRENCY")?,
            verifier: Verifier::from_env(aws)?,
        })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.carts.table()
    }

    fn shown(&self, view: View, known: &IfNoneMatch) -> Result<Response> {
        let cart = CartOut::of(view, self.currency)?;
        Ok(with_etag(cart.tag()?, known, cart))
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

/// The routes of the group.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/api/v1/cart", post(make))
        .route("/api/v1/cart/me/merge", post(merge))
        .route("/api/v1/cart/{owner}", get(view).delete(clear))
        .route("/api/v1/cart/{owner}/items", post(add))
        .route("/api/v1/cart/{owner}/items/{item}", put(set).delete(remove))
        .with_state(state)
}

async fn make(AxumState(state): AxumState<State>) -> ApiResult {
    let made = state.carts.make().await?;
    Ok((StatusCode::CREATED, state.shown(made, &IfNoneMatch::default())?).into_response())
}

async fn view(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<Buy>,
    Path(owner): Path<String>,
    known: IfNoneMatch,
) -> ApiResult {
    let owner = Owner::named(&owner, &visitor.caller)?;
    let view = match owner.is(&visitor.caller) {
        true => state.carts.view(owner).await?,
        false => state.carts.inspect(owner).await?,
    };
    Ok(state.shown(view, &known)?)
}

async fn add(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<Buy>,
    Path(owner): Path<String>,
    held: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<AddIn>,
) -> ApiResult {
    let owner = Owner::named(&owner, &visitor.caller)?;
    let idempotency = key.of(&owner.to_string(), "POST /cart/items", &body)?;
    let item = Item::of(body.sku, body.product_id)?;
    let added = state.carts.add(owner, &item, body.quantity, held.version()?, idempotency.as_ref()).await?;
    Ok(idempotent_response(added, |view| state.shown(view, &IfNoneMatch::default()).map_err(ApiError::from)))
}

async fn merge(
    AxumState(state): AxumState<State>,
    AccountHolder(visitor): AccountHolder,
    held: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<MergeIn>,
) -> ApiResult {
    visitor.caller.require(Permission::Buy)?;
    let user = visitor.caller.require_user()?;
    let idempotency = key.of(&user.to_string(), "POST /cart/me/merge", &body)?;
    let merged = state.carts.merge(user, &body.from, state.merge, held.version()?, idempotency.as_ref()).await?;
    Ok(idempotent_response(merged, |view| state.shown(view, &IfNoneMatch::default()).map_err(ApiError::from)))
}

async fn set(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<Buy>,
    Path((owner, item)): Path<(String, String)>,
    held: IfMatch,
    Json(body): Json<SetIn>,
) -> ApiResult {
    let owner = Owner::named(&owner, &visitor.caller)?;
    let set = state.carts.set(owner, &item.parse()?, body.quantity, held.version()?).await?;
    Ok(state.shown(set, &IfNoneMatch::default())?)
}

async fn remove(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<Buy>,
    Path((owner, item)): Path<(String, String)>,
    held: IfMatch,
) -> ApiResult {
    let owner = Owner::named(&owner, &visitor.caller)?;
    let left = state.carts.remove(owner, &item.parse()?, held.version()?).await?;
    Ok(state.shown(left, &IfNoneMatch::default())?)
}

async fn clear(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<Buy>,
    Path(owner): Path<String>,
    held: IfMatch,
) -> ApiResult<StatusCode> {
    state.carts.clear(Owner::named(&owner, &visitor.caller)?, held.version()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
