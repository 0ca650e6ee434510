//! Finding orders among all of the shop's, for an admin: newest first, a page at a time.

use std::collections::HashMap;

use futures::future::{try_join, try_join_all};
use identity::AccountService;
use values::{Email, Error, OrderId, Page, PageRequest, Position, Result};

use crate::order::Order;
use crate::search::{Days, Filter, Search};
use crate::status::Status;
use crate::store::Orders;

/// Days that one request walks; a longer search goes on by its cursor.
const MOST_DAYS_AT_ONCE: usize = 31;
/// Days that are asked for side by side, 4 shards each: enough for a quiet shop, no crowd of connections for a small function.
const DAYS_SIDE_BY_SIDE: usize = 4;
/// Holds of a shard that a list of pending orders looks at: about a megabyte.
const MOST_HOLDS: u32 = 500;

impl Orders {
    /// A page of what is looked for. A page may be short, or empty, and have more behind it: the days were walked so far.
    pub async fn find(&self, accounts: &AccountService, filter: Filter, request: &PageRequest) -> Result<Page<Order>> {
        match filter.search(self.clock.now())? {
            Search::Number(number) => {
                Ok(Page { rows: self.of_number(&number).await?.into_iter().collect(), next: None })
            }
            Search::Email(email) => self.of_email(accounts, &email, request).await,
            Search::Days { days, status: Some(Status::Pending) } => self.waiting(days, request).await,
            Search::Days { days, status } => self.walk(days, status, request).await,
        }
    }

    /// Orders of the account with that address, and of guests who gave it. 3 round trips, 2 when no guest did.
    async fn of_email(&self, accounts: &AccountService, email: &Email, request: &PageRequest) -> Result<Page<Order>> {
        let before = place::<OrderId>(request, "before")?;
        let most = request.limit + 1;
        let own = async {
            match accounts.find_by_email(email).await? {
                Some(user) => self.newest_of_user(user, before, most).await,
                None => Ok(Vec::new()),
            }
        };
        let (own, guests) = try_join(own, self.newest_of_email(email, before, most)).await?;
        let mut found: Vec<(OrderId, Option<Order>)> = own.into_iter().map(|order| (order.id, Some(order))).collect();
        found.extend(guests.into_iter().map(|id| (id, None)));
        found.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(id.uuid()));
        let is_more = found.len() > request.limit as usize;
        found.truncate(request.limit as usize);
        let next = found.last().filter(|_| is_more).map(|(id, _)| position([("before", id.to_string())]));
        let named: Vec<OrderId> = found.iter().filter(|(_, order)| order.is_none()).map(|(id, _)| *id).collect();
        let read = self.read_all(&named).await?.into_iter();
        let mut read: HashMap<OrderId, Order> = read.map(|order| (order.id, order)).collect();
        let rows = found.into_iter().filter_map(|(id, order)| order.or_else(|| read.remove(&id)));
        Ok(Page { rows: rows.collect(), next })
    }

    /// Pending orders are found by their holds, which are few, and not by their days, in which they are few among many. All of
    /// them are read for each page, because a hold may be prolonged between two pages. 1 round trip.
    async fn waiting(&self, days: Days, request: &PageRequest) -> Result<Page<Order>> {
        let before = place::<OrderId>(request, "before")?;
        let is_before = |order: &Order| before.is_none_or(|before| order.id.uuid() < before.uuid());
        let mut rows = self.pending(MOST_HOLDS).await?;
        rows.retain(|order| days.contain(order.created_at) && is_before(order));
        let is_more = rows.len() > request.limit as usize;
        rows.truncate(request.limit as usize);
        let next = rows.last().filter(|_| is_more).map(|order| position([("before", order.id.to_string())]));
        Ok(Page { rows, next })
    }

    /// Days one after the other, newest first, until the page is full: 1 of them at first, then 2, then 4 at a time. So a busy
    /// shop's page takes 1 round trip, and 31 quiet days take 9.
    async fn walk(&self, days: Days, status: Option<Status>, request: &PageRequest) -> Result<Page<Order>> {
        let limit = request.limit as usize;
        let days = days.newest_first(request.after.as_ref().and_then(|position| position.get("day")))?;
        let mut before = place::<OrderId>(request, "before")?;
        let mut rows: Vec<Order> = Vec::new();
        let (mut walked, mut at_once) = (0, 1);
        while walked < days.len().min(MOST_DAYS_AT_ONCE) && rows.len() < limit {
            let some = &days[walked..days.len().min(MOST_DAYS_AT_ONCE).min(walked + at_once)];
            // Only the first day begins in its middle.
            let asked = some.iter().map(|day| self.newest_of_day(day, status, before.take(), request.limit + 1));
            rows.extend(try_join_all(asked).await?.into_iter().flatten());
            walked += some.len();
            at_once = (at_once * 2).min(DAYS_SIDE_BY_SIDE);
        }
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        let next = match (is_more, rows.last(), days.get(walked)) {
            (true, Some(last), _) => Some(position([("day", last.created_at.day()), ("before", last.id.to_string())])),
            (_, _, Some(day)) => Some(position([("day", day.clone())])),
            _ => None,
        };
        Ok(Page { rows, next })
    }
}

fn position<const N: usize>(parts: [(&str, String); N]) -> Position {
    Position(parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A part of the place where the page before ended.
fn place<T: std::str::FromStr>(request: &PageRequest, part: &str) -> Result<Option<T>> {
    let text = request.after.as_ref().and_then(|position| position.get(part));
    let place = text.map(|text| text.parse().map_err(|_| Error::internal(format!("a cursor with the place {text:?}"))));
    place.transpose()
}
