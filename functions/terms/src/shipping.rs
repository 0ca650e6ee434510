//! Routes of shipping zones and their methods. A method is a part of its zone: it is changed under the zone's version.

use aws_kit::sha256_hex;
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use http::StatusCode;
use http_kit::{
    ApiResult, Authorized, IdempotencyKey, IfMatch, IfNoneMatch, Json, Path, Replaceable, Replacement,
    idempotent_response, single_page, with_etag,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use terms::markets::Market;
use terms::shipping::{Method, MethodContent, Zone, ZoneContent};
use terms::{MarketKey, MethodKey, ZoneKey};
use values::permit::ManageTerms;
use values::{Error, Result};

use crate::put::{key_of, status};
use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/shipping/zones", get(list))
        .route("/api/v1/shipping/zones/{key}", get(show).put(put_zone).delete(remove_zone))
        .route("/api/v1/shipping/zones/{key}/methods/{method}", put(put_method).delete(remove_method))
}

/// The new content of a zone: the body of `PUT /shipping/zones/{key}`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct ZoneReplacement(ZoneContent);

impl Replaceable for ZoneReplacement {
    const READ_ONLY: &'static [&'static str] = &["key", "methods", "servedMarkets", "version"];
}

const ALL_COMPARED: &[&str] = &[];
/// What markets change without a new version of the zone.
const OF_MARKETS: &[&str] = &["servedMarkets"];

/// The new content of a method: the body of `PUT /shipping/zones/{key}/methods/{method}`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct MethodReplacement(MethodContent);

impl Replaceable for MethodReplacement {
    const READ_ONLY: &'static [&'static str] = &["id"];
}

/// A zone as admins see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ShippingZone"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ZoneOut {
    #[serde(flatten)]
    zone: Zone,
    /// The active markets in which one of its methods is offered. In every other market, its places are not served: `destination_unserved`.
    served_markets: Vec<MarketKey>,
}

impl ZoneOut {
    fn new(zone: Zone, markets: &[Market]) -> Self {
        let served = markets.iter().filter(|market| zone.serves(market));
        Self { served_markets: served.map(|market| market.key.clone()).collect(), zone }
    }

    /// The entity tag: the version and, after a dot, a digest of what markets change.
    fn tag(&self) -> String {
        let served: Vec<&str> = self.served_markets.iter().map(MarketKey::as_str).collect();
        format!("{}.{:.8}", self.zone.version, sha256_hex(served.join(" ").as_bytes()))
    }

    fn response(self, if_none_match: &IfNoneMatch) -> Response {
        with_etag(self.tag(), if_none_match, self)
    }
}

async fn list(AxumState(state): AxumState<State>, _: Authorized<ManageTerms>) -> ApiResult {
    let (zones, markets) = (state.terms.zones().await?, state.terms.terms().markets().await?);
    let zones: Vec<ZoneOut> = zones.into_iter().map(|zone| ZoneOut::new(zone, &markets)).collect();
    Ok(Json(single_page(zones)).into_response())
}

async fn show(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageTerms>,
    Path(key): Path<ZoneKey>,
    if_none_match: IfNoneMatch,
) -> ApiResult {
    Ok(read(&state, &key).await?.response(&if_none_match))
}

async fn put_zone(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageTerms>,
    Path(key): Path<String>,
    if_match: IfMatch,
    idempotency_key: IdempotencyKey,
    body: Replacement<ZoneReplacement>,
) -> ApiResult {
    let (key, expected): (ZoneKey, _) = (key_of("key", key)?, if_match.or_new()?);
    let stored = async {
        if expected.is_none() {
            return Ok((json!({ "key": key }), ALL_COMPARED));
        }
        let zone = read(&state, &key).await?;
        if_match.check("zone", zone.zone.version)?;
        let except = if if_match.is_behind(&zone.tag()) { OF_MARKETS } else { ALL_COMPARED };
        Ok((json!(zone), except))
    };
    let ZoneReplacement(content) = body.checked_except(stored).await?;
    let idempotency = idempotency_key.of(&context.trace.actor.0, &format!("PUT /shipping/zones/{key}"), &content)?;
    let put = state.terms.put_zone(&key, &content, expected, idempotency.as_ref()).await?;
    let markets = state.terms.terms().markets().await?;
    Ok(idempotent_response(put, |zone| (status(expected), changed(zone, &markets))))
}

async fn remove_zone(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageTerms>,
    Path(key): Path<ZoneKey>,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    state.terms.delete_zone(&key, if_match.required()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn put_method(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageTerms>,
    Path((key, id)): Path<(ZoneKey, String)>,
    if_match: IfMatch,
    idempotency_key: IdempotencyKey,
    body: Replacement<MethodReplacement>,
) -> ApiResult {
    let (id, expected): (MethodKey, _) = (key_of("method", id)?, if_match.required()?);
    let named = async { Ok::<_, Error>(json!({ "id": id })) };
    let MethodReplacement(content) = body.checked(named).await?;
    let action = format!("PUT /shipping/zones/{key}/methods/{id}");
    let idempotency = idempotency_key.of(&context.trace.actor.0, &action, &content)?;
    let method = Method { id, content };
    let put = state.terms.put_method(&key, &method, expected, idempotency.as_ref()).await?;
    let markets = state.terms.terms().markets().await?;
    Ok(idempotent_response(put, |zone| changed(zone, &markets)))
}

async fn remove_method(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageTerms>,
    Path((key, method)): Path<(ZoneKey, MethodKey)>,
    if_match: IfMatch,
) -> ApiResult {
    let zone = state.terms.delete_method(&key, &method, if_match.required()?).await?;
    Ok(changed(zone, &state.terms.terms().markets().await?))
}

async fn read(state: &State, key: &ZoneKey) -> Result<ZoneOut> {
    let (zone, markets) = (state.terms.zone(key).await?, state.terms.terms().markets().await?);
    Ok(ZoneOut::new(zone, &markets))
}

/// The response to a change.
fn changed(zone: Zone, markets: &[Market]) -> Response {
    ZoneOut::new(zone, markets).response(&IfNoneMatch::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value};

    fn market(key: &str) -> Market {
        from_value(json!({ "key": key, "currency": "EUR", "prices": "gross", "version": 1 })).unwrap()
    }

    /// A zone with a method of the market `eu`.
    fn zone() -> Zone {
        let method = json!({
            "id": "parcel", "name": "Parcel", "market": "eu", "delivery": { "minDays": 1, "maxDays": 3 },
            "rate": { "kind": "flat", "price": { "amount": 490, "currency": "EUR" } },
        });
        let zone = json!({
            "key": "be", "name": "Belgium", "countries": ["BE"], "timeZone": "Europe/Brussels", "methods": [method], "version": 4,
        });
        from_value(zone).unwrap()
    }

    #[test]
    fn zone_names_the_markets_that_it_serves() {
        let out = ZoneOut::new(zone(), &[market("b2b"), market("eu")]);
        let shown = serde_json::to_value(&out).unwrap();
        assert_eq!((&shown["servedMarkets"], &shown["key"]), (&json!(["eu"]), &json!("be")));
        let unserved = serde_json::to_value(ZoneOut::new(zone(), &[market("b2b")])).unwrap();
        assert_eq!(unserved["servedMarkets"], json!([]));
    }

    #[test]
    fn tag_is_the_version_and_what_markets_change() {
        let tag = |markets: &[Market]| ZoneOut::new(zone(), markets).tag();
        let (served, unserved) = (tag(&[market("eu")]), tag(&[]));
        assert!(served.starts_with("4.") && served.len() == 10, "{served}");
        assert_ne!(served, unserved);
        assert_eq!(served, tag(&[market("b2b"), market("eu")]));
    }

    #[test]
    fn answer_has_the_read_only_members_of_a_replacement() {
        let shown: Value = serde_json::to_value(ZoneOut::new(zone(), &[])).unwrap();
        for name in ZoneReplacement::READ_ONLY {
            assert!(shown.get(*name).is_some(), "{name}");
        }
        assert!(shown["methods"][0].get(MethodReplacement::READ_ONLY[0]).is_some());
    }
}
