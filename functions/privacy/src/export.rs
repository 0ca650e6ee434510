//! Writes all personal data of an account into one file, page by page: identity, orders, payments, reviews and the cart. After a
//! crash, the work is repeated from the last checkpoint. Of two concurrent workers, only one can claim the job.

use std::time::Instant;

use aws_kit::{JobKind, JobProgress, MultipartUpload, fault, run_job};
use events::{Envelope, UserExportRequested};
use identity::ExportJob;
use serde_json::{Value, json};
use tracing::info;
use values::{Error, JobState, PageRequest, Position, Result, Timestamp, UserId};

use crate::progress::{Progress, Stage};
use crate::state::State;

/// Rows per page.
const PAGE: u32 = 50;
/// The lists of identity that are in the document even if they are empty.
const LISTS: [&str; 4] = ["addresses", "sessions", "apiKeys", "links"];
const MEDIA_TYPE: &str = "application/json";

/// Works on an export for some seconds. Returns when its message has to come again, if at all.
pub(crate) async fn export(
    state: &State,
    request: &UserExportRequested,
    envelope: &Envelope,
) -> Result<Option<Timestamp>> {
    // The account was closed and the job was erased.
    let Some(job) = state.accounts.load_export(request.user_id, request.job_id).await? else { return Ok(None) };
    Ok(match run_job(&Exports(state), job, envelope.event_id, &state.clock).await? {
        JobProgress::Ended => None,
        JobProgress::Again(at) => Some(at),
        JobProgress::Continue(_) => Some(state.clock.now()),
    })
}

/// The exports of personal data, as a kind of job.
struct Exports<'a>(&'a State);

impl JobKind for Exports<'_> {
    type Job = ExportJob;

    const FAULT_POINTS: [&'static str; 4] = [
        fault::label("export.after_claim"),
        fault::label("export.after_slice"),
        fault::label("export.before_join"),
        fault::label("export.after_checkpoint"),
    ];

    fn state(job: &ExportJob) -> &JobState {
        &job.state
    }

    fn with_state(job: ExportJob, state: JobState) -> ExportJob {
        job.with_state(state)
    }

    async fn write(&self, job: &ExportJob) -> Result<bool> {
        self.0.accounts.write_export(job).await
    }

    /// Writes pages until the time is over or the document is complete.
    async fn slice(&self, job: &ExportJob, until: Instant) -> Result<(ExportJob, bool)> {
        let progress = write_pages(self.0, job, until).await?;
        let checkpoint = serde_json::to_string(&progress).map_err(Error::internal)?;
        Ok((job.with_progress(checkpoint), progress.stage == Stage::Complete))
    }

    /// Joins the parts of the upload.
    async fn finish(&self, job: &ExportJob) -> Result<()> {
        let file = stored_progress(job)?.file;
        MultipartUpload::resume(&self.0.bucket, job.key(), MEDIA_TYPE, file).complete().await?;
        info!(job.id = %job.id, user.id = %job.user_id, "file of an export completed");
        Ok(())
    }
}

/// The checkpoint in the job's row; the beginning if there is none.
fn stored_progress(job: &ExportJob) -> Result<Progress> {
    let stored = job.progress.as_deref().map(serde_json::from_str::<Progress>).transpose();
    Ok(stored.map_err(Error::internal)?.unwrap_or_default())
}

async fn write_pages(state: &State, job: &ExportJob, until: Instant) -> Result<Progress> {
    let mut progress = stored_progress(job)?;
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
        _ => file.pause(job.state.version).await?,
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
            for order in orders.iter().filter_map(|(_, order)| order.as_ref()) {
                document.item("orders", order, out)?;
            }
            match orders.last() {
                Some((last, _)) => Stage::Orders(Some(*last)),
                None => Stage::Payments(None),
            }
        }
        Stage::Payments(before) => {
            document.list("payments", out)?;
            let orders = state.orders.list_ids_of_user(user, before).await?;
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
