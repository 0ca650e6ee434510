//! What has to happen by itself: ended holds, events that a stream lost, payments that a worker lost. And the one command of
//! operators, which has no API on purpose: giving a role to an account.

use aws_kit::{Aws, OUTBOX_SHARDS, Publisher, Settings, Table, TokenTrust, pending_events, remove_event};
use events::{Envelope, Event, PaymentRequested, RefundRequested};
use futures::future::join_all;
use identity::AccountService;
use orders::OrderService;
use payments::{Payment, Refund};
use serde::{Deserialize, Serialize};
use tracing::{Instrument, error, info, info_span};
use values::{Actor, Clock, Email, Result, Role, Timestamp, Trace};

/// What there is to do.
#[derive(Debug, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Task {
    /// Cancel pending orders whose hold ended; the net under the delayed messages.
    ExpireHolds,
    /// Publish events that still lie in an outbox; the net under the streams.
    RepublishOutbox,
    /// Wake the worker for payments and refunds that wait too long; the net under the queues.
    ReconcilePayments,
    /// Give an account a role. How a shop gets its first admin.
    GrantRole {
        /// The account's.
        email: Email,
        /// Which.
        role: Role,
    },
}

/// What was done.
#[derive(Debug, Serialize)]
pub struct Report {
    /// How many orders, events, payments or accounts were dealt with.
    pub done: usize,
    /// How many failed; they are in the log, and in the next run.
    pub failed: usize,
}

/// What the handler holds.
pub struct State {
    service: OrderService,
    accounts: AccountService,
    trust: TokenTrust,
    publisher: Publisher,
    clock: Clock,
    /// An event that has lain in its outbox for so many seconds was lost by its stream.
    forgotten_seconds: i64,
    /// A payment or refund that has waited for its worker for so many seconds was lost by its queue.
    unsettled_seconds: i64,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let clock = Clock::System;
        let service = OrderService::from_env(aws, clock.clone())?;
        Ok(Self {
            service,
            accounts: AccountService::from_env(aws)?,
            trust: TokenTrust::from_env(aws)?,
            publisher: Publisher::from_env(aws, clock.clone())?,
            clock,
            forgotten_seconds: Settings.parsed("SOUK_FORGOTTEN_SECONDS")?,
            unsettled_seconds: Settings.parsed("SOUK_UNSETTLED_SECONDS")?,
        })
    }

    fn outboxes(&self) -> [&Table; 4] {
        [
            self.accounts.table(),
            self.service.catalog.table(),
            self.service.orders.table(),
            self.service.payments.table(),
        ]
    }
}

/// Does one task. What fails for one order or event does not keep the others pending_events.
pub async fn handle(state: &State, task: Task, request_id: &str) -> Result<Report, lambda_runtime::Error> {
    let trace =
        Trace { correlation_id: request_id.to_owned(), causation_id: None, actor: Actor::system("housekeeping") };
    let span = info_span!("task", correlation.id = request_id);
    // Boxed: the futures of four tasks inside one another are deeper than the compiler follows.
    let report = Box::pin(perform(state, task, &trace)).instrument(span).await;
    Ok(report?)
}

async fn perform(state: &State, task: Task, trace: &Trace) -> Result<Report> {
    let report = match task {
        Task::ExpireHolds => expire_holds(state, trace).await,
        Task::RepublishOutbox => republish(state).await,
        Task::ReconcilePayments => reconcile(state, trace).await,
        Task::GrantRole { email, role } => {
            let granted = state.accounts.grant_role(&state.trust, &email, role, &trace.actor).await;
            granted.map(|_| Report { done: 1, failed: 0 })
        }
    };
    match &report {
        Ok(report) => info!(done = report.done, failed = report.failed, "housekept"),
        Err(error) => error!(error.code = error.code, error.cause = error.causes(), "{}", error.detail),
    }
    report
}

async fn expire_holds(state: &State, trace: &Trace) -> Result<Report> {
    let mut report = Report { done: 0, failed: 0 };
    for order in state.service.orders.list_expired_holds(state.clock.now()).await? {
        report.count(state.service.expire_hold(order.id, trace).await);
    }
    Ok(report)
}

async fn republish(state: &State) -> Result<Report> {
    let since = state.clock.now().plus_seconds(-state.forgotten_seconds);
    let mut report = Report { done: 0, failed: 0 };
    for table in state.outboxes() {
        for shard in join_all((0..OUTBOX_SHARDS).map(|shard| republish_shard(state, table, shard, since))).await {
            match shard {
                Ok(shard) => report.add(shard),
                Err(error) => report.count::<()>(Err(error)),
            }
        }
    }
    Ok(report)
}

async fn republish_shard(state: &State, table: &Table, shard: u8, since: Timestamp) -> Result<Report> {
    let mut report = Report { done: 0, failed: 0 };
    let mut events = Vec::new();
    for event in pending_events(table, shard, since).await? {
        match event {
            Ok(event) => events.push(event),
            Err(error) => report.count::<()>(Err(error)),
        }
    }
    let lost = state.publisher.publish(&events).await?;
    for event in events {
        match lost.contains(&event.event_id) {
            true => report.failed += 1,
            false => report.count(remove_event(table, &event).await),
        }
    }
    Ok(report)
}

async fn reconcile(state: &State, trace: &Trace) -> Result<Report> {
    let since = state.clock.now().plus_seconds(-state.unsettled_seconds);
    let payments = state.service.payments.list_unsettled(since).await?;
    let refunds = state.service.payments.list_unsettled_refunds(since).await?;
    // Without a sequence: they tell of no change, and are sent again by the next run (`Envelope::is_repeated`).
    let look = |payment: &Payment| {
        let asked = PaymentRequested { payment_id: payment.id, order_id: payment.order_id };
        Envelope::new(&state.clock, trace, payment.id, 0, Event::PaymentRequested(asked))
    };
    let give_back = |refund: &Refund| {
        let Refund { id: refund_id, payment_id, order_id, .. } = *refund;
        let asked = RefundRequested { refund_id, payment_id, order_id };
        Envelope::new(&state.clock, trace, refund_id, 0, Event::PaymentRefundRequested(asked))
    };
    let hints: Vec<Envelope> = payments.iter().map(look).chain(refunds.iter().map(give_back)).collect();
    let failed = state.publisher.publish(&hints).await?.len();
    Ok(Report { done: hints.len() - failed, failed })
}

impl Report {
    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.failed += other.failed;
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
