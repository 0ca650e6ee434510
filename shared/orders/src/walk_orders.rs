//! Use case: compare the orders of past days with the log of stock movements, and log what is missing. The catalog's stream keeps a record
//! for a day; what was not logged by then would never be. Housekeeping runs it every minute. It can be interrupted and repeated, and the
//! shop can be open meanwhile: a movement that the relay logs at the same moment is the same row. The caller looks at the same orders, for
//! what other streams have lost.

use std::time::Instant;

use aws_kit::{TASK_RUNNING, fault};
use catalog::StockMovement;
use tracing::{error, field, warn};
use values::{Error, Kind, Result, TimeZone, Timestamp};

use crate::order::Order;
use crate::service::OrderService;
use crate::status::Status;
use crate::walk_progress::{AfterPage, WalkProgress, last_full_day};

/// What a run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WalkReport {
    /// Movements that were missing and are logged now.
    pub logged: usize,
    /// Orders that could not be compared. They are in the log, and are passed.
    pub failed: usize,
}

impl OrderService {
    /// Continues the walk where the last run has stopped, until all days that ended an hour ago are walked, or its time is over. With `from`, a
    /// day such as `2026-11-21`, it begins again there and also walks today, as far as it is. If another run continues the walk, this one
    /// ends. 422 `date_invalid` or `date_out_of_range`. 3 round trips and 1 write for 50 orders of a shard with a line each, 1 more for each
    /// cancelled order; 1 and 1 write for each of 64 shards without orders. `visit` gets the orders of each page, at most 50. If it fails,
    /// the page is walked again.
    pub async fn walk_orders(
        &self,
        from: Option<&str>,
        until: Instant,
        mut visit: impl AsyncFnMut(&[Order]) -> Result<()>,
    ) -> Result<WalkReport> {
        let (mut report, now) = (WalkReport::default(), self.orders.clock.now());
        if fault::mutant("movement_walk_skipped") {
            return Ok(report);
        }
        let stored = self.orders.walk_progress().await?;
        let mut progress = stored.unwrap_or_else(|| WalkProgress::first(now));
        if progress.is_late(now) {
            error!(
                alarm = "orders.walk_late",
                "the orders of past days are not compared with the log of stock movements and with mails"
            );
        }
        let mut last = last_full_day(now);
        if let Some(day) = from {
            progress.restart(day, now)?;
            last = TimeZone::UTC.begin_of_day(now, 0);
        }
        while progress.day <= last && Instant::now() < until {
            let page = self.orders.list_all_of_shard(&progress.day.day(), progress.shard, progress.before).await?;
            report.failed += page.unreadable;
            self.log_lost(&page.orders, &mut report).await?;
            visit(page.orders.as_slice()).await?;
            match progress.continue_behind(page.next, now) {
                AfterPage::Store => match self.orders.save_walk_progress(&mut progress).await {
                    Err(error) if error.code == TASK_RUNNING => return Ok(report),
                    saved => saved?,
                },
                AfterPage::Continue => {}
                AfterPage::End => return Ok(report),
            }
        }
        Ok(report)
    }

    /// Logs the movements that these orders name and that are not logged.
    async fn log_lost(&self, orders: &[Order], report: &mut WalkReport) -> Result<()> {
        let mut named: Vec<StockMovement> = Vec::new();
        for order in orders {
            match self.read_cancellation(order).await {
                Ok(cancelled_at) => named.extend(order.named_movements(cancelled_at)),
                Err(error) if matches!(error.kind, Kind::Unavailable(_)) => return Err(error),
                Err(error) => {
                    report.failed += 1;
                    error!(order.id = %order.id, error.code = error.code, error.cause = error.causes(), "order not compared with the log of stock movements");
                }
            }
        }
        for movement in self.catalog.log_missing(&named).await? {
            report.logged += 1;
            let order = movement.order_id.map(field::display);
            warn!(order.id = order, "stock movement was lost by the stream and is logged now");
        }
        Ok(())
    }

    /// When an order was cancelled that names its movements. 1 read for such an order unless its rows have its history, none for others.
    async fn read_cancellation(&self, order: &Order) -> Result<Option<Timestamp>> {
        if !order.names_moves || order.status != Status::Cancelled {
            return Ok(None);
        }
        self.cancelled_at(order).await.map(Some)
    }

    /// The time of the history's entry: the row of the order changes again when its payment ends.
    async fn cancelled_at(&self, order: &Order) -> Result<Timestamp> {
        let history = self.orders.read_full_history(order).await?;
        let cancelled = history.iter().find(|entry| entry.status == Status::Cancelled);
        let at = cancelled.map(|entry| entry.at);
        at.ok_or_else(|| Error::internal(format!("the history of order {} has no cancellation", order.id)))
    }
}
