//! Scheduled tasks: expire holds, republish events that a stream lost, resume payments that a worker lost, log stock movements and send
//! mails that a stream lost, bring buckets of flash sales into order, limit API keys, and bring rows of earlier releases into today's form.
//! It also has the only command of operators, which gives a role to an account. That command has no API on purpose.

mod normalize_texts;
mod reconcile;
mod remind_mails;
mod report;
mod state;

use std::time::Instant;

use aws_kit::{Outbox, StoredEvent, read_shards};
use events::Envelope;
use futures::future::join_all;
use normalize_texts::RUN_TIME;
pub use normalize_texts::TextsReport;
use orders::Order;
pub use report::Report;
use serde::Deserialize;
pub use state::State;
use tracing::{Instrument, error, info, info_span};
use values::{Actor, Email, PageRequest, Result, Role, Timestamp, Trace};

/// Holds that end at the same time. More would meet each other at the rows of SKUs and counters.
const HOLDS_AT_ONCE: usize = 8;

/// The tasks.
#[derive(Debug, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Task {
    /// Cancel pending orders whose stock hold has ended. Covers lost delayed messages.
    ExpireHolds,
    /// Publish events that still lie in an outbox. Covers records that a stream lost.
    RepublishOutbox,
    /// Wake the worker for orders whose payment has waited since a minute or two. Covers records that the stream of the orders lost.
    ReconcileOrders,
    /// Wake the worker for payments and refunds that have waited too long. Covers lost messages of the queue.
    ReconcilePayments,
    /// Publish again what was captured or declined, and of which no mail was claimed. Covers records that the stream of the payments lost.
    /// Continues where the last run has stopped.
    RemindMails,
    /// Compare the orders of past days with the log of stock movements and with the claims of mails. Log and publish what is missing.
    /// Covers records that the catalog's stream lost, and mails that the task before has missed. Continues where the last run has stopped.
    WalkOrders {
        /// Begin again at this day, such as `2026-11-21`, and walk until now. For an operator, after a disturbance.
        #[serde(default)]
        from: Option<String>,
    },
    /// Bring the buckets of flash sales into order: write prices that a request has not written, spread pieces that came back, and move the
    /// last ones into one row.
    RebalanceBuckets,
    /// Let the API keys of admins without a second factor end within 30 days, where admins need one.
    LimitAdminKeys,
    /// Bring texts, keys and SKUs of earlier releases into today's form. Continues where the last run has stopped.
    NormalizeTexts {
        /// Begin again, for example after an admin has decided what the task reported.
        #[serde(default)]
        restart: bool,
    },
    /// Give a role to an account. A shop gets its first admin this way.
    GrantRole {
        /// The email address of the account.
        email: Email,
        role: Role,
    },
}

/// Runs one task. A failure of one order or event does not stop the others.
pub async fn handle(state: &State, task: Task, request_id: &str) -> Result<Report, lambda_runtime::Error> {
    let trace =
        Trace { correlation_id: request_id.to_owned(), causation_id: None, actor: Actor::system("housekeeping") };
    let span = info_span!("task", correlation.id = request_id);
    // Boxed, because the nested futures of all tasks exceed the recursion limit of the compiler.
    let report = Box::pin(perform(state, task, &trace)).instrument(span).await;
    Ok(report?)
}

async fn perform(state: &State, task: Task, trace: &Trace) -> Result<Report> {
    let report = match task {
        Task::ExpireHolds => expire_holds(state, trace).await,
        Task::RepublishOutbox => republish(state).await,
        Task::ReconcileOrders => reconcile::recent_orders(state, trace).await,
        Task::ReconcilePayments => reconcile::all(state, trace).await,
        Task::RemindMails => remind_mails::run(state).await,
        Task::WalkOrders { from } => walk_orders(state, from.as_deref()).await,
        Task::RebalanceBuckets => rebalance_buckets(state).await,
        Task::LimitAdminKeys => limit_admin_keys(state, trace).await,
        Task::NormalizeTexts { restart } => {
            if restart {
                normalize_texts::restart(&state.catalog, &state.accounts).await?;
            }
            let texts = normalize_texts::run(&state.catalog, &state.accounts, trace).await;
            texts.map(|texts| Report { done: texts.done(), failed: texts.failed(), texts: Some(texts) })
        }
        Task::GrantRole { email, role } => {
            let outcome = state.accounts.grant_role(&state.trust, &email, role, trace).await;
            outcome.map(|_| Report { done: 1, ..Report::default() })
        }
    };
    match &report {
        Ok(report) => info!(done = report.done, failed = report.failed, "housekeeping task done"),
        Err(error) => error!(error.code = error.code, error.cause = error.causes(), "{}", error.detail),
    }
    report
}

/// Ends the oldest holds of all shards first, until the time is over. The next run continues.
async fn expire_holds(state: &State, trace: &Trace) -> Result<Report> {
    let until = Instant::now() + RUN_TIME;
    let mut report = Report::default();
    let ended = state.service.orders.list_expired_holds(state.clock.now()).await?;
    let mut ended = report.without_failures(ended);
    ended.sort_unstable_by_key(|order| order.hold_expires_at);
    for orders in ended.chunks(HOLDS_AT_ONCE) {
        if Instant::now() >= until {
            break;
        }
        for outcome in join_all(orders.iter().map(|order| state.service.expire_hold(order.id, trace))).await {
            report.count(outcome);
        }
    }
    Ok(report)
}

async fn republish(state: &State) -> Result<Report> {
    let since = state.clock.now().plus_seconds(-state.outbox_grace_seconds);
    let mut report = Report::default();
    for outbox in &state.outboxes {
        for shard in read_shards(outbox.shards(), |shard| republish_shard(state, outbox, shard, since)).await {
            match shard {
                Ok(shard) => report.add(shard),
                Err(error) => report.count::<()>(Err(error)),
            }
        }
    }
    Ok(report)
}

async fn republish_shard(state: &State, outbox: &Outbox, shard: u8, since: Timestamp) -> Result<Report> {
    let mut report = Report::default();
    let mut events: Vec<StoredEvent> = Vec::new();
    for event in outbox.pending(shard, since).await? {
        match event {
            Ok(event) if outbox.owns(&event.envelope) => events.push(event),
            Ok(forged) => report.count(outbox.refuse(&forged).await),
            Err(error) => report.count::<()>(Err(error)),
        }
    }
    let envelopes: Vec<Envelope> = events.iter().map(|event| event.envelope.clone()).collect();
    let unpublished = state.publisher.publish(&envelopes).await?;
    for event in events {
        match unpublished.contains(&event.envelope.event_id) {
            true => report.failed += 1,
            false => report.count(outbox.remove(&event).await),
        }
    }
    Ok(report)
}

async fn walk_orders(state: &State, from: Option<&str>) -> Result<Report> {
    let mut report = Report::default();
    // Boxed for the same reason as all tasks.
    let visit = async |orders: &[Order]| Box::pin(remind_mails::visit_orders(state, orders, &mut report)).await;
    let walked = state.service.walk_orders(from, Instant::now() + RUN_TIME, visit).await?;
    report.add(Report { done: walked.logged, failed: walked.failed, texts: None });
    Ok(report)
}

/// The next run continues.
async fn rebalance_buckets(state: &State) -> Result<Report> {
    let mut report = Report::default();
    for outcome in state.catalog.rebalance_offers(Instant::now() + RUN_TIME).await? {
        report.count(outcome);
    }
    Ok(report)
}

/// Can be repeated: keys that end within 30 days are not changed, and their owners are not mailed again.
async fn limit_admin_keys(state: &State, trace: &Trace) -> Result<Report> {
    /// Admins per page.
    const PAGE: u32 = 50;
    let mut report = Report::default();
    if !state.requires_admin_mfa {
        return Ok(report);
    }
    let mut request = PageRequest { limit: PAGE, after: None };
    loop {
        let page = state.accounts.admins_to_limit(&request).await?;
        for admin in page.rows {
            match state.accounts.limit_admin_keys(admin, trace).await {
                Ok(false) => {}
                outcome => report.count(outcome),
            }
        }
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok(report),
        }
    }
}
