//! Find orders of the whole shop, for an admin: newest first, a page at a time.

use futures::future::{try_join, try_join_all};
use identity::AccountService;
use values::{Email, Error, OrderId, Page, PageRequest, Position, Result, TimeZone, Timestamp, first_id_at};

use crate::list_store::Listed;
use crate::order::Order;
use crate::order_rows::{OrderHead, StoredOrder};
use crate::search::{Filter, Period, Search};
use crate::status::Status;
use crate::store::Orders;

/// Days that one request reads; a longer search continues with its cursor.
const MAX_DAYS_PER_REQUEST: usize = 31;
/// Queries of one request, one for each day and shard. They bound the days of a shop with many shards.
const MAX_QUERIES_PER_REQUEST: usize = 256;
/// Queries that run in parallel: enough for a quiet shop, and not too many connections for a small function.
const MAX_PARALLEL_QUERIES: usize = 16;
/// Holds that a list of orders with one status reads of all shards: some megabytes.
const MAX_HOLDS: u32 = 2000;

impl Orders {
    /// A page of the orders that match the filter, whose dates are days in `zone`. A page may be short or empty and still
    /// have a next one: only a part of the days was read.
    pub async fn find(
        &self,
        accounts: &AccountService,
        filter: Filter,
        zone: TimeZone,
        request: &PageRequest,
    ) -> Result<Page<Order>> {
        match filter.into_search(zone, self.clock.now())? {
            Search::Number(number) => {
                Ok(Page { rows: self.read_by_number(&number).await?.into_iter().collect(), next: None })
            }
            Search::Email(email) => self.list_of_email(accounts, &email, request).await,
            Search::Period { period, status } => {
                let known = self.shards.noted();
                let page = self.list_of_shards(known, period, status, request);
                let (page, noted) = try_join(page, self.shards.read(self.table())).await?;
                // Only once in an execution environment, after the setting was raised.
                if noted > known { self.list_of_shards(noted, period, status, request).await } else { Ok(page) }
            }
        }
    }

    async fn list_of_shards(
        &self,
        shards: u8,
        period: Period,
        status: Option<Status>,
        request: &PageRequest,
    ) -> Result<Page<Order>> {
        match status {
            Some(Status::Pending) => self.list_pending(shards, period, request).await,
            status => self.list_of_period(shards, period, status, request).await,
        }
    }

    /// Orders of the account with that email address, and of guests who gave it. 3 round trips, 2 when there are none.
    async fn list_of_email(
        &self,
        accounts: &AccountService,
        email: &Email,
        request: &PageRequest,
    ) -> Result<Page<Order>> {
        let before = position_part::<OrderId>(request, "before")?;
        let most = request.limit + 1;
        let own = async {
            match accounts.find_by_email(email).await? {
                Some(user) => self.list_newest_of_user(user, before, most).await,
                None => Ok(Vec::new()),
            }
        };
        let (own, guests) = try_join(own, self.list_newest_of_email(email, before, most)).await?;
        let mut found = [own, guests].concat();
        found.sort_unstable_by_key(|id| std::cmp::Reverse(id.uuid()));
        let is_more = found.len() > request.limit as usize;
        found.truncate(request.limit as usize);
        let next = found.last().filter(|_| is_more).map(|id| position([("before", id.to_string())]));
        let rows = self.read_listed(found.into_iter().map(Listed::from).collect()).await?;
        Ok(Page { rows, next })
    }

    /// Pending orders are found by their holds, which are few, not by their days, where they are few among many. All
    /// holds are read for each page, because a hold may be extended between two pages. 2 round trips, 5 with 64 shards.
    async fn list_pending(&self, shards: u8, period: Period, request: &PageRequest) -> Result<Page<Order>> {
        let before = position_part::<OrderId>(request, "before")?;
        let is_before = |head: &OrderHead| before.is_none_or(|before| head.id.uuid() < before.uuid());
        let is_found =
            |head: &OrderHead| head.status == Status::Pending && period.contains(head.created_at) && is_before(head);
        let mut found = self.read_holds(shards, MAX_HOLDS / u32::from(shards.max(1))).await?;
        found.retain(|stored| is_found(&stored.head()));
        let is_more = found.len() > request.limit as usize;
        found.truncate(request.limit as usize);
        let next = found.last().filter(|_| is_more).map(|stored| position([("before", stored.head().id.to_string())]));
        let rows = self.read_listed(found.into_iter().map(Listed::from).collect()).await?;
        Ok(Page { rows, next })
    }

    /// The orders with that status that wait for their capture. 1 round trip, 4 with 64 shards; none for a status in which no order waits.
    async fn list_awaiting_capture(&self, shards: u8, status: Option<Status>) -> Result<Vec<StoredOrder>> {
        let Some(status) = status.filter(|status| status.can_await_capture()) else { return Ok(Vec::new()) };
        let mut orders = self.read_awaiting_capture(shards, MAX_HOLDS / u32::from(shards.max(1))).await?;
        orders.retain(|order| order.head().status == status);
        Ok(orders)
    }

    /// Reads days one after the other, newest first, until the page is full: with 4 shards 1 day at first, then 2, then 4 at a time.
    /// A page of a busy shop takes 1 round trip, and 31 quiet days take 9; 1 more reads the orders of the page, and with a status 1 more
    /// reads those that wait for their capture. With more shards a request takes up to 20. The period may begin and end within
    /// a day.
    async fn list_of_period(
        &self,
        shards: u8,
        period: Period,
        status: Option<Status>,
        request: &PageRequest,
    ) -> Result<Page<Order>> {
        let limit = request.limit as usize;
        let begin = request.after.as_ref().and_then(|position| position.get("day"));
        let days = period.days_newest_first(begin)?;
        // Before the days: an order that is captured meanwhile is then in both, and in the page once.
        let waiting = self.list_awaiting_capture(shards, status).await?;
        let mut before = Some(position_part::<OrderId>(request, "before")?.unwrap_or_else(|| first_id_at(period.to)));
        // An id of an older release may be a millisecond older than its order. The time of the order decides below.
        let first: OrderId = first_id_at(Timestamp::from_millis(period.from.millis().saturating_sub(1)));
        // With the day of its partition, where the next page continues.
        let mut found: Vec<(&str, Listed)> = Vec::new();
        let (most_days, most_parallel) = days_of_request(shards);
        let (mut done, mut parallel) = (0, 1);
        while done < days.len().min(most_days) && found.len() < limit {
            let chunk = &days[done..days.len().min(most_days).min(done + parallel)];
            // Only the first day starts in the middle.
            let reads = chunk
                .iter()
                .map(|day| self.list_newest_of_day(day, shards, status, before.take(), request.limit + 1, &waiting));
            // Where the period begins within a day, the rest of that day is read and dropped; no day follows.
            for (day, listed) in chunk.iter().zip(try_join_all(reads).await?) {
                let listed = listed.into_iter().filter(|listed| listed.id.uuid() >= first.uuid());
                found.extend(listed.map(|listed| (day.as_str(), listed)));
            }
            done += chunk.len();
            parallel = (parallel * 2).min(most_parallel);
        }
        let is_more = found.len() > limit;
        found.truncate(limit);
        let next = match (is_more, found.last(), days.get(done)) {
            (true, Some((day, last)), _) => {
                Some(position([("day", (*day).to_owned()), ("before", last.id.to_string())]))
            }
            (_, _, Some(day)) => Some(position([("day", day.clone())])),
            _ => None,
        };
        let mut rows = self.read_listed(found.into_iter().map(|(_, listed)| listed).collect()).await?;
        rows.retain(|order| period.contains(order.created_at));
        Ok(Page { rows, next })
    }
}

/// The most days that one request reads, and that it reads in parallel.
fn days_of_request(shards: u8) -> (usize, usize) {
    let shards = usize::from(shards.max(1));
    ((MAX_QUERIES_PER_REQUEST / shards).clamp(1, MAX_DAYS_PER_REQUEST), (MAX_PARALLEL_QUERIES / shards).max(1))
}

fn position<const N: usize>(parts: [(&str, String); N]) -> Position {
    Position(parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A part of the position where the last page ended.
fn position_part<T: std::str::FromStr>(request: &PageRequest, part: &str) -> Result<Option<T>> {
    let text = request.after.as_ref().and_then(|position| position.get(part));
    let part_value =
        text.map(|text| text.parse().map_err(|_| Error::internal(format!("the cursor has the invalid part {text:?}"))));
    part_value.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_with_more_shards_reads_fewer_days() {
        let expected = [(4, (31, 4)), (8, (31, 2)), (16, (16, 1)), (32, (8, 1)), (64, (4, 1)), (255, (1, 1))];
        for (shards, days) in expected {
            assert_eq!(days_of_request(shards), days, "{shards} shards");
        }
    }
}
