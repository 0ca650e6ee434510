//! What people may ask of those who hold something of them: a file with all of it, and that it be erased. The one function that
//! reads all contexts; it writes identity, carts and the folder of personal files, a slice at a time.

mod document;
mod erase;
mod export;
mod progress;

use aws_kit::{Aws, Bucket, Queue, Table, consume};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cart::Carts;
use catalog::CatalogService;
use events::{Envelope, Event};
use identity::Accounts;
use orders::Orders;
use payments::Payments;
use values::{Clock, Result};

/// What the handler holds.
#[derive(Debug, Clone)]
pub struct State {
    accounts: Accounts,
    orders: Orders,
    payments: Payments,
    products: CatalogService,
    carts: Carts,
    files: Bucket,
    queue: Queue,
    clock: Clock,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let clock = Clock::System;
        Ok(Self {
            accounts: Accounts::from_env(aws)?,
            orders: Orders::from_env(aws, clock.clone())?,
            payments: Payments::from_env(aws, clock.clone())?,
            products: CatalogService::from_env(aws)?,
            carts: Carts::from_env(aws)?,
            files: Bucket::from_env(aws)?,
            queue: Queue::from_env(aws, "SOUK_QUEUE_PRIVACY", clock.clone())?,
            clock,
        })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.accounts.table()
    }
}

/// Handles a batch of the queue `privacy`.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| one(state, envelope).await).await
}

/// Works at it for some seconds, and sees to it that it goes on.
async fn one(state: &State, envelope: Envelope) -> Result<()> {
    let next = match &envelope.event {
        Event::UserExportRequested(asked) => export::export(state, asked, &envelope).await?,
        Event::UserDeleted(deleted) => erase::erase(state, deleted.user_id, &envelope).await?,
        _ => None,
    };
    match next {
        Some(at) => state.queue.send_later(&envelope, at).await,
        None => Ok(()),
    }
}
