//! What the tasks need: the services of the contexts, and the settings.

use aws_kit::{Aws, Outbox, Publisher, Settings, TokenTrust};
use catalog::CatalogService;
use events::Envelope;
use identity::AccountService;
use notifications::Claims;
use orders::OrderService;
use values::{Clock, Result};

use crate::report::Report;

/// Events that are published together.
const EVENTS_AT_ONCE: usize = 1000;

/// What the tasks need.
pub struct State {
    pub(crate) service: OrderService,
    pub(crate) catalog: CatalogService,
    pub(crate) accounts: AccountService,
    pub(crate) claims: Claims,
    pub(crate) trust: TokenTrust,
    pub(crate) publisher: Publisher,
    pub(crate) outboxes: Vec<Outbox>,
    pub(crate) clock: Clock,
    /// Whether an admin needs a second factor.
    pub(crate) requires_admin_mfa: bool,
    /// After this many seconds in its outbox an event counts as lost by its stream.
    pub(crate) outbox_grace_seconds: i64,
    /// After this many seconds without its worker a payment or refund counts as lost by its queue.
    pub(crate) unsettled_seconds: i64,
    /// After this many seconds without a mail a capture or a decline counts as lost by its stream.
    pub(crate) mail_grace_seconds: i64,
    /// How long an order holds its stock after its last change. It bounds which holds are read.
    pub(crate) hold_seconds: i64,
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
            claims: Claims::from_env(aws)?,
            trust: TokenTrust::from_env(aws)?,
            publisher: Publisher::from_env(aws, clock.clone())?,
            outboxes: Outbox::all(aws)?,
            clock,
            requires_admin_mfa: Settings.parsed("SOUK_REQUIRE_ADMIN_MFA")?,
            outbox_grace_seconds: Settings.parsed("SOUK_OUTBOX_GRACE_SECONDS")?,
            unsettled_seconds: Settings.parsed("SOUK_UNSETTLED_SECONDS")?,
            mail_grace_seconds: Settings.parsed("SOUK_MAIL_GRACE_SECONDS")?,
            hold_seconds: Settings.parsed("SOUK_HOLD_SECONDS")?,
        })
    }

    /// Publishes events that no outbox has. The next run of the task makes those again that were not published.
    pub(crate) async fn publish(&self, events: &[Envelope], report: &mut Report) -> Result<()> {
        for events in events.chunks(EVENTS_AT_ONCE) {
            let failed = self.publisher.publish(events).await?.len();
            report.add(Report { done: events.len() - failed, failed, texts: None });
        }
        Ok(())
    }
}
