//! Routes of promotions: draft, change, publish, stop, list, history and usage.

use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http_kit::{
    ApiResult, Authorized, Cursors, IdempotencyKey, IfMatch, IfNoneMatch, Json, PageQuery, Path, Query, Replaceable,
    Replacement, idempotent_response, list, with_etag,
};
use promotions::{ChangeKind, Promotion, PromotionChange, PromotionContent, PromotionUsage, Status};
use serde::{Deserialize, Serialize};
use terms::{MarketKey, Terms};
use values::permit::ManagePromotions;
use values::{Actor, Error, ExpectedVersion, Kind, PromotionId, Result, Timestamp};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/promotions", post(create).get(list_promotions))
        .route("/api/v1/promotions/{id}", get(show).put(replace).delete(delete))
        .route("/api/v1/promotions/{id}/publish", post(publish))
        .route("/api/v1/promotions/{id}/stop", post(stop))
        .route("/api/v1/promotions/{id}/history", get(history))
        .route("/api/v1/promotions/{id}/usage", get(usage))
}

/// The new content of a promotion: the body of `PUT /promotions/{id}`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct PromotionReplacement(PromotionContent);

impl Replaceable for PromotionReplacement {
    const READ_ONLY: &'static [&'static str] = &["id", "status", "version", "createdAt", "updatedAt"];
}

/// The query of `GET /promotions`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PromotionsIn {
    /// The key of a market. Without it, the list has the promotions of all markets.
    market: Option<MarketKey>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// A promotion as admins see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Promotion"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PromotionOut {
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PromotionId"))]
    id: PromotionId,
    status: Status,
    #[serde(flatten)]
    content: PromotionContent,
    /// Increases with every change. Send it in quotes as `If-Match`.
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Promotion> for PromotionOut {
    fn from(promotion: Promotion) -> Self {
        let Promotion { id, status, content, version, created_at, updated_at, .. } = promotion;
        Self { id, status, content, version, created_at, updated_at }
    }
}

/// A change of a published promotion as admins see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionChange"))]
pub(crate) struct ChangeOut {
    /// The version of the promotion after the change.
    version: u64,
    at: Timestamp,
    /// Who changed it.
    #[cfg_attr(feature = "openapi", schemars(with = "String", example = "admin:usr_01h455vb4pex5vsknk084sn02q"))]
    actor: Actor,
    kind: ChangeKind,
    content: ContentOut,
}

/// What a promotion was after a change.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionContent"))]
pub(crate) struct ContentOut {
    #[serde(flatten)]
    content: PromotionContent,
}

impl From<PromotionChange> for ChangeOut {
    fn from(change: PromotionChange) -> Self {
        let PromotionChange { version, at, actor, kind, content } = change;
        Self { version, at, actor, kind, content: ContentOut { content } }
    }
}

/// How often a promotion was used.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionUsage"))]
pub(crate) struct UsageOut {
    /// The limit of all orders together.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u32>,
    /// The uses so far, without those of cancelled orders. They are counted only for a published promotion with the limit `total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<u32>,
}

/// A promotion with its entity tag.
fn shown(promotion: Promotion, if_none_match: &IfNoneMatch) -> Response {
    with_etag(promotion.version, if_none_match, PromotionOut::from(promotion))
}

async fn create(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManagePromotions>,
    key: IdempotencyKey,
    Json(content): Json<PromotionContent>,
) -> ApiResult {
    let idempotency = key.of(&context.trace.actor.0, "POST /promotions", &content)?;
    let (content, market) = state.checked(content).await?;
    let created = state.promotions.create_draft(content, market, idempotency.as_ref()).await?;
    Ok(idempotent_response(created, |promotion| (StatusCode::CREATED, shown(promotion, &IfNoneMatch::default()))))
}

async fn list_promotions(
    AxumState(state): AxumState<State>,
    AxumState(cursors): AxumState<Cursors>,
    _: Authorized<ManagePromotions>,
    Query(PromotionsIn { market, limit, cursor }): Query<PromotionsIn>,
) -> ApiResult {
    let market = match market {
        None => None,
        Some(key) => Some(listed_market(&state.terms, key).await?),
    };
    let market = market.as_ref().map(MarketKey::as_str);
    let name = format!("promotions of {}", market.unwrap_or_default());
    let page = cursors.open(&PageQuery { limit, cursor }, &name)?;
    let rows = state.promotions.list(market, &page).await?;
    Ok(Json(list(rows.map(PromotionOut::from), &cursors, &name)).into_response())
}

/// The key under which the promotions of a market are stored. A market that is inactive or deleted can be listed, too.
async fn listed_market(terms: &Terms, key: MarketKey) -> Result<MarketKey> {
    match terms.market(Some(&key)).await {
        Ok(market) => Ok(market.key),
        Err(error) if error.kind == Kind::Invalid => Ok(key),
        Err(error) => Err(error),
    }
}

async fn show(
    AxumState(state): AxumState<State>,
    _: Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    if_none_match: IfNoneMatch,
) -> ApiResult {
    Ok(shown(state.promotions.get(id).await?, &if_none_match))
}

async fn replace(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    if_match: IfMatch,
    body: Replacement<PromotionReplacement>,
) -> ApiResult {
    let version = if_match.required()?;
    let stored = async {
        let promotion = state.promotions.get(id).await?;
        if_match.check("promotion", promotion.version)?;
        Ok(PromotionOut::from(promotion))
    };
    let PromotionReplacement(content) = body.checked(stored).await?;
    let (content, market) = state.checked(content).await?;
    let changed = state.promotions.change(id, version, content, market, &context.trace).await?;
    Ok(shown(changed, &IfNoneMatch::default()))
}

async fn delete(
    AxumState(state): AxumState<State>,
    _: Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    state.promotions.delete_draft(id, if_match.required()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn publish(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    if_match: IfMatch,
) -> ApiResult {
    if_match.required()?;
    let draft = state.promotions.get(id).await?;
    if_match.check("promotion", draft.version)?;
    let market = state.market(&draft.content.market).await?;
    if market.key.as_str() != draft.content.market {
        // The shop had no markets when the draft was written. Buyers would not find the promotion.
        let message = format!("is {} now; change the draft", market.key);
        return Err(Error::invalid("market", "market_unknown", message).into());
    }
    // The version whose market was read.
    let version = ExpectedVersion::from(draft.version);
    let live = state.promotions.publish(id, &version, market.pricing()?, &context.trace).await?;
    Ok(shown(live, &IfNoneMatch::default()))
}

async fn stop(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    if_match: IfMatch,
) -> ApiResult {
    let stopped = state.promotions.stop(id, if_match.required()?, &context.trace).await?;
    Ok(shown(stopped, &IfNoneMatch::default()))
}

async fn history(
    AxumState(state): AxumState<State>,
    AxumState(cursors): AxumState<Cursors>,
    _: Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    Query(page): Query<PageQuery>,
) -> ApiResult {
    let name = format!("history of {id}");
    let rows = state.promotions.history(id, &cursors.open(&page, &name)?).await?;
    Ok(Json(list(rows.map(ChangeOut::from), &cursors, &name)).into_response())
}

async fn usage(
    AxumState(state): AxumState<State>,
    _: Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
) -> ApiResult<Json<UsageOut>> {
    let PromotionUsage { total, used } = state.promotions.usage(id).await?;
    Ok(Json(UsageOut { total, used }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn answer_has_the_content_as_it_was_written() {
        let stored = json!({
            "id": "prm_01h455vb4pex5vsknk084sn02q",
            "status": "live",
            "content": {
                "market": "eu", "name": "Ten percent", "stage": "order", "effect": { "kind": "percentage", "ppm": 100_000 },
                "scope": { "everything": true }, "limits": { "total": 600 }, "trigger": "code",
            },
            "shards": 16,
            "version": 2,
            "createdAt": "2026-11-24T16:00:00.000Z",
            "updatedAt": "2026-11-24T16:00:01.000Z",
        });
        let promotion: Promotion = serde_json::from_value(stored.clone()).unwrap();
        let shown = serde_json::to_value(PromotionOut::from(promotion)).unwrap();
        for (member, value) in stored["content"].as_object().unwrap() {
            assert_eq!(&shown[member], value, "{member}");
        }
        assert_eq!((&shown["status"], &shown["version"], shown.get("shards")), (&json!("live"), &json!(2), None));
        let mut sent = shown.clone();
        let members = sent.as_object_mut().unwrap();
        PromotionReplacement::READ_ONLY.iter().for_each(|member| drop(members.remove(*member)));
        let PromotionReplacement(content) = serde_json::from_value(sent).unwrap();
        let content: Value = serde_json::to_value(content).unwrap();
        assert_eq!((&content["limits"], &content["trigger"]), (&shown["limits"], &shown["trigger"]));
    }
}
