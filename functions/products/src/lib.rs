//! Products over HTTP: create, read, list, replace, patch, archive and count; and the categories they lie in. Handlers
//! extract, call the use case and shape the answer.

mod shape;

use aws_kit::{Aws, Table};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use catalog::{Listing, Patch, Products};
use http::StatusCode;
use http_kit::{
    Admin, Answer, Cursors, IdempotencyKey, IfMatch, IfNoneMatch, Json, Path, Query, Verifier, Visitor, attempted,
    list, tagged,
};
use serde_json::json;
use values::{ProductId, Result};

use shape::{CreateIn, ListIn, ProductOut, RecountIn, ReplaceIn};

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct State {
    products: Products,
    verifier: Verifier,
    cursors: Cursors,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let (products, verifier) = (Products::from_env(aws)?, Verifier::from_env(aws)?);
        Ok(Self { products, verifier, cursors: Cursors::from_env()? })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.products.catalog().table()
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

impl FromRef<State> for Cursors {
    fn from_ref(state: &State) -> Self {
        state.cursors.clone()
    }
}

/// The routes of the group.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/api/v1/products", get(shelves).post(create))
        .route("/api/v1/products/{id}", get(show).put(replace).patch(change).delete(archive))
        .route("/api/v1/products/{id}/stock", patch(recount))
        .route("/api/v1/categories", get(categories))
        .with_state(state)
}

async fn create(
    AxumState(state): AxumState<State>,
    Admin(visitor): Admin,
    key: IdempotencyKey,
    Json(body): Json<CreateIn>,
) -> Answer {
    let once = key.of(&visitor.trace.actor.0, "POST /products", &body)?;
    let created = state.products.create(body.into(), &visitor.trace, once.as_ref()).await?;
    Ok(attempted(created, |listing| (StatusCode::CREATED, shown(listing))))
}

async fn show(
    AxumState(state): AxumState<State>,
    visitor: Visitor,
    Path(id): Path<ProductId>,
    known: IfNoneMatch,
) -> Answer {
    let listing = state.products.read(id, &visitor.caller).await?;
    Ok(tagged(listing.tag(), &known, ProductOut::from(listing)))
}

async fn shelves(
    AxumState(state): AxumState<State>,
    AxumState(cursors): AxumState<Cursors>,
    Query(query): Query<ListIn>,
) -> Answer {
    let (name, category, page) = query.read()?;
    let rows = state.products.list(category.as_ref(), &cursors.open(&page, &name)?).await?;
    Ok(Json(list(rows.map(ProductOut::from), &cursors, &name)).into_response())
}

async fn replace(
    AxumState(state): AxumState<State>,
    Admin(visitor): Admin,
    Path(id): Path<ProductId>,
    held: IfMatch,
    Json(body): Json<ReplaceIn>,
) -> Answer {
    let sheet = body.into();
    Ok(shown(state.products.replace(id, held.required()?, sheet, &visitor.trace).await?))
}

async fn change(
    AxumState(state): AxumState<State>,
    Admin(visitor): Admin,
    Path(id): Path<ProductId>,
    held: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<Patch>,
) -> Answer {
    let once = key.of(&visitor.trace.actor.0, &format!("PATCH /products/{id}"), &body)?;
    let patched = state.products.patch(id, held.required()?, body, &visitor.trace, once.as_ref()).await?;
    Ok(attempted(patched, shown))
}

async fn archive(
    AxumState(state): AxumState<State>,
    Admin(visitor): Admin,
    Path(id): Path<ProductId>,
    held: IfMatch,
) -> Answer<StatusCode> {
    state.products.archive(id, held.required()?, &visitor.trace).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn recount(
    AxumState(state): AxumState<State>,
    Admin(visitor): Admin,
    Path(id): Path<ProductId>,
    held: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<RecountIn>,
) -> Answer {
    let once = key.of(&visitor.trace.actor.0, &format!("PATCH /products/{id}/stock"), &body)?;
    let counted = state.products.recount(id, &body.read(held.version()?)?, &visitor.trace, once.as_ref()).await?;
    Ok(attempted(counted, shown))
}

async fn categories(AxumState(state): AxumState<State>) -> Answer {
    Ok(Json(json!({ "data": state.products.categories().await? })).into_response())
}

fn shown(listing: Listing) -> Response {
    tagged(listing.tag(), &IfNoneMatch::default(), ProductOut::from(listing))
}
