//! Read the history of an order. The order is read before the rows of its history, because a change may become a row meanwhile.

use aws_kit::{Query, fault};
use serde_json::Value;
use values::{Error, OrderId, Page, PageRequest, Position, Result};

use crate::history::{HistoryEntry, fold, merge};
use crate::order::Order;
use crate::store::{HISTORY, Orders, history_sort_key, partition};

/// Entries that are read together.
const ENTRIES: u32 = 100;

impl Orders {
    /// A page of the history of an order, as far as the order has come, oldest first. 1 round trip, none if the rows of the order have it.
    pub async fn history(&self, order: &Order, request: &PageRequest) -> Result<Page<HistoryEntry>> {
        let (after, limit) = (last_version(request)?, request.limit as usize);
        let rows = match order.has_whole_history() {
            true => Vec::new(),
            // One more than the page, so that it is known whether there is a next one.
            false => self.read_rows_after(order.id, after, request.limit + 1).await?,
        };
        let mut rows = merge(order, rows);
        rows.retain(|entry| entry.version > after);
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| is_more).map(|last| position(order.id, last.version));
        Ok(Page { rows, next })
    }

    async fn read_rows_after(&self, id: OrderId, version: u64, limit: u32) -> Result<Vec<HistoryEntry>> {
        let query = Query::of(self.table(), partition(id)).after(history_sort_key(version));
        // The rows of the order itself are behind those of its history.
        let rows = query.first::<Value>(limit).await?.into_iter();
        let rows = rows.filter(|row| row["sk"].as_str().is_some_and(|sk| sk.starts_with(HISTORY)));
        rows.map(|row| serde_json::from_value(row).map_err(Error::internal)).collect()
    }

    /// The whole history of an order, as far as the order has come, oldest first. 1 round trip for each 100 rows of it, none if the rows of
    /// the order have it.
    pub(crate) async fn read_full_history(&self, order: &Order) -> Result<Vec<HistoryEntry>> {
        let rows = match order.has_whole_history() {
            true => Vec::new(),
            false => self.read_history_rows(order.id).await?,
        };
        Ok(merge(order, rows))
    }

    /// The entries of a history that are rows, oldest first: among them all with a note.
    pub(crate) async fn read_history_rows(&self, id: OrderId) -> Result<Vec<HistoryEntry>> {
        let mut entries = Vec::new();
        let mut request = PageRequest { limit: ENTRIES, after: None };
        loop {
            let page = Query::of(self.table(), partition(id)).begins_with(HISTORY).page(&request).await?;
            entries.extend(page.rows);
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(entries),
            }
        }
    }

    /// The order as it was with that version. 503 if it has not reached it. 1 round trip for each 100 rows of its history, none if its rows
    /// have it as far as that.
    pub(crate) async fn read_version(&self, order: &Order, version: u64) -> Result<Order> {
        if fault::mutant("replay_shows_present") {
            return Ok(order.clone());
        }
        let mut entries = order.own_entries();
        entries.retain(|entry| entry.version <= version);
        if entries.len() as u64 != version {
            entries = self.read_full_history(order).await?;
            entries.retain(|entry| entry.version <= version);
        }
        fold_to(&entries, version)
    }
}

/// Folds a history that ends with that version. 503 if it ends before: a transaction becomes visible row by row, so the stored response
/// of a change can be visible before the change.
fn fold_to(entries: &[HistoryEntry], version: u64) -> Result<Order> {
    match entries.last() {
        Some(last) if last.version == version => fold(entries),
        last => {
            let last = last.map(|entry| entry.version);
            Err(Error::unavailable("database", format!("the history ends at version {last:?}, and not at {version}")))
        }
    }
}

/// The version after which a page begins.
fn last_version(request: &PageRequest) -> Result<u64> {
    let Some(after) = &request.after else { return Ok(0) };
    let version = after.get("sk").and_then(|sk| sk.strip_prefix(HISTORY)?.parse().ok());
    version.ok_or_else(|| Error::internal(format!("the cursor of a history is invalid: {after:?}")))
}

/// The position behind an entry, as the release before wrote it. The entry need not be a row.
fn position(id: OrderId, version: u64) -> Position {
    Position([("pk".to_owned(), partition(id)), ("sk".to_owned(), history_sort_key(version))].into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use crate::own_history::OwnHistory;
    use values::{Actor, Kind, Trace};

    #[test]
    fn version_that_is_not_visible_yet_is_an_outage_and_not_an_earlier_one() {
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        let placed = Order { own_history: Some(OwnHistory::new(600, &trace)), ..order() };
        assert_eq!(fold_to(&placed.own_entries(), 1).unwrap(), order());
        for (entries, version) in [(placed.own_entries(), 2), (Vec::new(), 1)] {
            let error = fold_to(&entries, version).unwrap_err();
            assert!(matches!(error.kind, Kind::Unavailable(_)), "{error:?}");
        }
    }

    #[test]
    fn page_begins_behind_the_version_of_its_cursor() {
        let after = |after| last_version(&PageRequest { limit: 20, after });
        assert_eq!(after(None).unwrap(), 0);
        assert_eq!(after(Some(position(order().id, 12))).unwrap(), 12);
        let of_another_list = Position([("sk".to_owned(), "ORDER".to_owned())].into());
        assert!(after(Some(of_another_list)).is_err());
    }
}
