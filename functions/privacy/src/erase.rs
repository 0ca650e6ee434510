//! Erases the personal data of a closed account in identity, in the carts and in the folder of personal files. Other contexts have
//! workers of their own, which receive the same event.

use std::time::{Duration, Instant};

use aws_kit::{Bucket, fault};
use events::Envelope;
use identity::export_folder;
use values::{Result, Timestamp, UserId};

use crate::state::State;

/// The working time per message; a worker has 8 seconds.
const WORK_TIME: Duration = Duration::from_secs(5);

/// Erases for some seconds. Returns when to continue or to check again, if at all. After a crash it continues with what is left.
pub(crate) async fn erase(state: &State, user: UserId, envelope: &Envelope) -> Result<Option<Timestamp>> {
    let until = Instant::now() + WORK_TIME;
    if !state.accounts.was_closed(user, envelope).await? {
        return Ok(None);
    }
    state.carts.erase(user).await?;
    fault::point("erasure.cart_erased");
    let now = state.clock.now();
    loop {
        // Files after rows: an export that is still running finds that its row is gone, and stops.
        if !state.accounts.erase_page(user).await? && !erase_files(&state.bucket, user).await? {
            return Ok(envelope.second_erasure_at(now));
        }
        fault::point("erasure.after_page");
        if Instant::now() >= until {
            return Ok(Some(now));
        }
    }
}

/// Deletes a page of an account's files; false when there was none.
async fn erase_files(bucket: &Bucket, user: UserId) -> Result<bool> {
    /// A list returns at most a thousand.
    const PAGE: usize = 25;
    let files = bucket.list(&export_folder(user), None).await?;
    for (key, ..) in files.iter().take(PAGE) {
        bucket.delete(key).await?;
    }
    Ok(!files.is_empty())
}
