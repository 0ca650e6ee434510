//! The shop's shelves over HTTP: products by words, filters and facets, in pages; and suggestions while somebody types.
//! Everybody sees the same, so nobody is asked who they are.

mod asked;
mod page;

use std::path::Path;
use std::time::Instant;

use aws_kit::{Aws, Bucket, Settings, Table, sha256_hex};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::Response;
use axum::routing::get;
use catalog::{Catalog, Media, ProductOut};
use http::{HeaderValue, header};
use http_kit::{ApiResult, Cursors, IfNoneMatch, Query, list, with_etag};
use search::{Reader, Shelf, Shelves, Suggestions, own_folder};
use serde_json::{Value, json};
use tracing::info;
use values::{Clock, Result};

use asked::{SearchIn, SuggestIn};
use page::fitting;

/// Where the index's files lie, below the one folder of a Lambda that can be written.
const FOLDER: &str = "/tmp/search";

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    shelves: Shelves,
    cursors: Cursors,
    media: Media,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let folder = own_folder(Path::new(FOLDER))?;
        let reader = Reader::new(Bucket::from_env(aws)?, &folder, Settings.parsed("SOUK_CURRENCY")?);
        let shelves = Shelves::new(reader, Catalog::from_env(aws)?, Clock::System);
        Ok(Self { shelves, cursors: Cursors::from_env()?, media: Media::from_env() })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.shelves.catalog().table()
    }

    /// The index that is brought at start.
    pub fn reader(&self) -> &Reader {
        self.shelves.reader()
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
        .route("/api/v1/products", get(search))
        .route("/api/v1/products/suggest", get(suggest))
        .with_state(state)
}

async fn search(
    AxumState(state): AxumState<State>,
    AxumState(cursors): AxumState<Cursors>,
    Query(pairs): Query<Vec<(String, String)>>,
    known: IfNoneMatch,
) -> ApiResult {
    let SearchIn { query, category, page } = SearchIn::read(pairs)?;
    let name = format!("{} in {category:?}", query.list());
    let query = query.page(&cursors.open(&page, &name)?)?;
    let (started, letters) = (Instant::now(), query.words.chars().count());
    let Shelf { listings, next, total, facets, step } = state.shelves.find(query, category.as_ref()).await?;
    // How long a query was, and never what it said: people look for what is nobody's business.
    info!(
        search.letters = letters,
        search.total = total,
        search.step = step.map(|step| format!("{step:?}")),
        duration_ms = started.elapsed().as_secs_f64() * 1e3,
        "searched"
    );
    let rows = listings.into_iter().map(|(place, listing)| (place, ProductOut::new(listing, &state.media)));
    let mut body = list(fitting(rows, next)?, &cursors, &name);
    body["total"] = json!(total);
    body["facets"] = json!(facets);
    Ok(kept(&known, &body))
}

async fn suggest(
    AxumState(state): AxumState<State>,
    Query(pairs): Query<Vec<(String, String)>>,
    known: IfNoneMatch,
) -> ApiResult {
    let SuggestIn { typed, limit } = SuggestIn::read(pairs)?;
    let Suggestions { texts, products } = state.shelves.suggest(&typed, limit).await?;
    let texts = texts.into_iter().map(|text| json!({ "kind": "text", "text": text }));
    let products = products.into_iter().map(|named| json!({ "kind": "product", "text": named.name, "id": named.id }));
    Ok(kept(&known, &json!({ "data": texts.chain(products).collect::<Vec<_>>() })))
}

/// An answer that is everybody's for some seconds, named by what it says.
fn kept(known: &IfNoneMatch, body: &Value) -> Response {
    let digest = sha256_hex(body.to_string().as_bytes());
    let mut answer = with_etag(digest.get(..32).unwrap_or_default(), known, body);
    let kept = HeaderValue::from_static("public, max-age=5, stale-while-revalidate=30");
    answer.headers_mut().insert(header::CACHE_CONTROL, kept);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_page_has_the_same_tag_and_another_page_another() {
        let tag = |body: &Value| kept(&IfNoneMatch::default(), body).headers()[header::ETAG].clone();
        let (one, other) = (json!({ "total": 1 }), json!({ "total": 2 }));
        assert_eq!(tag(&one), tag(&one.clone()));
        assert_ne!(tag(&one), tag(&other));
        assert_eq!(
            kept(&IfNoneMatch::default(), &one).headers()[header::CACHE_CONTROL],
            "public, max-age=5, stale-while-revalidate=30"
        );
    }
}
