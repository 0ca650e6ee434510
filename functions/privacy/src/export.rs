//! Writes all personal data of an account into one file, page by page: identity, orders, payments, reviews and the cart. After a
//! crash, the work is repeated from the last checkpoint. Of two concurrent workers, only one can claim the job.

use std::time::{Duration, Instant};

use aws_kit::{MultipartUpload, fault};
use events::{Envelope, UserExportRequested};
use identity::{ExportClaim, ExportJob};
use serde_json::{Value, json};
use tokio::time::timeout;
use tracing::{info, warn};
use values::{Error, PageRequest, Position, Result, Timestamp, UserId};

use crate::progress::{Progress, Stage};
use crate::state::State;

/// The working time per message; a worker has 8 seconds.
const WORK_TIME: Duration = Duration::from_secs(5);
/// The time limit of the last page, which may begin just before the working time ends.
const MAX_WORK_TIME: Duration = Duration::from_secs(7);
/// Rows per page.
const PAGE: u32 = 50;
/// The lists of identity that are in the document even if they are empty.
const LISTS: [&str; 4] = ["addresses", "sessions", "apiKeys", "links"];

/// Works on an export for some seconds. Returns when its message has to come again, if at all.
pub(crate) async fn export(
    state: &State,
    request: &UserExportRequested,
    envelope: &Envelope,
) -> Result<Option<Timestamp>> {
    let until = Instant::now() + WORK_TIME;
    let job = match state.accounts.claim_export(request.user_id, request.job_id, envelope.event_id).await? {
        ExportClaim::Run(job) if job.is_over() => return Ok(None),
        ExportClaim::Run(job) => *job,
        ExportClaim::RetryAt(at) => return Ok(Some(at)),
        ExportClaim::Skip => return Ok(None),
    };
    fault::point("export.after_claim");
    let outcome = timeout(MAX_WORK_TIME, write_pages(state, &job, until)).await;
    let progress = match outcome.unwrap_or_else(|elapsed| Err(Error::unavailable("export's pages", elapsed))) {
        Ok(progress) => progress,
        Err(error) if error.is_outage() => {
            state.accounts.write_export(&job.released(state.clock.now())).await?;
            return Err(error);
        }
        Err(error) => {
            warn!(error.code = error.code, error.cause = error.causes(), job.id = %job.id, "export failed");
            state.accounts.write_export(&job.failed(&error, state.clock.now())).await?;
            return Ok(None);
        }
    };
    fault::point("export.after_slice");
    let checkpoint = serde_json::to_string(&progress).map_err(Error::internal)?;
    let now = state.clock.now();
    if progress.stage != Stage::Complete {
        // Not written: another worker has the job and its message, or the account was closed and the job is gone.
        return Ok(state.accounts.write_export(&job.with_progress(checkpoint, now)).await?.then_some(now));
    }
    // The parts of the upload are stored before they are joined, so that they are known after a crash.
    let last = job.with_last_progress(checkpoint, now);
    if !state.accounts.write_export(&last).await? {
        return Ok(None);
    }
    fault::point("export.before_join");
    MultipartUpload::resume(&state.bucket, last.key(), MEDIA_TYPE, progress.file).complete().await?;
    state.accounts.write_export(&last.done(state.clock.now())).await?;
    info!(job.id = %job.id, user.id = %job.user_id, "export done");
    Ok(None)
}

const MEDIA_TYPE: &str = "application/json";

/// Writes pages until the time is over or the document is complete.
async fn write_pages(state: &State, job: &ExportJob, until: Instant) -> Result<Progress> {
    let stored = job.progress.as_deref().map(serde_json::from_str::<Progress>).transpose();
    let mut progress = stored.map_err(Error::internal)?.unwrap_or_default();
    if progress.stage == Stage::Complete {
        return Ok(progress);
    }
    let mut file = MultipartUpload::resume(&state.bucket, job.key(), MEDIA_TYPE, progress.file.clone());
    while progress.stage != Stage::Complete && Instant::now() < until {
        let mut page = Vec::new();
        progress.stage = write_page(state, job.user_id, &mut progress, &mut page).await?;
        file.add(&page).await?;
    }
    progress.file = match progress.stage {
        Stage::Complete => file.finish().await?,
        _ => file.pause(job.version).await?,
    };
    Ok(progress)
}

/// Writes the next page of the document. Returns the stage after it.
async fn write_page(state: &State, user: UserId, progress: &mut Progress, out: &mut Vec<u8>) -> Result<Stage> {
    let document = &mut progress.document;
    Ok(match progress.stage.clone() {
        Stage::Account => {
            document.member("exportedAt", &json!(state.clock.now()), out)?;
            if let Value::Object(members) = state.accounts.export_account(user).await? {
                for (name, value) in &members {
                    document.member(name, value, out)?;
                }
            }
            Stage::Rows(None)
        }
        Stage::Rows(after) => {
            let page = state.accounts.export_rows(user, &page_request(after)).await?;
            for (list, row) in &page.rows {
                document.item(list, row, out)?;
            }
            match page.next {
                Some(next) => Stage::Rows(Some(next)),
                None => {
                    for list in LISTS {
                        if !document.has(list) {
                            document.list(list, out)?;
                        }
                    }
                    Stage::Orders(None)
                }
            }
        }
        Stage::Orders(before) => {
            document.list("orders", out)?;
            let orders = state.orders.export(user, before).await?;
            for (_, order) in &orders {
                document.item("orders", order, out)?;
            }
            match orders.last() {
                Some((last, _)) => Stage::Orders(Some(*last)),
                None => Stage::Payments(None),
            }
        }
        Stage::Payments(before) => {
            document.list("payments", out)?;
            let orders = state.orders.ids_of(user, before).await?;
            for order in &orders {
                for payment in state.payments.export(*order).await? {
                    document.item("payments", &payment, out)?;
                }
            }
            match orders.last() {
                Some(last) => Stage::Payments(Some(*last)),
                None => Stage::Reviews(None),
            }
        }
        Stage::Reviews(after) => {
            document.list("reviews", out)?;
            let page = state.products.export(user, &page_request(after)).await?;
            for review in &page.rows {
                document.item("reviews", review, out)?;
            }
            match page.next {
                Some(next) => Stage::Reviews(Some(next)),
                None => Stage::Cart,
            }
        }
        Stage::Cart => {
            let cart = state.carts.export(user).await?;
            document.member("cart", &json!(cart), out)?;
            document.end(out);
            Stage::Complete
        }
        Stage::Complete => Stage::Complete,
    })
}

fn page_request(after: Option<Position>) -> PageRequest {
    PageRequest { limit: PAGE, after }
}
