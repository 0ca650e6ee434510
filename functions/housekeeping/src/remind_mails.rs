//! The task that looks for payments whose customers got no mail. The notifier hears of them from the stream of the payments. What the
//! stream loses has no outbox row, so this task makes the same event of the payment, with the same id, and publishes it to the
//! notifier's queue. The claim of the mail is under that id, so a record that is only late makes no second mail.

use std::collections::BTreeSet;
use std::time::Instant;

use aws_kit::{TASK_RUNNING, fault};
use events::Envelope;
use futures::future::try_join_all;
use orders::{Order, OrderHead, OrderService};
use payments::{PaymentPage, customer_event};
use tracing::{error, warn};
use values::{Error, Kind, PaymentId, Result};

use crate::normalize_texts::RUN_TIME;
use crate::report::Report;
use crate::state::State;

/// Rows that DynamoDB reads together.
const ROWS_AT_ONCE: usize = 100;
/// Reads of claims that run at the same time. More would be many connections for a small function.
const READS_AT_ONCE: usize = 16;
/// A decline is looked for after so many seconds at most. Its order ends soon (`DeclinedHoldSeconds`, 90 by default), and is not found
/// then.
const MOST_DECLINE_GRACE_SECONDS: i64 = 30;

/// Publishes the events of all captures that the last runs have not looked at, and of all declines in the same time, if no mail was
/// claimed.
pub(crate) async fn run(state: &State) -> Result<Report> {
    let end = Instant::now() + RUN_TIME;
    let OrderService { orders, payments, .. } = &state.service;
    let now = state.clock.now();
    let until = now.plus_seconds(-state.mail_grace_seconds);
    let mut progress = payments.mail_progress().await?;
    if progress.is_late(now) {
        error!(alarm = "payments.mails_late", "captured payments are not compared with mails");
    }
    let mut report = Report::default();
    if progress.has_reached(until) {
        return Ok(report);
    }
    let declined_until = now.plus_seconds(-decline_grace(state.mail_grace_seconds));
    let declined = orders.list_declined(progress.position(), declined_until, state.hold_seconds).await?;
    // The search must not pass a shard that could not be read.
    let (outages, declined): (Vec<_>, Vec<_>) = declined.into_iter().partition(is_outage);
    for outage in outages {
        outage?;
    }
    let declined: BTreeSet<PaymentId> =
        report.without_failures(declined).into_iter().map(|order| order.payment_id).collect();
    publish_lost_of(state, declined.into_iter().collect(), &mut report).await?;
    while !progress.has_reached(until) && Instant::now() < end {
        let (page, next) = payments.list_captured(&progress, until).await?;
        publish_lost(state, page, &mut report).await?;
        match payments.save_mail_progress(&mut progress, next, until).await {
            Err(error) if error.code == TASK_RUNNING => return Ok(report),
            saved => saved?,
        }
    }
    Ok(report)
}

/// The same for the captured ones among some orders, at most 50.
pub(crate) async fn visit_orders(state: &State, orders: &[Order], report: &mut Report) -> Result<()> {
    let captured = orders.iter().filter(|order| order.was_captured()).map(|order| order.payment_id);
    publish_lost_of(state, captured.collect(), report).await
}

/// The age in seconds from which on a decline is looked for.
fn decline_grace(mail_grace_seconds: i64) -> i64 {
    mail_grace_seconds.min(MOST_DECLINE_GRACE_SECONDS)
}

fn is_outage(row: &Result<OrderHead>) -> bool {
    row.as_ref().is_err_and(|error| matches!(error.kind, Kind::Unavailable(_)))
}

async fn publish_lost_of(state: &State, ids: Vec<PaymentId>, report: &mut Report) -> Result<()> {
    for ids in ids.chunks(ROWS_AT_ONCE) {
        publish_lost(state, state.service.payments.peek_all(ids).await?, report).await?;
    }
    Ok(())
}

/// Publishes what these payments tell, if no mail about it was claimed. Payments of earlier releases tell nothing. Fails if an event was
/// not published: the search must not pass it.
async fn publish_lost(state: &State, page: PaymentPage, report: &mut Report) -> Result<()> {
    report.failed += page.unreadable;
    if fault::mutant("mail_sweep_skipped") {
        return Ok(());
    }
    let events: Vec<Envelope> = page.payments.iter().filter_map(customer_event).collect();
    for events in events.chunks(ROWS_AT_ONCE * READS_AT_ONCE) {
        let reads = events.chunks(ROWS_AT_ONCE).map(|events| state.claims.list_unclaimed(events));
        let lost: Vec<Envelope> = try_join_all(reads).await?.into_iter().flatten().cloned().collect();
        if lost.is_empty() {
            continue;
        }
        warn!(done = lost.len(), "mails about payments were not claimed; their events are published again");
        let mut published = Report::default();
        state.publish(&lost, &mut published).await?;
        if published.failed > 0 {
            return Err(Error::unavailable("queue", "events of payments were not published"));
        }
        report.add(published);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decline_is_looked_for_once_before_its_order_ends() {
        // By the defaults of the template: the task runs each minute, and the hold ends after 90 seconds.
        let (mail_grace, declined_hold) = (120, 90);
        assert!(decline_grace(mail_grace) + 60 <= declined_hold);
        assert_eq!(decline_grace(5), 5);
    }
}
