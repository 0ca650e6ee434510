//! Writing all that is held of an account into one file: identity, orders, payments, reviews and the cart, in this order, page by
//! page. A slice that is broken off is done again from its checkpoint; two workers at once do no harm, for one of them has the job.

use std::time::{Duration, Instant};

use aws_kit::{MultipartUpload, fault};
use events::{Envelope, UserExportRequested};
use identity::{Claim, ExportJob, claim_export, held_of, held_rows, write_export};
use serde_json::{Value, json};
use tokio::time::timeout;
use tracing::{info, warn};
use values::{Error, PageRequest, Position, Result, Timestamp, UserId};

use crate::State;
use crate::progress::{Progress, Stage};

/// A slice; a worker has 8 seconds for a message.
const SLICE: Duration = Duration::from_secs(5);
/// What was begun in it may take a little longer.
const LONGEST_SLICE: Duration = Duration::from_secs(7);
/// Rows that are read together.
const PAGE: u32 = 50;
/// The lists of what identity holds that are there even when they are empty.
const LISTS: [&str; 4] = ["addresses", "sessions", "apiKeys", "links"];

/// Works at an export for some seconds; when its message is to come again, if it is.
pub(crate) async fn export(
    state: &State,
    asked: &UserExportRequested,
    envelope: &Envelope,
) -> Result<Option<Timestamp>> {
    let until = Instant::now() + SLICE;
    let job = match claim_export(&state.accounts, asked.user_id, asked.job_id, envelope.event_id).await? {
        Claim::Go(job) if job.is_over() => return Ok(None),
        Claim::Go(job) => *job,
        Claim::NotBefore(at) => return Ok(Some(at)),
        Claim::Leave => return Ok(None),
    };
    fault::point("export.after_claim");
    let sliced = timeout(LONGEST_SLICE, slice(state, &job, until)).await;
    let progress = match sliced.unwrap_or_else(|late| Err(Error::unavailable("export's slice", late))) {
        Ok(progress) => progress,
        Err(error) if error.is_outage() => {
            write_export(&state.accounts, &job.released(state.clock.now())).await?;
            return Err(error);
        }
        Err(error) => {
            warn!(error.code = error.code, error.cause = error.causes(), job.id = %job.id, "an export failed");
            write_export(&state.accounts, &job.failed(&error, state.clock.now())).await?;
            return Ok(None);
        }
    };
    fault::point("export.after_slice");
    let told = serde_json::to_string(&progress).map_err(Error::internal)?;
    let now = state.clock.now();
    if progress.stage != Stage::Ended {
        // Refused: another worker has the job, and its message; or the account was closed, and the job is gone.
        return Ok(write_export(&state.accounts, &job.moved(told, now)).await?.then_some(now));
    }
    // The parts are written down before they are joined: after a crash they are known.
    let ending = job.ending(told, now);
    if !write_export(&state.accounts, &ending).await? {
        return Ok(None);
    }
    fault::point("export.before_join");
    MultipartUpload::resume(&state.files, ending.key(), MEDIA_TYPE, progress.file).complete().await?;
    write_export(&state.accounts, &ending.done(state.clock.now())).await?;
    info!(job.id = %job.id, user.id = %job.user_id, "an export is written");
    Ok(None)
}

const MEDIA_TYPE: &str = "application/json";

/// Writes until the time is over or the document is whole.
async fn slice(state: &State, job: &ExportJob, until: Instant) -> Result<Progress> {
    let told = job.progress.as_deref().map(serde_json::from_str::<Progress>).transpose().map_err(Error::internal)?;
    let mut progress = told.unwrap_or_default();
    if progress.stage == Stage::Ended {
        return Ok(progress);
    }
    let mut file = MultipartUpload::resume(&state.files, job.key(), MEDIA_TYPE, progress.file.clone());
    while progress.stage != Stage::Ended && Instant::now() < until {
        let mut page = Vec::new();
        progress.stage = write_page(state, job.user_id, &mut progress, &mut page).await?;
        file.add(&page).await?;
    }
    progress.file = match progress.stage {
        Stage::Ended => file.finish().await?,
        _ => file.pause(job.version).await?,
    };
    Ok(progress)
}

/// Writes the next page of the document; what comes after it.
async fn write_page(state: &State, user: UserId, progress: &mut Progress, out: &mut Vec<u8>) -> Result<Stage> {
    let document = &mut progress.document;
    Ok(match progress.stage.clone() {
        Stage::Account => {
            document.member("exportedAt", &json!(state.clock.now()), out)?;
            if let Value::Object(members) = held_of(&state.accounts, user).await? {
                for (name, value) in &members {
                    document.member(name, value, out)?;
                }
            }
            Stage::Rows(None)
        }
        Stage::Rows(after) => {
            let page = held_rows(&state.accounts, user, &request(after)).await?;
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
            let page = state.products.export(user, &request(after)).await?;
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
            Stage::Ended
        }
        Stage::Ended => Stage::Ended,
    })
}

fn request(after: Option<Position>) -> PageRequest {
    PageRequest { limit: PAGE, after }
}
