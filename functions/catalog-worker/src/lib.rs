//! The catalog worker: it records deliveries, runs imports and exports in slices, and erases the reviews of closed
//! accounts. It logs the stock movements that no stream shows: of orders of the release before, and of orders that are
//! cancelled on a later day. It believes the rows of jobs and of accounts. For its logs of movements and deliveries, which
//! move no stock and no money, it believes the events of orders.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_kit::{Aws, Bucket, Queue, Table, consume, fault};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use catalog::{CatalogService, JobService};
use events::{Envelope, Event, OrderDelivered, Recipient};
use identity::AccountService;
use values::{Clock, JobId, ProductId, Result, UserId};

/// One slice of an erasure. The worker has 8 seconds for a message.
const SLICE: Duration = Duration::from_secs(5);

/// What the handler shares.
#[derive(Debug, Clone)]
pub struct State {
    products: CatalogService,
    jobs: JobService,
    accounts: AccountService,
    queue: Queue,
}

impl State {
    /// From the environment variables that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let queue = Queue::from_env(aws, "SOUK_QUEUE_CATALOG", Clock::System)?;
        let products = CatalogService::from_env(aws)?;
        let jobs = JobService::new(products.clone(), Bucket::from_env(aws)?);
        Ok(Self { products, jobs, accounts: AccountService::from_env(aws)?, queue })
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
        // Without pieces there is nothing to log here.
        Event::OrderCreated(order) => products.log_sale(order.order_id, &order.items, envelope.timestamp).await,
        Event::OrderCancelled(order) => products.log_return(order.order_id, &order.items, envelope.timestamp).await,
        Event::OrderDelivered(order) => record_deliveries(products, order).await,
        Event::ImportUploaded(job) | Event::ExportRequested(job) => advance(state, job.job_id, &envelope).await,
        Event::UserDeleted(deleted) => erase(state, deleted.user_id, &envelope).await,
        _ => Ok(()),
    }
}

/// Records what the customer of a delivered order received, which allows reviews. Guests have no account to review
/// with.
async fn record_deliveries(products: &CatalogService, order: &OrderDelivered) -> Result<()> {
    let Recipient::User(user) = order.recipient else { return Ok(()) };
    let product_ids: BTreeSet<ProductId> = order.items.iter().map(|pieces| pieces.product_id).collect();
    for product in product_ids {
        products.record_delivery(product, user, order.order_id).await?;
    }
    Ok(())
}

/// Runs a slice of an import or an export, and sends the event that continues it.
async fn advance(state: &State, job: JobId, envelope: &Envelope) -> Result<()> {
    match state.jobs.advance(job, envelope).await? {
        Some((event, at)) => state.queue.send_later(&event, at).await,
        None => Ok(()),
    }
}

/// Erases an account's reviews for some seconds, and sends the event that continues. At the end it checks once more
/// later.
async fn erase(state: &State, user: UserId, envelope: &Envelope) -> Result<()> {
    if !state.accounts.was_closed(user, envelope).await? {
        return Ok(());
    }
    let (until, now, trace) = (Instant::now() + SLICE, Clock::System.now(), envelope.trace("catalog-worker"));
    while state.products.erase(user, &trace).await? {
        fault::point("erasure.reviews_erased");
        if Instant::now() >= until {
            return state.queue.send_later(envelope, now).await;
        }
    }
    match envelope.second_erasure_at(now) {
        Some(at) => state.queue.send_later(envelope, at).await,
        None => Ok(()),
    }
}
