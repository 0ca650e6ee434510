//! Routes of categories.

use aws_kit::sha256_hex;
use axum::Router;
use axum::extract::{FromRequestParts, State as AxumState};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use catalog::{Category, CategoryBranch, CategoryContent, CategoryNode};
use http::request::Parts;
use http::{StatusCode, header};
use http_kit::{
    ApiError, ApiResult, Authorized, CallContext, IfMatch, IfNoneMatch, Json, Path, Replaceable, Replacement, with_etag,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use values::permit::ManageCategories;
use values::{Error, Text};

use crate::products::with_cache_headers;
use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/categories", get(tree).post(create))
        .route("/api/v1/categories/{key}", get(show).put(replace).delete(remove))
}

/// The category that a path names. Another spelling of its key, also one of an earlier release, is answered with 308 (RFC 9110, 15.4.9)
/// and the path of the key.
struct PathKey(Category);

impl<S: Send + Sync> FromRequestParts<S> for PathKey {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(written) = path.map_err(IntoResponse::into_response)?;
        match Category::from_path(&written) {
            None => Err(ApiError::from(Error::not_found("category")).into_response()),
            Some(key) if key.as_str() == written => Ok(Self(key)),
            Some(key) => Err((StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, segment(&key))]).into_response()),
        }
    }
}

/// A key as the last segment of a path, relative to the path of another key (RFC 3986, 5.2).
fn segment(key: &Category) -> String {
    /// Also `:`, which would end the scheme of a URL.
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(key.as_str(), ENCODED).to_string()
}

/// A category to create: the body of `POST /categories`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewCategory"))]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateIn {
    /// Never changes. Letter case and Unicode form make no difference; the answer has the key as it is stored. The default is made from the
    /// name.
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

impl Replaceable for ReplaceIn {
    const READ_ONLY: &'static [&'static str] = &["key", "version"];
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

impl CategoryOut {
    fn new(category: CategoryNode) -> Self {
        let name = category.name().to_owned();
        let CategoryNode { key, parent, position, version, .. } = category;
        Self { key, name, parent, position, version }
    }
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
    Ok((StatusCode::CREATED, response(category, &IfNoneMatch::default())).into_response())
}

async fn show(
    AxumState(state): AxumState<State>,
    context: CallContext,
    PathKey(key): PathKey,
    if_none_match: IfNoneMatch,
) -> ApiResult {
    let category = state.products.category(&key, &context.caller).await?;
    Ok(with_cache_headers(response(category, &if_none_match), &context.caller))
}

async fn replace(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageCategories>,
    PathKey(key): PathKey,
    if_match: IfMatch,
    body: Replacement<ReplaceIn>,
) -> ApiResult {
    let version = if_match.required()?;
    let stored = async {
        let category = state.products.category(&key, &context.caller).await?;
        if_match.check("category", category.version)?;
        Ok(CategoryOut::new(category))
    };
    let ReplaceIn { name, parent, position } = body.checked(stored).await?;
    let content = CategoryContent { name, parent, position };
    let category = state.products.change_category(&key, version, content).await?;
    Ok(response(category, &IfNoneMatch::default()))
}

async fn remove(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageCategories>,
    PathKey(key): PathKey,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    state.products.delete_category(&key, if_match.required()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn response(category: CategoryNode, if_none_match: &IfNoneMatch) -> Response {
    with_etag(category.version, if_none_match, CategoryOut::new(category))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http::Request;
    use lambda_http::tower::ServiceExt;

    /// The key, or the status and the location.
    async fn read(path: &str) -> Result<String, (u16, Option<String>)> {
        let handler = async |PathKey(key): PathKey| key.to_string();
        let router = Router::new().route("/api/v1/categories/{key}", get(handler));
        let request = Request::get(format!("/api/v1/categories/{path}")).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let location = response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        if response.status() != StatusCode::OK {
            return Err((response.status().as_u16(), location));
        }
        let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        Ok(String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn other_spelling_is_redirected_to_the_key() {
        assert_eq!(read("garden%20&%20home").await.as_deref(), Ok("garden & home"));
        let moved = |location: &str| Err((308, Some(location.to_owned())));
        assert_eq!(read("Tea").await, moved("tea"));
        assert_eq!(read("Cafe%CC%81").await, moved("caf%C3%A9"));
        assert_eq!(read("A:B").await, moved("a%3Ab"), "not a URL with the scheme `a`");
        assert_eq!(read("%E2%84%85").await, moved("c-o"));
        for none in ["a%2Fb", "a%23b", "%2E%2E", "a%00"] {
            // The layers of the function make 404 of the error.
            assert!(read(none).await.is_err_and(|(_, location)| location.is_none()), "{none}");
        }
    }
}
