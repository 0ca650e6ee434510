//! The cart API: create, view, add, set, remove, clear and merge. A handler extracts, calls the use case and shapes
//! the response.

#[cfg(feature = "openapi")]
mod openapi;
mod shape;

use aws_kit::{Aws, Settings, Table};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use cart::{CartView, Carts, ItemRef, MergeStrategy, Owner};
use catalog::ShownStock;
use http::StatusCode;
use http_kit::{
    AccountHolder, ApiError, ApiResult, Authorized, IdempotencyKey, IfMatch, IfNoneMatch, Json, Path, Replacement,
    Verifier, idempotent_response, with_etag,
};
use values::permit::Buy;
use values::{Caller, Currency, Permission, Result};

#[cfg(feature = "openapi")]
pub use openapi::openapi;
use shape::{AddIn, COUNTED, CartOut, MergeIn, SetIn};

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct State {
    carts: Carts,
    merge_strategy: MergeStrategy,
    currency: Currency,
    verifier: Verifier,
    shown_stock: ShownStock,
}

impl State {
    /// Reads the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            carts: Carts::from_env(aws)?,
            merge_strategy: Settings.parsed("SOUK_CART_MERGE")?,
            currency: Settings.parsed("SOUK_CURRENCY")?,
            verifier: Verifier::from_env(aws)?,
            shown_stock: ShownStock::from_env()?,
        })
    }

    /// The table to which a connection is opened at start.
    pub fn table(&self) -> &Table {
        self.carts.table()
    }

    fn respond(&self, view: CartView, caller: &Caller, if_none_match: &IfNoneMatch) -> Result<Response> {
        let cart = CartOut::new(view, self.currency, self.shown_stock.to(caller))?;
        Ok(with_etag(cart.tag()?, if_none_match, cart))
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

/// The routes of the API.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/api/v1/cart", post(create))
        .route("/api/v1/cart/me/merge", post(merge))
        .route("/api/v1/cart/{owner}", get(view).delete(clear))
        .route("/api/v1/cart/{owner}/items", post(add))
        .route("/api/v1/cart/{owner}/items/{item}", put(set).delete(remove))
        .with_state(state)
}

async fn create(AxumState(state): AxumState<State>) -> ApiResult {
    let view = state.carts.create().await?;
    Ok((StatusCode::CREATED, state.respond(view, &Caller::Guest, &IfNoneMatch::default())?).into_response())
}

async fn view(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    Path(owner): Path<String>,
    if_none_match: IfNoneMatch,
) -> ApiResult {
    let owner = Owner::parse_for(&owner, &context.caller)?;
    let view = match owner.is_caller(&context.caller) {
        true => state.carts.view(owner).await?,
        false => state.carts.inspect(owner).await?,
    };
    Ok(state.respond(view, &context.caller, &if_none_match)?)
}

async fn add(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    Path(owner): Path<String>,
    if_match: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<AddIn>,
) -> ApiResult {
    let owner = Owner::parse_for(&owner, &context.caller)?;
    let idempotency = key.of(&owner.to_string(), "POST /cart/items", &body)?;
    let item = ItemRef::new(body.sku, body.product_id)?;
    let view = state.carts.add(owner, &item, body.quantity, if_match.version()?, idempotency.as_ref()).await;
    let view = view.map_err(|error| state.shown_stock.to(&context.caller).error(error))?;
    Ok(idempotent_response(view, |view| {
        state.respond(view, &context.caller, &IfNoneMatch::default()).map_err(ApiError::from)
    }))
}

async fn merge(
    AxumState(state): AxumState<State>,
    AccountHolder(context): AccountHolder,
    if_match: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<MergeIn>,
) -> ApiResult {
    context.caller.require(Permission::Buy)?;
    let user = context.caller.require_user()?;
    let idempotency = key.of(&user.to_string(), "POST /cart/me/merge", &body)?;
    let view =
        state.carts.merge(user, &body.from, state.merge_strategy, if_match.version()?, idempotency.as_ref()).await?;
    Ok(idempotent_response(view, |view| {
        state.respond(view, &context.caller, &IfNoneMatch::default()).map_err(ApiError::from)
    }))
}

async fn set(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    Path((owner, item)): Path<(String, String)>,
    if_match: IfMatch,
    body: Replacement<SetIn>,
) -> ApiResult {
    let (owner, item) = (Owner::parse_for(&owner, &context.caller)?, item.parse::<ItemRef>()?);
    let shown = state.shown_stock.to(&context.caller);
    let stored = async {
        let view = state.carts.inspect(owner).await?;
        if_match.check("cart", view.cart.version)?;
        let cart = CartOut::new(view, state.currency, shown)?;
        // A sale in between makes no change fail.
        let except = if if_match.is_behind(&cart.tag()?) { COUNTED } else { &[] };
        Ok((cart.into_item(&item), except))
    };
    let SetIn { quantity } = body.checked_except(stored).await?;
    let view = state.carts.set(owner, &item, quantity, if_match.version()?).await;
    let view = view.map_err(|error| shown.error(error))?;
    Ok(state.respond(view, &context.caller, &IfNoneMatch::default())?)
}

async fn remove(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    Path((owner, item)): Path<(String, String)>,
    if_match: IfMatch,
) -> ApiResult {
    let owner = Owner::parse_for(&owner, &context.caller)?;
    let view = state.carts.remove(owner, &item.parse()?, if_match.version()?).await?;
    Ok(state.respond(view, &context.caller, &IfNoneMatch::default())?)
}

async fn clear(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    Path(owner): Path<String>,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    state.carts.clear(Owner::parse_for(&owner, &context.caller)?, if_match.version()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
