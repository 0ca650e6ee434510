//! Shards: the partitions of an index that would otherwise be one. A partition of DynamoDB writes 1,000 units a second, and a full one slows
//! down every write of its table. docs/costs.md has the arithmetic, docs/adr/0032 the reasons.
//!
//! `SOUK_INDEX_SHARDS` says how many shards writers use. It may change at any time and in any order of functions, because no reader trusts it:
//!
//! - A sweep looks for lost work, so it reads all shards that any setting allows ([`sweep`]).
//! - A list for people would cost too much so. It reads as many as were ever in use, which a row of the table says ([`NotedShards`]).

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use futures::future::join_all;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::warn;
use uuid::Uuid;
use values::{Error, Result};

use crate::{Key, Query, Settings, Table, Write, fault};

/// Shards that every list reads, and that a writer may use before it has noted more.
const LEAST_SHARDS: u8 = 4;
/// The most shards of a setting. Fewer in a later release would hide rows.
pub const MAX_SHARDS: u8 = 64;
/// Queries that run at the same time. More would be many connections for a small function.
const AT_ONCE: u8 = 16;
/// How long a write waits until its shards are noted.
const NOTE_TIME: Duration = Duration::from_millis(500);

/// How many shards writers use: 4, 8, 16, 32 or 64. A byte has as many values for each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards(u8);

impl Shards {
    /// The setting `SOUK_INDEX_SHARDS`. An error names the variable.
    pub fn from_env() -> Result<Self> {
        Settings.parsed("SOUK_INDEX_SHARDS")
    }

    /// The shard of a row, by the last byte of its id, which is random.
    pub fn of(self, id: Uuid) -> u8 {
        id.as_bytes()[15] % self.0
    }
}

impl FromStr for Shards {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = text.parse::<u8>().ok();
        let valid = number.filter(|number| number.is_power_of_two() && (LEAST_SHARDS..=MAX_SHARDS).contains(number));
        valid.map(Self).ok_or_else(|| Error::internal("the number of shards must be 4, 8, 16, 32 or 64"))
    }
}

/// The shards of indexes that people list. The row `SHARDS` of the table says how many were ever in use. It only grows. A writer uses a
/// shard above the least only after that row covers its setting, so a list that reads as many shards as the row says misses no entry.
#[derive(Debug, Clone)]
pub struct NotedShards {
    setting: Shards,
    /// The highest number that this execution environment has seen in the row.
    noted: Arc<AtomicU8>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    most: u8,
}

fn key() -> Key {
    Key::new("SHARDS", "SHARDS")
}

impl NotedShards {
    /// The setting `SOUK_INDEX_SHARDS`. An error names the variable.
    pub fn from_env() -> Result<Self> {
        Shards::from_env().map(Self::new)
    }

    /// With a setting. Nothing is noted yet.
    pub(crate) fn new(setting: Shards) -> Self {
        Self { setting, noted: Arc::new(AtomicU8::new(LEAST_SHARDS)) }
    }

    /// The shard in which to write a row.
    pub fn of(&self, id: Uuid) -> u8 {
        let is_noted = self.setting.0 <= self.noted();
        if is_noted { self.setting.of(id) } else { Shards(LEAST_SHARDS).of(id) }
    }

    /// How many shards a list has to read, as far as this execution environment knows.
    pub fn noted(&self) -> u8 {
        self.noted.load(Ordering::Relaxed)
    }

    /// How many shards a list has to read. 1 round trip.
    pub async fn read(&self, table: &Table) -> Result<u8> {
        let row: Option<Row> = table.get(key()).await?;
        Ok(self.remember(row.map_or(LEAST_SHARDS, |row| row.most)))
    }

    /// Notes the setting in the table, unless it is known to be there. 1 round trip in the life of an execution environment, none if the
    /// setting is the least. After a failure, writes use the least number of shards, and the next write notes it again.
    pub(crate) async fn note(&self, table: &Table) {
        if self.setting.0 <= self.noted() {
            return;
        }
        match tokio::time::timeout(NOTE_TIME, self.put(table)).await {
            Ok(Ok(())) => {
                self.remember(self.setting.0);
            }
            Ok(Err(error)) => warn!(error.code = error.code, error.cause = error.causes(), "shards were not noted"),
            Err(_) => warn!("shards were not noted in time"),
        }
    }

    async fn put(&self, table: &Table) -> Result<()> {
        let most = self.setting.0;
        let row = Write::put(table, key(), &Row { most })?.when("attribute_not_exists(most) OR most < :most");
        // If the condition fails, the row says as many or more.
        let _already_noted = row.value(":most", most)?.run().await?;
        Ok(())
    }

    fn remember(&self, most: u8) -> u8 {
        self.noted.fetch_max(most, Ordering::Relaxed).max(most)
    }
}

/// The shards that a search for lost work reads.
pub(crate) fn all_of(shards: u8) -> u8 {
    if fault::mutant("shards_unread") { LEAST_SHARDS } else { shards }
}

/// Reads so many shards, 16 at a time: a round trip for each 16. One result for each shard, in their order.
pub async fn read_shards<T, F>(shards: u8, read: impl Fn(u8) -> F) -> Vec<Result<T>>
where
    F: Future<Output = Result<T>>,
{
    let mut results = Vec::with_capacity(usize::from(shards));
    for first in (0..shards).step_by(usize::from(AT_ONCE)) {
        let end = first.saturating_add(AT_ONCE).min(shards);
        results.extend(join_all((first..end).map(&read)).await);
    }
    results
}

/// Reads the first `limit` rows of the query of each shard: of all shards, whatever the setting is or was. A row that cannot be parsed is an
/// error, and so is a shard that cannot be read; neither stops the others. Fails only if no shard can be read: an outage, or a role that is
/// too small. 4 round trips.
pub async fn sweep<T: DeserializeOwned>(query: impl Fn(u8) -> Query, limit: u32) -> Result<Vec<Result<T>>> {
    let (mut rows, mut is_read) = (Vec::new(), false);
    for shard in read_shards(all_of(MAX_SHARDS), |shard| query(shard).first::<Value>(limit)).await {
        match shard {
            Ok(found) => {
                is_read = true;
                rows.extend(found.into_iter().map(|row| serde_json::from_value::<T>(row).map_err(Error::internal)));
            }
            Err(error) => rows.push(Err(error)),
        }
    }
    match rows.pop() {
        Some(Err(error)) if !is_read => Err(error),
        last => Ok(rows.into_iter().chain(last).collect()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::*;
    use crate::scripted_table::scripted_table;

    fn setting(text: &str) -> Shards {
        text.parse().unwrap()
    }

    fn ids() -> impl Iterator<Item = Uuid> {
        (0..=u8::MAX).map(|byte| Uuid::from_u128(u128::from(byte)))
    }

    /// The number of shards that get rows.
    fn used(shards: &NotedShards) -> u8 {
        ids().map(|id| shards.of(id)).max().unwrap() + 1
    }

    fn failure(name: &str) -> Value {
        json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}") })
    }

    #[test]
    fn setting_gives_each_shard_as_many_ids() {
        for text in ["4", "8", "16", "32", "64"] {
            let (shards, number) = (setting(text), text.parse::<usize>().unwrap());
            let mut counts = vec![0; number];
            ids().for_each(|id| counts[usize::from(shards.of(id))] += 1);
            assert_eq!(counts, vec![256 / number; number]);
        }
        for wrong in ["", "0", "1", "2", "3", "5", "12", "48", "100", "128", "256", "-4", "four"] {
            assert!(wrong.parse::<Shards>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn least_setting_needs_no_row() {
        let (table, calls) = scripted_table(Vec::new());
        let shards = NotedShards::new(setting("4"));
        shards.note(&table).await;
        assert_eq!((used(&shards), shards.noted()), (4, 4));
        assert!(calls.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn raised_setting_is_used_once_it_is_noted() {
        let refused = (400, failure("ConditionalCheckFailedException"));
        for answer in [(200, json!({})), refused] {
            let (table, calls) = scripted_table(vec![answer]);
            let shards = NotedShards::new(setting("64"));
            assert_eq!((used(&shards), shards.noted()), (4, 4));
            // A clone shares what is noted.
            shards.clone().note(&table).await;
            shards.note(&table).await;
            assert_eq!((used(&shards), shards.noted()), (64, 64));
            assert_eq!(*calls.lock().unwrap(), ["putitem"]);
        }
    }

    #[tokio::test]
    async fn setting_that_could_not_be_noted_is_not_used() {
        let (table, calls) = scripted_table(vec![(500, failure("InternalServerError")), (200, json!({}))]);
        let shards = NotedShards::new(setting("16"));
        shards.note(&table).await;
        assert_eq!((used(&shards), shards.noted()), (4, 4));
        shards.note(&table).await;
        assert_eq!((used(&shards), shards.noted()), (16, 16));
        assert_eq!(calls.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn lists_read_as_many_shards_as_were_ever_in_use() {
        let row = json!({ "Item": { "pk": { "S": "SHARDS" }, "sk": { "S": "SHARDS" }, "most": { "N": "64" } } });
        let (table, _) = scripted_table(vec![(200, json!({})), (200, row), (200, json!({}))]);
        let lowered = NotedShards::new(setting("8"));
        assert_eq!(lowered.read(&table).await.unwrap(), 4, "without a row");
        assert_eq!(used(&lowered), 4);
        assert_eq!(lowered.read(&table).await.unwrap(), 64);
        assert_eq!((used(&lowered), lowered.noted()), (8, 64));
        assert_eq!(lowered.read(&table).await.unwrap(), 64, "a smaller number is never believed");
    }

    #[tokio::test]
    async fn shards_are_read_in_waves_and_in_order() {
        let counts = &(Cell::new(0_u8), Cell::new(0_u8));
        let read = |shard: u8| async move {
            counts.0.set(counts.0.get() + 1);
            counts.1.set(counts.1.get().max(counts.0.get()));
            tokio::task::yield_now().await;
            counts.0.set(counts.0.get() - 1);
            if shard == 20 { Err(Error::not_found("shard")) } else { Ok(shard) }
        };
        for shards in [4, 16, 64] {
            counts.1.set(0);
            let results = read_shards(shards, read).await;
            let found: Vec<u8> = results.into_iter().flatten().collect();
            let expected: Vec<u8> = (0..shards).filter(|shard| *shard != 20).collect();
            assert_eq!((found, counts.1.get()), (expected, shards.min(AT_ONCE)));
        }
    }

    #[tokio::test]
    async fn sweep_reads_all_shards_and_survives_failures() {
        #[derive(Deserialize)]
        struct Hold {
            n: u32,
        }
        let mut answers = vec![(200, json!({ "Items": [{ "n": { "N": "1" } }] })); usize::from(MAX_SHARDS)];
        answers[2] = (500, failure("InternalServerError"));
        answers[40] = (200, json!({ "Items": [{ "m": { "N": "1" } }, { "n": { "N": "1" } }] }));
        let (table, calls) = scripted_table(answers);
        let holds = |table: &Table, shard: u8| Query::index(table, "gsi3", format!("HOLD#{shard}")).up_to("2026");
        let rows = sweep::<Hold>(|shard| holds(&table, shard), 100).await.unwrap();
        let (read, failed): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.is_ok());
        assert_eq!((read.into_iter().flatten().map(|hold| hold.n).sum::<u32>(), failed.len()), (63, 2));
        assert_eq!(calls.lock().unwrap().len(), usize::from(MAX_SHARDS));

        let answers = vec![(500, failure("InternalServerError")); usize::from(MAX_SHARDS)];
        let table = scripted_table(answers).0;
        let failed = sweep::<Hold>(|shard| holds(&table, shard), 100).await;
        assert_eq!(failed.err().map(|error| error.code), Some("unavailable"));
    }
}
