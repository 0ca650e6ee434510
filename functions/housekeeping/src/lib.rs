//! Scheduled tasks: expire holds, republish events that a stream lost, resume payments that a worker lost, log stock movements that a
//! stream lost, limit API keys, and bring rows of earlier releases into today's form. It also has the only command of operators, which
//! gives a role to an account. That command has no API on purpose.

mod normalize_texts;

use std::collections::BTreeSet;
use std::time::Instant;

use aws_kit::{Aws, Outbox, Publisher, Settings, StoredEvent, TokenTrust, read_shards};
use catalog::CatalogService;
use events::{Envelope, Event, PaymentRequested, RefundRequested};
use futures::future::join_all;
use identity::AccountService;
use normalize_texts::RUN_TIME;
pub use normalize_texts::TextsReport;
use orders::OrderService;
use payments::Refund;
use serde::{Deserialize, Serialize};
use tracing::{Instrument, error, info, info_span};
use values::{Actor, Clock, Email, OrderId, PageRequest, PaymentId, Result, Role, Timestamp, Trace};

/// Holds that end at the same time. More would meet each other at the rows of SKUs and counters.
const HOLDS_AT_ONCE: usize = 8;
/// Hints that are published together.
const HINTS_AT_ONCE: usize = 1000;

/// The tasks.
#[derive(Debug, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Task {
    /// Cancel pending orders whose stock hold has ended. Covers lost delayed messages.
    ExpireHolds,
    /// Publish events that still lie in an outbox. Covers records that a stream lost.
    RepublishOutbox,
    /// Wake the worker for payments and refunds that have waited too long. Covers lost messages of the queue.
    ReconcilePayments,
    /// Compare the orders of past days with the log of stock movements, and log what is missing. Covers records that the catalog's stream
    /// lost. Continues where the last run has stopped.
    WalkOrders {
        /// Begin again at this day, such as `2026-11-21`, and walk until now. For an operator, after a disturbance.
        #[serde(default)]
        from: Option<String>,
    },
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

/// The outcome of a task.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The number of orders, events, payments or accounts that were processed. Of `walk-orders`, the movements that were missing. Of
    /// `normalize-texts`, the rows that all its runs since the last restart have written.
    pub done: usize,
    /// The number of failures. They are in the log, and the next run tries them again. `normalize-texts` tries them again only after a
    /// restart, and counts those of all its runs since the last one.
    pub failed: usize,
    /// What `normalize-texts` reports beside these numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<TextsReport>,
}

/// What the tasks need.
pub struct State {
    service: OrderService,
    catalog: CatalogService,
    accounts: AccountService,
    trust: TokenTrust,
    publisher: Publisher,
    outboxes: Vec<Outbox>,
    clock: Clock,
    /// Whether an admin needs a second factor.
    requires_admin_mfa: bool,
    /// After this many seconds in its outbox an event counts as lost by its stream.
    outbox_grace_seconds: i64,
    /// After this many seconds without its worker a payment or refund counts as lost by its queue.
    unsettled_seconds: i64,
    /// How long an order holds its stock after its last change. It bounds which holds are read.
    hold_seconds: i64,
}

impl State {
    /// Builds the state from the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let clock = Clock::System;
        let service = OrderService::from_env(aws, clock.clone())?;
        Ok(Self {
            service,
            catalog: CatalogService::from_env(aws)?,
            accounts: AccountService::from_env(aws)?,
            trust: TokenTrust::from_env(aws)?,
            publisher: Publisher::from_env(aws, clock.clone())?,
            outboxes: Outbox::all(aws)?,
            clock,
            requires_admin_mfa: Settings.parsed("SOUK_REQUIRE_ADMIN_MFA")?,
            outbox_grace_seconds: Settings.parsed("SOUK_OUTBOX_GRACE_SECONDS")?,
            unsettled_seconds: Settings.parsed("SOUK_UNSETTLED_SECONDS")?,
            hold_seconds: Settings.parsed("SOUK_HOLD_SECONDS")?,
        })
    }
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
        Task::ReconcilePayments => reconcile(state, trace).await,
        Task::WalkOrders { from } => walk_orders(state, from.as_deref()).await,
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
    let walked = state.service.walk_orders(from, Instant::now() + RUN_TIME).await?;
    Ok(Report { done: walked.logged, failed: walked.failed, texts: None })
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

async fn reconcile(state: &State, trace: &Trace) -> Result<Report> {
    let since = state.clock.now().plus_seconds(-state.unsettled_seconds);
    let OrderService { orders, payments, .. } = &state.service;
    let mut report = Report::default();
    // The payment of a pending order is found by the order's hold, all others by indexes of their own.
    let unpaid = report.without_failures(orders.list_unpaid(since, state.hold_seconds).await?);
    let unsettled = report.without_failures(payments.list_unsettled(since).await?);
    let refunds = report.without_failures(payments.list_unsettled_refunds(since).await?);
    let of_orders = unpaid.iter().map(|order| (order.payment_id, order.id));
    let of_payments = unsettled.iter().map(|payment| (payment.id, payment.order_id));
    // A set, because an open payment of an earlier release is in both.
    let waiting: BTreeSet<(PaymentId, OrderId)> = of_orders.chain(of_payments).collect();
    // These events report no change, so they have no sequence, and the next run sends them again
    // (`Envelope::is_repeated`).
    let payment_hint = |(payment_id, order_id): &(PaymentId, OrderId)| {
        let (payment_id, order_id) = (*payment_id, *order_id);
        let data = PaymentRequested { payment_id, order_id };
        Envelope::new(&state.clock, trace, payment_id, 0, Event::PaymentRequested(data))
    };
    let refund_hint = |refund: &Refund| {
        let Refund { id: refund_id, payment_id, order_id, .. } = *refund;
        let data = RefundRequested { refund_id, payment_id, order_id };
        Envelope::new(&state.clock, trace, refund_id, 0, Event::PaymentRefundRequested(data))
    };
    let hints: Vec<Envelope> = waiting.iter().map(payment_hint).chain(refunds.iter().map(refund_hint)).collect();
    for hints in hints.chunks(HINTS_AT_ONCE) {
        let failed = state.publisher.publish(hints).await?.len();
        report.add(Report { done: hints.len() - failed, failed, texts: None });
    }
    Ok(report)
}

impl Report {
    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.failed += other.failed;
    }

    /// What a sweep has found, without the shards and rows that could not be read, which count as failures.
    fn without_failures<T>(&mut self, found: Vec<Result<T>>) -> Vec<T> {
        found.into_iter().filter_map(|row| row.map_err(|error| self.count::<()>(Err(error))).ok()).collect()
    }

    fn count<T>(&mut self, outcome: Result<T>) {
        match outcome {
            Ok(_) => self.done += 1,
            Err(error) => {
                self.failed += 1;
                error!(error.code = error.code, error.cause = error.causes(), "{}", error.detail);
            }
        }
    }
}
