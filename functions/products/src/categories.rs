//! Routes of categories.

use aws_kit::sha256_hex;
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use catalog::{Category, CategoryBranch, CategoryContent, CategoryNode};
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

/// A category to create: the body of `POST /categories`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewCategory"))]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateIn {
    /// Never changes. The default is made from the name.
    key: Option<Category>,
    name: Text<100>,
    /// The key of the parent category.
    parent: Option<Category>,
    /// The position among its siblings, lowest first.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(range(max = u32::MAX)))]
    position: u32,
}

/// The new content of a category: the body of `PUT /categories/{key}`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CategoryUpdate"))]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceIn {
    name: Text<100>,
    /// The key of the parent category. If it is left out, the category becomes a root.
    parent: Option<Category>,
    /// The position among its siblings, lowest first.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(range(max = u32::MAX)))]
    position: u32,
}

/// One category as clients see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Category"))]
pub(crate) struct CategoryOut {
    /// The key that products refer to. It never changes.
    key: Category,
    /// The name for people.
    name: String,
    /// The key of the parent category. Null for a root category.
    parent: Option<Category>,
    /// The position among its siblings, lowest first.
    position: u32,
    /// Increases with every change.
    version: u64,
}

/// The tree of categories.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CategoryTree"))]
pub(crate) struct TreeOut {
    data: Vec<CategoryBranch>,
}

async fn tree(AxumState(state): AxumState<State>, context: CallContext, if_none_match: IfNoneMatch) -> ApiResult {
    let body = json!(TreeOut { data: state.products.categories(&context.caller).await? });
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
