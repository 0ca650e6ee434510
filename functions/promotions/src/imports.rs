//! Routes of imports of codes. The promotions worker runs them.

use aws_kit::{Idempotent, PresignedUrl};
use axum::Router;
use axum::extract::State as AxumState;
use axum::routing::{get, post};
use http::StatusCode;
use http_kit::{ApiResult, Authorized, IdempotencyKey, Json, Path, idempotent_response};
use promotions::{CodeCounts, CodeImport, CodeImportService, Format};
use serde::{Deserialize, Serialize};
use values::permit::ManagePromotions;
use values::{JobFailure, JobId, JobState, JobStatus, PromotionId, Result, Timestamp};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/promotions/{id}/codes/imports", post(start))
        .route("/api/v1/promotions/{id}/codes/imports/{job}", get(show))
}

/// An import to start: the body of `POST /promotions/{id}/codes/imports`.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewCodeImport"))]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeImportIn {
    #[cfg_attr(feature = "openapi", schemars(with = "catalog::schema::FileFormat"))]
    format: Format,
    /// The size of the file in bytes. If it is sent, `upload` accepts only a file of exactly this size.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = promotions::MAX_CODE_FILE_BYTES)))]
    bytes: Option<u64>,
}

/// An import of codes as clients see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CodeImport"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CodeImportOut {
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::JobId"))]
    id: JobId,
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PromotionId"))]
    promotion: PromotionId,
    #[cfg_attr(feature = "openapi", schemars(with = "catalog::schema::FileFormat"))]
    format: Format,
    status: JobStatus,
    counts: CodeCounts,
    /// Why the import failed: `file_missing`, `file_too_large`, `file_changed`; `csv_delimiter`, `csv_column`, `csv_quote`,
    /// `line_too_long` or `not_utf8` in the first line; `promotion_not_live` if the promotion was stopped; `given_up`.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<JobFailure>,
    /// Where to upload the file, while the import waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::PresignedRequest>"))]
    upload: Option<PresignedUrl>,
    /// The rejected lines, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::PresignedRequest>"))]
    report: Option<PresignedUrl>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

async fn start(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManagePromotions>,
    Path(id): Path<PromotionId>,
    key: IdempotencyKey,
    Json(body): Json<CodeImportIn>,
) -> ApiResult {
    let action = format!("POST /promotions/{id}/codes/imports");
    let idempotency = key.of(&context.trace.actor.0, &action, &body)?;
    let started = state.imports.start(id, body.format, body.bytes, idempotency.as_ref()).await?;
    let (fresh, job) = match started {
        Idempotent::Fresh(job) => (true, job),
        Idempotent::Replayed(job) => (false, job),
    };
    // Presigned URLs are new in each response.
    let out = shown(&state.imports, job).await?;
    let response = if fresh { Idempotent::Fresh(out) } else { Idempotent::Replayed(out) };
    Ok(idempotent_response(response, |out| (StatusCode::ACCEPTED, Json(out))))
}

async fn show(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManagePromotions>,
    Path((id, job)): Path<(PromotionId, JobId)>,
) -> ApiResult<Json<CodeImportOut>> {
    let job = state.imports.read(id, job, &context.trace).await?;
    Ok(Json(shown(&state.imports, job).await?))
}

async fn shown(imports: &CodeImportService, job: CodeImport) -> Result<CodeImportOut> {
    let (upload, report) = (imports.upload_url(&job).await?, imports.report_url(&job).await?);
    let CodeImport { id, promotion, format, counts, state, .. } = job;
    let JobState { status, failure, created_at, updated_at, .. } = state;
    Ok(CodeImportOut { id, promotion, format, status, counts, failure, upload, report, created_at, updated_at })
}
