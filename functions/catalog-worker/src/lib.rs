//! What the catalog does behind the API: it keeps the log of what orders take from stock and give back, remembers who received
//! what, brings imports and exports on, and erases what closed accounts said, a slice at a time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_kit::{Aws, Bucket, Queue, Table, consume, fault};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use catalog::{CatalogService, JobService};
use events::{Envelope, Event, OrderDelivered, Recipient};
use values::{Clock, JobId, ProductId, Result, UserId};

/// A slice of an erasure; a worker has 8 seconds for a message.
const SLICE: Duration = Duration::from_secs(5);

/// What the handler holds.
#[derive(Debug, Clone)]
pub struct State {
    products: CatalogService,
    jobs: JobService,
    queue: Queue,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let queue = Queue::from_env(aws, "SOUK_QUEUE_CATALOG", Clock::System)?;
        let products = CatalogService::from_env(aws)?;
        let jobs = JobService::new(products.clone(), Bucket::from_env(aws)?);
        Ok(Self { products, jobs, queue })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.products.catalog().table()
    }
}

/// Handles a batch of the catalog's queue.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| one(state, envelope).await).await
}

async fn one(state: &State, envelope: Envelope) -> Result<()> {
    let products = &state.products;
    match &envelope.event {
        Event::OrderCreated(order) => products.log_sale(order.order_id, &order.items, envelope.timestamp).await,
        Event::OrderCancelled(order) => products.log_return(order.order_id, &order.items, envelope.timestamp).await,
        Event::OrderDelivered(order) => record_deliveries(products, order).await,
        Event::ImportUploaded(job) | Event::ExportRequested(job) => advance(state, job.job_id, &envelope).await,
        Event::UserDeleted(deleted) => erase(state, deleted.user_id, &envelope).await,
        _ => Ok(()),
    }
}

/// Whoever received something may review it; a guest has no account to do it with.
async fn record_deliveries(products: &CatalogService, order: &OrderDelivered) -> Result<()> {
    let Recipient::User(user) = order.recipient else { return Ok(()) };
    let product_ids: BTreeSet<ProductId> = order.items.iter().map(|pieces| pieces.product_id).collect();
    for product in product_ids {
        products.record_delivery(product, user, order.order_id).await?;
    }
    Ok(())
}

/// Works at an import or export for some seconds, and sees to it that it goes on.
async fn advance(state: &State, job: JobId, envelope: &Envelope) -> Result<()> {
    match state.jobs.advance(job, envelope).await? {
        Some((event, at)) => state.queue.send_later(&event, at).await,
        None => Ok(()),
    }
}

/// Erases an account's reviews for some seconds, and sees to it that it goes on, and that somebody looks once more.
async fn erase(state: &State, user: UserId, envelope: &Envelope) -> Result<()> {
    let (until, now, trace) = (Instant::now() + SLICE, Clock::System.now(), envelope.trace("catalog-worker"));
    while state.products.erase(user, &trace).await? {
        fault::point("erasure.reviews_erased");
        if Instant::now() >= until {
            return state.queue.send_later(envelope, now).await;
        }
    }
    match envelope.second_look(now) {
        Some(at) => state.queue.send_later(envelope, at).await,
        None => Ok(()),
    }
}
