//! Exports of personal data, and closing an account. The worker `privacy` does the work after the answer.

use std::collections::BTreeMap;

use aws_kit::{Bucket, Idempotent};
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};
use http_kit::{ApiResult, Authorized, IdempotencyKey, Json, Path, RecentLogin, SessionOnly, idempotent_response};
use identity::ExportJob;
use serde::Serialize;
use values::{Error, JobFailure, JobId, JobState, JobStatus, Result, Timestamp, UserId};

use crate::state::State;

/// A download has to begin within a quarter of an hour.
const DOWNLOAD_SECONDS: u64 = 900;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/users/profile/export", post(begin_export))
        .route("/api/v1/users/profile/export/{id}", get(export))
}

/// An export of personal data as its owner sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PersonalExport"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportOut {
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::JobId"))]
    id: JobId,
    /// An export never waits for a file.
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = [JobStatus::Queued, JobStatus::Running, JobStatus::Done, JobStatus::Failed])))]
    status: JobStatus,
    /// Why the job failed: `given_up`, or an internal error. Start another export.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<JobFailure>,
    /// The file, once it is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::PresignedRequest>"))]
    download: Option<DownloadOut>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// The time when the job and its file are deleted.
    expires_at: Timestamp,
}

/// A presigned URL, by which its holder can download the file until it expires.
#[derive(Debug, Serialize)]
struct DownloadOut {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
}

/// A closed account.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Deleted"))]
pub(crate) struct ClosedOut {
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::UserId"))]
    id: UserId,
    #[cfg_attr(feature = "openapi", schemars(extend("const" = "deleted")))]
    status: &'static str,
}

async fn begin_export(
    AxumState(state): AxumState<State>,
    RecentLogin(context, _): RecentLogin,
    key: IdempotencyKey,
) -> ApiResult {
    let user = context.caller.require_user()?;
    let idempotency = key.of(&user.to_string(), "POST /users/profile/export", &())?;
    let begun = state.accounts.begin_export(user, &context.trace, idempotency.as_ref()).await?;
    let begun = match begun {
        Idempotent::Fresh(job) => Idempotent::Fresh(export_out(&state.bucket, job).await?),
        Idempotent::Replayed(job) => Idempotent::Replayed(export_out(&state.bucket, job).await?),
    };
    let (Idempotent::Fresh(out) | Idempotent::Replayed(out)) = &begun;
    let location = format!("/api/v1/users/profile/export/{}", out.id);
    let location = HeaderValue::try_from(location).map_err(Error::internal)?;
    Ok(idempotent_response(begun, |out| (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(out))))
}

async fn export(
    AxumState(state): AxumState<State>,
    Authorized(context, _): SessionOnly,
    Path(id): Path<JobId>,
) -> ApiResult<Json<ExportOut>> {
    let job = state.accounts.find_export(context.caller.require_user()?, id).await?;
    Ok(Json(export_out(&state.bucket, job).await?))
}

async fn export_out(bucket: &Bucket, job: ExportJob) -> Result<ExportOut> {
    let download = match job.state.status {
        JobStatus::Done => {
            let name = format!("personal-data-{}.json", job.id);
            let presigned = bucket.presign_get(&job.key(), &name, DOWNLOAD_SECONDS).await?;
            Some(DownloadOut { method: presigned.method, url: presigned.url, headers: presigned.headers })
        }
        _ => None,
    };
    let expires_at = Timestamp::from_millis(job.state.expires_at.saturating_mul(1000));
    let ExportJob { id, state: JobState { status, failure, created_at, updated_at, .. }, .. } = job;
    Ok(ExportOut { id, status, failure, download, created_at, updated_at, expires_at })
}

/// Closes the account. Its personal data is erased after the answer.
pub(crate) async fn close_account(
    AxumState(state): AxumState<State>,
    RecentLogin(context, _): RecentLogin,
) -> ApiResult<Response> {
    state.accounts.close_account(state.trust(), &context.caller, &context.trace).await?;
    let id = context.caller.require_user()?;
    Ok((StatusCode::ACCEPTED, Json(ClosedOut { id, status: "deleted" })).into_response())
}
