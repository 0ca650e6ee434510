//! The cart API: create, view, add, set, remove, clear, merge and coupons. A handler extracts, calls the use case and shapes
//! the response.

#[cfg(feature = "openapi")]
mod openapi;
mod price_shape;
mod shape;

use aws_kit::{Aws, Idempotent, Settings, Table};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use cart::{CartView, Carts, ItemRef, MergeStrategy, Owner};
use catalog::ShownStock;
use http::StatusCode;
use http_kit::{
    AccountHolder, ApiError, ApiResult, Authorized, IdempotencyKey, IfMatch, IfNoneMatch, Json, Path, Replacement,
    Verifier, idempotent_response, with_etag,
};
use promotions::CouponCode;
use values::permit::Buy;
use values::{Caller, Error, Permission, Result};

#[cfg(feature = "openapi")]
pub use openapi::openapi;
use shape::{AddIn, COUNTED, CartOut, CouponIn, CreateIn, MergeIn, SetIn};

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct State {
    carts: Carts,
    merge_strategy: MergeStrategy,
    verifier: Verifier,
    shown_stock: ShownStock,
}

impl State {
    /// Reads the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            carts: Carts::from_env(aws)?,
            merge_strategy: Settings.parsed("SOUK_CART_MERGE")?,
            verifier: Verifier::from_env(aws)?,
            shown_stock: ShownStock::from_env()?,
        })
    }

    /// The table to which a connection is opened at start.
    pub fn table(&self) -> &Table {
        self.carts.table()
    }

    async fn shape(&self, view: CartView, caller: &Caller) -> Result<CartOut> {
        let priced = self.carts.price(&view.cart).await?;
        Ok(CartOut::new(view, priced, self.shown_stock.to(caller)))
    }

    async fn respond(&self, view: CartView, caller: &Caller, if_none_match: &IfNoneMatch) -> Result<Response> {
        let cart = self.shape(view, caller).await?;
        Ok(with_etag(cart.tag()?, if_none_match, cart))
    }

    /// The response to a request that may be a retry.
    async fn respond_once(&self, view: Idempotent<CartView>, caller: &Caller) -> Result<Response> {
        let cart = match view {
            Idempotent::Fresh(view) => Idempotent::Fresh(self.shape(view, caller).await?),
            Idempotent::Replayed(view) => Idempotent::Replayed(self.shape(view, caller).await?),
        };
        Ok(idempotent_response(cart, |cart| {
            cart.tag().map(|tag| with_etag(tag, &IfNoneMatch::default(), cart)).map_err(ApiError::from)
        }))
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
        .route("/api/v1/cart/{owner}/coupons", post(add_coupon))
        .route("/api/v1/cart/{owner}/coupons/{code}", delete(remove_coupon))
        .with_state(state)
}

/// A guest's cart. With a market, a caller with an account chooses that of the own cart instead.
async fn create(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    body: Option<Json<CreateIn>>,
) -> ApiResult {
    let market = body.and_then(|Json(body)| body.market);
    let (status, view) = match market {
        Some(market) if context.caller.account().is_some() => {
            let user = context.caller.require_user()?;
            (StatusCode::OK, state.carts.choose_market(user, &market).await?)
        }
        market => (StatusCode::CREATED, state.carts.create(market).await?),
    };
    let response = state.respond(view, &context.caller, &IfNoneMatch::default()).await?;
    Ok((status, response).into_response())
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
    Ok(state.respond(view, &context.caller, &if_none_match).await?)
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
    Ok(state.respond_once(view, &context.caller).await?)
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
    Ok(state.respond_once(view, &context.caller).await?)
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
        let cart = state.shape(view, &context.caller).await?;
        // A sale in between makes no change fail.
        let except = if if_match.is_behind(&cart.tag()?) { COUNTED } else { &[] };
        Ok((cart.into_item(&item), except))
    };
    let SetIn { quantity } = body.checked_except(stored).await?;
    let view = state.carts.set(owner, &item, quantity, if_match.version()?).await;
    let view = view.map_err(|error| shown.error(error))?;
    Ok(state.respond(view, &context.caller, &IfNoneMatch::default()).await?)
}

async fn remove(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    Path((owner, item)): Path<(String, String)>,
    if_match: IfMatch,
) -> ApiResult {
    let owner = Owner::parse_for(&owner, &context.caller)?;
    let view = state.carts.remove(owner, &item.parse()?, if_match.version()?).await?;
    Ok(state.respond(view, &context.caller, &IfNoneMatch::default()).await?)
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

async fn add_coupon(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    Path(owner): Path<String>,
    if_match: IfMatch,
    Json(body): Json<CouponIn>,
) -> ApiResult {
    let owner = Owner::parse_for(&owner, &context.caller)?;
    let view = state.carts.add_coupon(owner, &body.code, if_match.version()?).await?;
    Ok(state.respond(view, &context.caller, &IfNoneMatch::default()).await?)
}

async fn remove_coupon(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    Path((owner, code)): Path<(String, String)>,
    if_match: IfMatch,
) -> ApiResult {
    let owner = Owner::parse_for(&owner, &context.caller)?;
    let code: CouponCode = code.parse().map_err(|_: Error| Error::not_found("coupon in this cart"))?;
    let view = state.carts.remove_coupon(owner, &code, if_match.version()?).await?;
    Ok(state.respond(view, &context.caller, &IfNoneMatch::default()).await?)
}
