//! Routes of markets.

use aws_kit::sha256_hex;
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use http_kit::{
    ApiResult, Authorized, CallContext, IdempotencyKey, IfMatch, IfNoneMatch, Path, Replaceable, Replacement,
    idempotent_response, single_page, with_etag,
};
use serde::Deserialize;
use serde_json::json;
use terms::MarketKey;
use terms::markets::{Market, MarketContent};
use values::permit::ManageTerms;
use values::{Caller, Error, Permission, Result};

use crate::put::{key_of, status};
use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/api/v1/markets", get(list)).route("/api/v1/markets/{key}", get(show).put(put).delete(remove))
}

/// The new content of a market: the body of `PUT /markets/{key}`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct MarketReplacement(MarketContent);

impl Replaceable for MarketReplacement {
    const READ_ONLY: &'static [&'static str] = &["key", "version"];
}

async fn list(AxumState(state): AxumState<State>, context: CallContext, if_none_match: IfNoneMatch) -> ApiResult {
    let body = single_page(visible(&state, &context.caller).await?);
    // No version covers all markets, so the entity tag is a digest of the body.
    let digest = sha256_hex(body.to_string().as_bytes());
    Ok(with_etag(digest.get(..32).unwrap_or_default(), &if_none_match, body))
}

async fn show(
    AxumState(state): AxumState<State>,
    context: CallContext,
    Path(key): Path<MarketKey>,
    if_none_match: IfNoneMatch,
) -> ApiResult {
    let markets = visible(&state, &context.caller).await?;
    let market = markets.into_iter().find(|market| market.key == key).ok_or_else(|| Error::not_found("market"))?;
    Ok(response(market, &if_none_match))
}

async fn put(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageTerms>,
    Path(key): Path<String>,
    if_match: IfMatch,
    idempotency_key: IdempotencyKey,
    body: Replacement<MarketReplacement>,
) -> ApiResult {
    let (key, expected): (MarketKey, _) = (key_of("key", key)?, if_match.or_new()?);
    let stored = async {
        if expected.is_none() {
            return Ok(json!({ "key": key }));
        }
        let market = state.terms.market(&key).await?;
        if_match.check("market", market.version)?;
        Ok(json!(market))
    };
    let MarketReplacement(content) = body.checked(stored).await?;
    let idempotency = idempotency_key.of(&context.trace.actor.0, &format!("PUT /markets/{key}"), &content)?;
    let put = state.terms.put_market(&key, &content, expected, idempotency.as_ref()).await?;
    Ok(idempotent_response(put, |market| (status(expected), response(market, &IfNoneMatch::default()))))
}

async fn remove(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageTerms>,
    Path(key): Path<MarketKey>,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    state.terms.delete_market(&key, if_match.required()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The markets that a caller may know: those that sell, at most 30 seconds old. Admins get all, as they are now.
async fn visible(state: &State, caller: &Caller) -> Result<Vec<Market>> {
    match caller.may(Permission::ManageTerms) {
        true => state.terms.markets().await,
        false => state.terms.terms().markets().await,
    }
}

fn response(market: Market, if_none_match: &IfNoneMatch) -> Response {
    with_etag(market.version, if_none_match, market)
}
