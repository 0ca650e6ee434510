//! All that is held of an account, as a file; and the end of an account. The worker `privacy` does what takes time.

use std::collections::BTreeMap;

use aws_kit::{Bucket, Idempotent};
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};
use http_kit::{ApiResult, Authorized, IdempotencyKey, Json, Path, SessionOnly, idempotent_response};
use identity::{ExportFailure, ExportJob, ExportStatus};
use serde::Serialize;
use serde_json::json;
use values::{Error, JobId, Result, Timestamp};

use crate::State;

/// Whoever downloads has a quarter of an hour to begin.
const DOWNLOAD_SECONDS: u64 = 900;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/users/profile/export", post(begin))
        .route("/api/v1/users/profile/export/{id}", get(show))
}

/// An export as its owner sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportOut {
    id: JobId,
    status: ExportStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<ExportFailure>,
    /// The file, once it is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    download: Option<SignedOut>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// When job and file are gone.
    expires_at: Timestamp,
}

/// A signed address: whoever has it may read that file, until it expires.
#[derive(Debug, Serialize)]
struct SignedOut {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
}

async fn begin(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): SessionOnly,
    key: IdempotencyKey,
) -> ApiResult {
    let user = visitor.caller.require_user()?;
    let idempotency = key.of(&user.to_string(), "POST /users/profile/export", &())?;
    let begun = identity::begin_export(&state.accounts, user, &visitor.trace, idempotency.as_ref()).await?;
    let begun = match begun {
        Idempotent::Fresh(job) => Idempotent::Fresh(shown(&state.files, job).await?),
        Idempotent::Replayed(job) => Idempotent::Replayed(shown(&state.files, job).await?),
    };
    let place = |out: &ExportOut| HeaderValue::try_from(format!("/api/v1/users/profile/export/{}", out.id));
    let (Idempotent::Fresh(out) | Idempotent::Replayed(out)) = &begun;
    let place = place(out).map_err(Error::internal)?;
    Ok(idempotent_response(begun, |out| (StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(out))))
}

async fn show(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): SessionOnly,
    Path(id): Path<JobId>,
) -> ApiResult<Json<ExportOut>> {
    let job = identity::export(&state.accounts, visitor.caller.require_user()?, id).await?;
    Ok(Json(shown(&state.files, job).await?))
}

async fn shown(files: &Bucket, job: ExportJob) -> Result<ExportOut> {
    let download = match job.status {
        ExportStatus::Done => {
            let name = format!("personal-data-{}.json", job.id);
            let signed = files.presign_get(&job.key(), &name, DOWNLOAD_SECONDS).await?;
            Some(SignedOut { method: signed.method, url: signed.url, headers: signed.headers })
        }
        _ => None,
    };
    let expires_at = Timestamp::from_millis(job.expires_at.saturating_mul(1000));
    let ExportJob { id, status, failure, created_at, updated_at, .. } = job;
    Ok(ExportOut { id, status, failure, download, created_at, updated_at, expires_at })
}

/// Closes the account; what it held is erased behind the answer.
pub(crate) async fn close(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): SessionOnly,
) -> ApiResult<Response> {
    identity::close_account(&state.accounts, state.trust(), &visitor.caller, &visitor.trace).await?;
    let id = visitor.caller.require_user()?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": id, "status": "deleted" }))).into_response())
}
