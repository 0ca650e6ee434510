//! Erasing what identity, the carts and the folder of personal files hold of an account that was closed. Other contexts have
//! workers of their own, which hear of it by the same event.

use std::time::{Duration, Instant};

use aws_kit::{Bucket, fault};
use events::Envelope;
use identity::{erase_page, folder_of, is_closed};
use tracing::info;
use values::{Result, Timestamp, UserId};

use crate::State;

/// A slice; a worker has 8 seconds for a message.
const SLICE: Duration = Duration::from_secs(5);

/// Erases for some seconds; when to go on, or to look once more, if ever. Killed anywhere, it begins again with what is left.
pub(crate) async fn erase(state: &State, user: UserId, envelope: &Envelope) -> Result<Option<Timestamp>> {
    let until = Instant::now() + SLICE;
    if !is_closed(&state.accounts, user).await? {
        info!(user.id = %user, "nothing is erased: this account is none, or open");
        return Ok(None);
    }
    state.carts.erase(user).await?;
    fault::point("erasure.cart_erased");
    let now = state.clock.now();
    loop {
        // Files after rows: an export that is still being written finds that its row is gone, and ends.
        if !erase_page(&state.accounts, user).await? && !erase_files(&state.files, user).await? {
            return Ok(envelope.second_erasure_at(now));
        }
        fault::point("erasure.after_page");
        if Instant::now() >= until {
            return Ok(Some(now));
        }
    }
}

/// Removes a page of an account's files; false when there was none.
async fn erase_files(files: &Bucket, user: UserId) -> Result<bool> {
    /// Of the thousand that a list has at most.
    const MOST: usize = 25;
    let listed = files.list(&folder_of(user), None).await?;
    for (key, ..) in listed.iter().take(MOST) {
        files.delete(key).await?;
    }
    Ok(!listed.is_empty())
}
