//! Product search over HTTP: words, filters and facets, in pages; and suggestions while the customer types. All callers
//! get the same results, so the routes need no credentials.

#[cfg(feature = "openapi")]
mod openapi;
mod page;
mod query_params;
mod shape;

use std::path::Path;
use std::time::Instant;

use aws_kit::{Aws, Bucket, Settings, Table, sha256_hex};
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::Response;
use axum::routing::get;
use catalog::{Catalog, Listing, Media, ProductOut, ShownStock};
use http::{HeaderValue, header};
use http_kit::{ApiResult, Cursors, IfNoneMatch, Query, list, with_etag};
use search::{Facets, Reader, SearchPage, SearchService, SuggestedProduct, Suggestions, process_folder};
use serde_json::{Value, json};
use tracing::info;
use values::{Clock, Result};

#[cfg(feature = "openapi")]
pub use openapi::openapi;
use page::{limit_size, sku_page};
use query_params::{ListRequest, SearchRequest, SkuRequest, SuggestRequest};
use shape::{SearchOut, SuggestionOut, SuggestionsOut};

/// The folder of the index files. A Lambda function can write only below `/tmp`.
const FOLDER: &str = "/tmp/search";

/// What the handlers need.
#[derive(Clone)]
pub struct State {
    service: SearchService,
    cursors: Cursors,
    media: Media,
    /// Responses are cached for everybody, so admins read the whole stock at `GET /products/{id}`.
    shown_stock: ShownStock,
}

impl State {
    /// Builds the state from the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let folder = process_folder(Path::new(FOLDER))?;
        let reader = Reader::new(Bucket::from_env(aws)?, &folder, Settings.parsed("SOUK_CURRENCY")?);
        let service = SearchService::new(reader, Catalog::from_env(aws)?, Clock::System);
        let (cursors, shown_stock) = (Cursors::from_env()?, ShownStock::from_env()?);
        Ok(Self { service, cursors, media: Media::from_env(), shown_stock })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.service.catalog().table()
    }

    /// The reader, so that the index can be loaded at start.
    pub fn reader(&self) -> &Reader {
        self.service.reader()
    }

    fn product(&self, listing: Listing) -> ProductOut {
        ProductOut::new(listing, &self.media, self.shown_stock)
    }
}

/// The routes of the function.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/api/v1/products", get(list_products))
        .route("/api/v1/products/suggest", get(suggest))
        .with_state(state)
}

async fn list_products(
    AxumState(state): AxumState<State>,
    Query(pairs): Query<Vec<(String, String)>>,
    known: IfNoneMatch,
) -> ApiResult {
    match ListRequest::parse(pairs)? {
        ListRequest::Search(request) => search(&state, *request, &known).await,
        ListRequest::Skus(request) => find_by_sku(&state, request, &known).await,
    }
}

/// Answers from the table: a product is found as soon as it is created.
async fn find_by_sku(state: &State, request: SkuRequest, known: &IfNoneMatch) -> ApiResult {
    let name = request.list_name();
    let page = state.cursors.open(&request.page, &name)?;
    let found = state.service.find_by_sku(&request.skus).await?;
    let total = found.len() as u64;
    let rows = found.into_iter().map(|(position, listing)| (position, state.product(listing)));
    let page = list(sku_page(rows, &page)?, &state.cursors, &name);
    let mut response = response(known, &json!(SearchOut { page, total, facets: Facets::default() }));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

async fn search(state: &State, request: SearchRequest, known: &IfNoneMatch) -> ApiResult {
    let SearchRequest { query, category, page } = request;
    let cursors = &state.cursors;
    let name = format!("{} in {category:?}", query.list_name());
    let query = query.page(&cursors.open(&page, &name)?)?;
    let (started, letters) = (Instant::now(), query.words.chars().count());
    let SearchPage { listings, next, total, facets, match_level } =
        state.service.find(query, category.as_ref()).await?;
    // Only the length of the text is logged. What customers search for is private.
    info!(
        search.letters = letters,
        search.total = total,
        search.match_level = match_level.map(|level| format!("{level:?}")),
        duration_ms = started.elapsed().as_secs_f64() * 1e3,
        "search done"
    );
    let rows = listings.into_iter().map(|(key, listing)| (key.to_position(), state.product(listing)));
    let page = list(limit_size(rows, next)?, cursors, &name);
    Ok(cached_response(known, &json!(SearchOut { page, total, facets })))
}

async fn suggest(
    AxumState(state): AxumState<State>,
    Query(pairs): Query<Vec<(String, String)>>,
    known: IfNoneMatch,
) -> ApiResult {
    let SuggestRequest { typed, limit } = SuggestRequest::parse(pairs)?;
    let Suggestions { texts, products } = state.service.suggest(&typed, limit).await?;
    let texts = texts.into_iter().map(|text| SuggestionOut::Text { text });
    let products = products.into_iter().map(|SuggestedProduct { id, name }| SuggestionOut::Product { text: name, id });
    Ok(cached_response(&known, &json!(SuggestionsOut { data: texts.chain(products).collect() })))
}

/// A response whose ETag is a digest of the body.
fn response(known: &IfNoneMatch, body: &Value) -> Response {
    let digest = sha256_hex(body.to_string().as_bytes());
    with_etag(digest.get(..32).unwrap_or_default(), known, body)
}

/// A response that shared caches may keep for some seconds.
fn cached_response(known: &IfNoneMatch, body: &Value) -> Response {
    let mut response = response(known, body);
    let cache_control = HeaderValue::from_static("public, max-age=5, stale-while-revalidate=30");
    response.headers_mut().insert(header::CACHE_CONTROL, cache_control);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etag_depends_on_the_page() {
        let tag = |body: &Value| cached_response(&IfNoneMatch::default(), body).headers()[header::ETAG].clone();
        let (one, other) = (json!({ "total": 1 }), json!({ "total": 2 }));
        assert_eq!(tag(&one), tag(&one.clone()));
        assert_ne!(tag(&one), tag(&other));
        assert_eq!(
            cached_response(&IfNoneMatch::default(), &one).headers()[header::CACHE_CONTROL],
            "public, max-age=5, stale-while-revalidate=30"
        );
    }
}
