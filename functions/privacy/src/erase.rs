//! Erases the personal data of a closed account in identity, in the carts, in the counts of promotions and in the folder of personal files.
//! Other contexts have workers of their own, which receive the same event.

use std::time::{Duration, Instant};

use aws_kit::{Bucket, fault};
use events::Envelope;
use identity::export_folder;
use promotions::CustomerKey;
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
    // Before the pages, of which the last one has the digest.
    if !erase_uses(state, user, until).await? {
        return Ok(Some(now));
    }
    fault::point("erasure.uses_erased");
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

/// Erases what counts the customer for the limits of promotions. False when the time was over before all of it was erased.
async fn erase_uses(state: &State, user: UserId, until: Instant) -> Result<bool> {
    let Some(digest) = state.accounts.closed_email_digest(user).await? else { return Ok(true) };
    let customer = CustomerKey::of_digest(&state.digest_key, &digest);
    while state.promotions.erase_customer(&customer).await? {
        if Instant::now() >= until {
            return Ok(false);
        }
    }
    Ok(true)
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
