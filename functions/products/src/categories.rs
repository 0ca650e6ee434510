//! Routes of categories.

use aws_kit::sha256_hex;
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use catalog::{Category, CategoryContent, CategoryNode};
use http::StatusCode;
use http_kit::{ApiResult, Authorized, CallContext, IfMatch, IfNoneMatch, Json, Path, with_etag};
use serde::{Deserialize, Serialize};
use serde_json::json;
use values::Text;
use values::permit::ManageCategories;

use crate::products::with_cache_headers;
use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/categories", get(tree).post(create))
        .route("/api/v1/categories/{key}", put(replace).delete(remove))
}

/// The body of `POST /categories`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateIn {
    key: Option<Category>,
    name: Text<100>,
    parent: Option<Category>,
    #[serde(default)]
    position: u32,
}

/// The body of `PUT /categories/{key}`. Without a parent, the category becomes a root.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplaceIn {
    name: Text<100>,
    parent: Option<Category>,
    #[serde(default)]
    position: u32,
}

/// One category in a response.
#[derive(Debug, Serialize)]
struct CategoryOut {
    key: Category,
    name: String,
    parent: Option<Category>,
    position: u32,
    version: u64,
}

async fn tree(AxumState(state): AxumState<State>, context: CallContext, if_none_match: IfNoneMatch) -> ApiResult {
    let body = json!({ "data": state.products.categories(&context.caller).await? });
    // No version covers all names of the tree, so its entity tag is a digest of the body.
    let digest = sha256_hex(body.to_string().as_bytes());
    Ok(with_cache_headers(with_etag(digest.get(..32).unwrap_or_default(), &if_none_match, body), &context.caller))
}

async fn create(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageCategories>,
    Json(body): Json<CreateIn>,
) -> ApiResult {
    let CreateIn { key, name, parent, position } = body;
    let category = state.products.create_category(key, CategoryContent { name, parent, position }).await?;
    Ok((StatusCode::CREATED, response(category)).into_response())
}

async fn replace(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageCategories>,
    Path(key): Path<Category>,
    if_match: IfMatch,
    Json(body): Json<ReplaceIn>,
) -> ApiResult {
    let ReplaceIn { name, parent, position } = body;
    let content = CategoryContent { name, parent, position };
    Ok(response(state.products.change_category(&key, if_match.required()?, content).await?))
}

async fn remove(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageCategories>,
    Path(key): Path<Category>,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    state.products.delete_category(&key, if_match.required()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn response(category: CategoryNode) -> Response {
    let name = category.name().to_owned();
    let CategoryNode { key, parent, position, version, .. } = category;
    with_etag(version, &IfNoneMatch::default(), CategoryOut { key, name, parent, position, version })
}
