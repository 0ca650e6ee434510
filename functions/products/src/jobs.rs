//! Routes of imports and exports. The catalog worker runs them.

use aws_kit::{Idempotent, PresignedUrl};
use axum::Router;
use axum::extract::State as AxumState;
use axum::routing::{get, post};
use catalog::{Counts, Format, Job, JobService};
use http::StatusCode;
use http_kit::{ApiResult, Authorized, IdempotencyKey, Json, Path, idempotent_response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::permit::ManageProducts;
use values::{Error, JobFailure, JobId, JobState, JobStatus, Result, Timestamp};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/products/imports", post(import))
        .route("/api/v1/products/imports/{id}", get(show_import))
        .route("/api/v1/products/exports", post(export))
        .route("/api/v1/products/exports/{id}", get(show_export))
}

/// The body of `POST /products/imports`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportIn {
    format: Format,
    bytes: Option<u64>,
}

/// The body of `POST /products/exports`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportIn {
    format: Format,
}

/// A job in a response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JobOut {
    id: JobId,
    format: Format,
    status: JobStatus,
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<JobFailure>,
    /// Where to upload the file, while the job waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<PresignedUrlOut>,
    /// The rejected lines of an import, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<PresignedUrlOut>,
    /// The file of an export.
    #[serde(skip_serializing_if = "Option::is_none")]
    download: Option<PresignedUrlOut>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A presigned URL. Whoever has it may send this one request until it expires.
#[derive(Debug, Serialize)]
struct PresignedUrlOut {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
}

async fn import(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    key: IdempotencyKey,
    Json(body): Json<ImportIn>,
) -> ApiResult {
    let idempotency = key.of(&context.trace.actor.0, "POST /products/imports", &body)?;
    let started = state.jobs.start_import(body.format, body.bytes, &context.trace, idempotency.as_ref()).await?;
    accepted(&state, started).await
}

async fn export(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    key: IdempotencyKey,
    Json(body): Json<ExportIn>,
) -> ApiResult {
    let idempotency = key.of(&context.trace.actor.0, "POST /products/exports", &body)?;
    let started = state.jobs.start_export(body.format, &context.trace, idempotency.as_ref()).await?;
    accepted(&state, started).await
}

async fn show_import(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    Path(id): Path<JobId>,
) -> ApiResult<Json<JobOut>> {
    let job = state.jobs.read(id, &context.trace).await?;
    Ok(Json(shown(&state.jobs, check_kind(job, Job::is_import)?).await?))
}

async fn show_export(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    Path(id): Path<JobId>,
) -> ApiResult<Json<JobOut>> {
    let job = state.jobs.read(id, &context.trace).await?;
    Ok(Json(shown(&state.jobs, check_kind(job, |job| !job.is_import())?).await?))
}

/// The route of imports finds no exports, and the other way round.
fn check_kind(job: Job, is: fn(&Job) -> bool) -> Result<Job> {
    if is(&job) { Ok(job) } else { Err(Error::not_found("job")) }
}

/// A job that was started now, or before by the same idempotent request. Presigned URLs are new in each response.
async fn accepted(state: &State, started: Idempotent<Job>) -> ApiResult {
    let (fresh, job) = match started {
        Idempotent::Fresh(job) => (true, job),
        Idempotent::Replayed(job) => (false, job),
    };
    let out = shown(&state.jobs, job).await?;
    let response = if fresh { Idempotent::Fresh(out) } else { Idempotent::Replayed(out) };
    Ok(idempotent_response(response, |out| (StatusCode::ACCEPTED, Json(out))))
}

async fn shown(jobs: &JobService, job: Job) -> Result<JobOut> {
    let url = |url: PresignedUrl| PresignedUrlOut { method: url.method, url: url.url, headers: url.headers };
    let (upload, download) = (jobs.upload_url(&job).await?.map(url), jobs.download_url(&job).await?.map(url));
    let (report, download) = if job.is_import() { (download, None) } else { (None, download) };
    let Job { id, format, counts, state, .. } = job;
    let JobState { status, failure, created_at, updated_at, .. } = state;
    Ok(JobOut { id, format, status, counts, failure, upload, report, download, created_at, updated_at })
}
