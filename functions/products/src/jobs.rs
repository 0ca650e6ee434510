//! Routes of imports and exports. The catalog worker runs them.

use aws_kit::{Idempotent, PresignedUrl};
use axum::Router;
use axum::extract::State as AxumState;
use axum::routing::{get, post};
use catalog::{Counts, Delimiter, Dialect, Format, Job, JobService};
use http::StatusCode;
use http_kit::{ApiResult, Authorized, IdempotencyKey, Json, Path, idempotent_response};
use serde::{Deserialize, Serialize};
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

/// An import to start: the body of `POST /products/imports`.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewImport"))]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportIn {
    #[cfg_attr(feature = "openapi", schemars(with = "catalog::schema::FileFormat"))]
    format: Format,
    /// The size of the file in bytes. If it is sent, `upload` accepts only a file of exactly this size.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = catalog::MAX_IMPORT_BYTES)))]
    bytes: Option<u64>,
    /// The character between cells, for CSV only (`not_csv` otherwise). Without it, a line `sep=;` in front of the header line names it,
    /// or the header line shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<catalog::schema::FileDelimiter>"))]
    delimiter: Option<Delimiter>,
}

/// An export to start: the body of `POST /products/exports`.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewExport"))]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportIn {
    #[cfg_attr(feature = "openapi", schemars(with = "catalog::schema::FileFormat"))]
    format: Format,
    /// For CSV only (`not_csv` otherwise). True: a file for Excel where the comma is the decimal separator, with a byte order mark,
    /// semicolons and decimal commas. A text that Excel would read as a number, a date or a truth value begins with an apostrophe; an
    /// import removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    excel: Option<bool>,
}

impl ExportIn {
    fn dialect(&self) -> Dialect {
        if self.excel == Some(true) { Dialect::Excel } else { Dialect::Standard }
    }
}

/// An import or an export as clients see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Job"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobOut {
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::JobId"))]
    id: JobId,
    #[cfg_attr(feature = "openapi", schemars(with = "catalog::schema::FileFormat"))]
    format: Format,
    status: JobStatus,
    counts: Counts,
    /// Why the job failed: `file_missing`, `file_too_large`, `file_changed`; `csv_delimiter`, `csv_column`, `csv_quote`,
    /// `line_too_long` or `not_utf8` in the first line; `given_up`.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<JobFailure>,
    /// Where to upload the file, while the job waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::PresignedRequest>"))]
    upload: Option<PresignedUrl>,
    /// The rejected lines of an import, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::PresignedRequest>"))]
    report: Option<PresignedUrl>,
    /// The file of an export.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::PresignedRequest>"))]
    download: Option<PresignedUrl>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

async fn import(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    key: IdempotencyKey,
    Json(body): Json<ImportIn>,
) -> ApiResult {
    let idempotency = key.of(&context.trace.actor.0, "POST /products/imports", &body)?;
    let ImportIn { format, bytes, delimiter } = body;
    let started = state.jobs.start_import(format, bytes, delimiter, &context.trace, idempotency.as_ref()).await?;
    accepted(&state, started).await
}

async fn export(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    key: IdempotencyKey,
    Json(body): Json<ExportIn>,
) -> ApiResult {
    let idempotency = key.of(&context.trace.actor.0, "POST /products/exports", &body)?;
    let started = state.jobs.start_export(body.format, body.dialect(), &context.trace, idempotency.as_ref()).await?;
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
    let (upload, download) = (jobs.upload_url(&job).await?, jobs.download_url(&job).await?);
    let (report, download) = if job.is_import() { (download, None) } else { (None, download) };
    let Job { id, format, counts, state, .. } = job;
    let JobState { status, failure, created_at, updated_at, .. } = state;
    Ok(JobOut { id, format, status, counts, failure, upload, report, download, created_at, updated_at })
}
