//! Routes of the codes of a promotion: added one by one, and generated in batches.

use axum::Router;
use axum::extract::State as AxumState;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http::StatusCode;
use http_kit::{ApiResult, Authorized, Cursors, Json, PageQuery, Path, Query, list};
use promotions::{CodeBatch, CodePrefix, CodeUsage, CouponCode, MAX_GENERATED_PAGE, NewCode};
use serde::{Deserialize, Serialize};
use values::permit::ManagePromotions;
use values::{PromotionId, Timestamp};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/promotions/{id}/codes", post(add).get(list_codes))
        .route("/api/v1/promotions/{id}/codes/generate", post(generate))
        .route("/api/v1/promotions/{id}/codes/batches", get(list_batches))
        .route("/api/v1/promotions/{id}/codes/batches/{prefix}", get(generated))
}

/// Codes to generate: the body of `POST /promotions/{id}/codes/generate`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewCodeBatch"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GenerateIn {
    /// How all codes of the batch begin. No other batch of the shop has it.
    prefix: CodePrefix,
    /// The number of codes.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = promotions::MAX_GENERATED)))]
    count: u32,
    /// How often all orders together can use each code.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = promotions::MAX_TOTAL)))]
    max_uses: u32,
}

/// A batch of generated codes as admins see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CodeBatch"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchOut {
    prefix: CodePrefix,
    count: u32,
    max_uses: u32,
    created_at: Timestamp,
}

impl From<CodeBatch> for BatchOut {
    fn from(batch: CodeBatch) -> Self {
        let CodeBatch { prefix, count, max_uses, created_at, .. } = batch;
        Self { prefix, count, max_uses, created_at }
    }
}

/// A code as admins see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CouponUsage"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CodeOut {
    code: CouponCode,
    /// How often all orders together can use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_uses: Option<u32>,
    /// The uses so far, without those of cancelled orders. They are counted only for a code with the limit `maxUses`.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<u32>,
}

impl From<CodeUsage> for CodeOut {
    fn from(usage: CodeUsage) -> Self {
        let CodeUsage { code, max_uses, used } = usage;
        Self { code, max_uses, used }
    }
}

/// The query of `GET /promotions/{id}/codes/batches/{prefix}`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct GeneratedIn {
    /// The number of the first code of the answer. Numbers begin at 0, which is the default.
    from: Option<u32>,
    /// The number of codes, 1000 by default.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_GENERATED_PAGE)))]
    limit: Option<u32>,
}

/// Generated codes.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "GeneratedCodes"))]
pub(crate) struct GeneratedOut {
    codes: Vec<CouponCode>,
    /// The `from` of the next codes, if there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

async fn add(
    AxumState(state): AxumState<State>,
    _: Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    Json(new): Json<NewCode>,
) -> ApiResult<StatusCode> {
    state.promotions.add_code(id, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_codes(
    AxumState(state): AxumState<State>,
    AxumState(cursors): AxumState<Cursors>,
    _: Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    Query(page): Query<PageQuery>,
) -> ApiResult {
    let name = format!("codes of {id}");
    let rows = state.promotions.codes(id, &cursors.open(&page, &name)?).await?;
    Ok(Json(list(rows.map(CodeOut::from), &cursors, &name)).into_response())
}

async fn generate(
    AxumState(state): AxumState<State>,
    _: Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    Json(body): Json<GenerateIn>,
) -> ApiResult {
    let GenerateIn { prefix, count, max_uses } = body;
    let batch = state.promotions.generate_codes(id, prefix, count, max_uses).await?;
    Ok((StatusCode::CREATED, Json(BatchOut::from(batch))).into_response())
}

async fn list_batches(
    AxumState(state): AxumState<State>,
    AxumState(cursors): AxumState<Cursors>,
    _: Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    Query(page): Query<PageQuery>,
) -> ApiResult {
    let name = format!("batches of {id}");
    let rows = state.promotions.code_batches(id, &cursors.open(&page, &name)?).await?;
    Ok(Json(list(rows.map(BatchOut::from), &cursors, &name)).into_response())
}

async fn generated(
    AxumState(state): AxumState<State>,
    _: Authorized<ManagePromotions>,
    Path((id, prefix)): Path<(PromotionId, CodePrefix)>,
    Query(GeneratedIn { from, limit }): Query<GeneratedIn>,
) -> ApiResult<Json<GeneratedOut>> {
    let (from, limit) = (from.unwrap_or(0), limit.unwrap_or(MAX_GENERATED_PAGE));
    let (codes, next) = state.promotions.generated_codes(id, &prefix, from, limit).await?;
    Ok(Json(GeneratedOut { codes, next }))
}
