//! Lists of captured payments, for the search for events that the stream has lost. The notifier hears of a capture from the stream; the
//! index `CAPTURED#` (store.rs) has each capture as well, by its time.
//!
//! | pattern | key condition | index | cost |
//! |---|---|---|---|
//! | captures of a day, oldest first, 100 of each shard at once | gsi2pk `CAPTURED#{day}#{0-63}`, from one time to another | gsi2 | 32 read units, 0.5 more per 4 KB |
//! | some payments | `PAYMENT#{id}` / `PAYMENT` | table | 0.5 read units each |
//! | how far the search is | `TASK#remind-mails` / `PROGRESS`, on its version | table | 1 read unit a run, 1 write unit a page |

use aws_kit::{Key, MAX_SHARDS, Query, read_shards};
use serde_json::Value;
use tracing::error;
use values::{PaymentId, Result, Timestamp};

use crate::mail_progress::MailProgress;
use crate::payment::Payment;
use crate::payment_row::PaymentRow;
use crate::store::{Payments, key};

/// Captures of one shard that a page has.
const SHARD_PAGE: u32 = 100;

/// Payments that were read together.
#[derive(Debug, Default)]
pub struct PaymentPage {
    pub payments: Vec<Payment>,
    /// Rows that cannot be read. They are in the log.
    pub unreadable: usize,
}

impl Payments {
    /// How far the search for captured payments without a mail is. 1 round trip.
    pub async fn mail_progress(&self) -> Result<MailProgress> {
        let stored = self.table().get(progress_key()).await?;
        Ok(stored.unwrap_or_else(|| MailProgress::first(self.clock.now())))
    }

    /// The next captures of all shards before `until`, some thousand at most, and where the next page begins. An index entry may be some
    /// seconds late, so `until` must have passed for longer. Fails if a shard cannot be read: the search must not pass it. 4 round trips.
    pub async fn list_captured(
        &self,
        progress: &MailProgress,
        until: Timestamp,
    ) -> Result<(PaymentPage, Option<String>)> {
        let (from, until) = (progress.position(), until.to_string());
        let query = |shard: u8| {
            let partition = format!("CAPTURED#{}#{shard}", progress.day());
            Query::index(self.table(), "gsi2", partition).between(from, &until)
        };
        let read = read_shards(MAX_SHARDS, |shard| query(shard).first::<Value>(SHARD_PAGE)).await;
        let (rows, next) = page_of(read.into_iter().collect::<Result<Vec<_>>>()?, SHARD_PAGE as usize);
        Ok((parsed(rows), next))
    }

    /// Stores the progress behind a page that was listed up to `until`, whose next page begins at `next`. 409 `task_running` if another run
    /// has stored its own since. 1 round trip.
    pub async fn save_mail_progress(
        &self,
        progress: &mut MailProgress,
        next: Option<String>,
        until: Timestamp,
    ) -> Result<()> {
        let before = progress.version;
        progress.continue_behind(next, until);
        progress.version += 1;
        self.table().put_progress(progress_key(), progress, before).await
    }

    /// The payments with those ids that exist, at most 100, in no particular order, and a moment old at most. No id may be there twice. 1
    /// round trip, none without ids.
    pub async fn peek_all(&self, ids: &[PaymentId]) -> Result<PaymentPage> {
        let keys: Vec<Key> = ids.iter().map(|id| key(*id)).collect();
        Ok(parsed(self.table().peek_all::<Value>(&keys).await?))
    }
}

fn parsed(rows: impl IntoIterator<Item = Value>) -> PaymentPage {
    let mut page = PaymentPage::default();
    for row in rows {
        match serde_json::from_value::<PaymentRow>(row) {
            Ok(row) => page.payments.push(row.into()),
            Err(error) => {
                page.unreadable += 1;
                error!(%error, "row of a payment cannot be read");
            }
        }
    }
    page
}

/// The rows of a page, of the first rows of each shard, and where the next page begins. A shard with `full` rows may have more, so what is
/// behind its last row is of the next page, in the other shards, too.
fn page_of(shards: Vec<Vec<Value>>, full: usize) -> (Vec<Value>, Option<String>) {
    let ends = shards.iter().filter(|rows| rows.len() >= full).filter_map(|rows| sort_key(rows.last()?));
    let next = ends.min().map(str::to_owned);
    let is_of_page = |row: &Value| match (&next, sort_key(row)) {
        (Some(next), Some(key)) => key <= next.as_str(),
        _ => true,
    };
    let rows = shards.into_iter().flatten().filter(|row| is_of_page(row)).collect();
    (rows, next)
}

fn sort_key(row: &Value) -> Option<&str> {
    row["gsi2sk"].as_str()
}

fn progress_key() -> Key {
    Key::new("TASK#remind-mails", "PROGRESS")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The keys of a page, in order, and where the next one begins. A full shard has three rows.
    fn page(shards: &[&[&str]]) -> (Vec<String>, Option<String>) {
        let row = |key: &&str| json!({ "gsi2sk": key });
        let shards = shards.iter().map(|keys| keys.iter().map(row).collect()).collect();
        let (rows, next) = page_of(shards, 3);
        let mut keys: Vec<String> = rows.iter().filter_map(|row| sort_key(row).map(str::to_owned)).collect();
        keys.sort_unstable();
        (keys, next)
    }

    #[test]
    fn page_ends_where_the_first_full_shard_ends() {
        let (keys, next) = page(&[&["a", "c", "e"], &["b"], &[], &["d", "f", "g"]]);
        assert_eq!((keys.concat().as_str(), next.as_deref()), ("abcde", Some("e")));
        let (keys, next) = page(&[&["e"], &["f", "g"]]);
        assert_eq!((keys.concat().as_str(), next), ("efg", None));
    }

    #[test]
    fn payment_that_cannot_be_read_does_not_stop_the_others() {
        let page = parsed([json!({ "id": "pay_x" })]);
        assert_eq!((page.payments.len(), page.unreadable), (0, 1));
    }
}
