//! Keeps the search index up to date: each batch of the queue becomes one version of the index. The queue is FIFO with
//! one message group, so only one indexer runs at a time. An operator invokes it with `{"task": "rebuild"}` to queue a
//! rebuild. A schedule invokes it with `{"task": "check-index"}`, which builds an index of this release's format if there is none.

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use aws_kit::{Aws, Queue, Table};
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use search::{IndexRun, Indexer, process_folder};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tracing::{error, info, warn};
use values::{Clock, Error, Kind, ProductId, Result};

/// The folder of the index files. A Lambda function can write only below `/tmp`.
const FOLDER: &str = "/tmp/indexer";
/// The only message group of the queue.
const GROUP: &str = "index";
/// The longest delay before a failed batch is received again. The delay is one second at first and doubles with every
/// receive.
const MAX_DELAY_SECONDS: i32 = 300;
/// After this many receives a batch that fails by an internal error is given up. During an outage a batch may use all
/// receives of the queue, which last a day.
const MAX_RECEIVES: u32 = 5;

/// What the handler needs.
pub struct State {
    indexer: Mutex<Indexer>,
    table: Table,
    queue: Queue,
    dlq: Queue,
}

impl State {
    /// Builds the state from the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let indexer = Indexer::from_env(aws, &process_folder(Path::new(FOLDER))?)?;
        let table = indexer.catalog().table().clone();
        let queue = Queue::from_env(aws, "SOUK_QUEUE_SEARCH", Clock::System)?;
        let dlq = Queue::from_env(aws, "SOUK_DEAD_LETTERS_SEARCH", Clock::System)?;
        Ok(Self { indexer: Mutex::new(indexer), table, queue, dlq })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> Table {
        self.table.clone()
    }
}

/// The input of an invocation.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Input {
    /// From an operator or a schedule.
    Task(Task),
    /// From the queue.
    Batch(SqsEvent),
}

/// The tasks of operators and schedules.
#[derive(Debug, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Task {
    /// Rebuild the whole index from the catalog's table.
    Rebuild,
    /// Build the index if there is none of this release's format. After a deployment the first event would do it, too, but a
    /// quiet shop has no events.
    CheckIndex,
}

/// The output of an invocation.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Output {
    /// The task is in the queue, behind earlier messages.
    Queued {
        /// The name of the task.
        queued: &'static str,
    },
    /// There is nothing to do.
    Done {
        /// The name of the task.
        done: &'static str,
    },
    /// For the queue: the messages that failed.
    Batch(SqsBatchResponse),
}

/// Handles a batch of the queue, or a task.
pub async fn handle(state: &State, call: Input) -> Result<Output, lambda_runtime::Error> {
    match call {
        Input::Task(Task::Rebuild) => {
            // The queue keeps a single writer: the task runs after earlier messages.
            state.queue.send_in_order(r#"{"rebuild":true}"#, GROUP).await?;
            Ok(Output::Queued { queued: "rebuild" })
        }
        Input::Task(Task::CheckIndex) => {
            if !state.indexer.lock().await.is_index_missing().await? {
                return Ok(Output::Done { done: "check-index" });
            }
            // If it is sent twice, the second message finds the index that the first one has built.
            state.queue.send_in_order(r#"{"ensureIndex":true}"#, GROUP).await?;
            Ok(Output::Queued { queued: "check-index" })
        }
        Input::Batch(batch) => Ok(Output::Batch(consume(state, batch).await)),
    }
}

/// A message of the queue: changed products, or a request to build the index.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Message {
    events: Vec<EventBody>,
    rebuild: bool,
    /// Build the index if there is none.
    ensure_index: bool,
}

/// The part of an event that matters here: the product. The indexer reads the product from the table, so the type and
/// the order of events do not matter.
#[derive(Debug, Deserialize)]
struct EventBody {
    data: EventData,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventData {
    product_id: Option<ProductId>,
}

/// The work of a batch.
#[derive(Debug, Default)]
struct BatchWork<'a> {
    /// Without duplicates.
    products: Vec<ProductId>,
    rebuild: bool,
    ensure_index: bool,
    /// Messages that were parsed.
    parsed: Vec<&'a SqsMessage>,
    /// Messages that could not be parsed.
    unparsed: Vec<&'a SqsMessage>,
}

fn work_of(records: &[SqsMessage]) -> BatchWork<'_> {
    let (mut work, mut known) = (BatchWork::default(), HashSet::new());
    for record in records {
        match serde_json::from_str::<Message>(record.body.as_deref().unwrap_or_default()) {
            Ok(message) => {
                work.rebuild |= message.rebuild;
                work.ensure_index |= message.ensure_index;
                let products = message.events.into_iter().filter_map(|event| event.data.product_id);
                work.products.extend(products.filter(|product| known.insert(*product)));
                work.parsed.push(record);
            }
            Err(cause) => {
                error!(message.id = record.message_id, error = %cause, "message could not be parsed");
                work.unparsed.push(record);
            }
        }
    }
    work
}

/// Handles all messages of a batch in one version of the index: either all succeed or all are received again. The
/// exceptions are messages that cannot be parsed or that failed too often by an internal error. They would block the
/// message group and the index, so they go to the dead-letter queue.
async fn consume(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    let (started, work) = (Instant::now(), work_of(&batch.records));
    let run = run_indexer(state, &work).await;
    let BatchWork { parsed, unparsed: mut rejected, .. } = work;
    let mut retries = Vec::new();
    match run {
        Ok(run) => {
            let IndexRun { version, put_count, removed_count } = run.unwrap_or_default();
            let duration_ms = started.elapsed().as_secs_f64() * 1e3;
            info!(
                messages = batch.records.len(),
                index.version = version,
                index.put = put_count,
                index.removed = removed_count,
                duration_ms,
                "index updated"
            );
        }
        Err(cause) => {
            error!(error.code = cause.code, error.cause = cause.causes(), "index update failed: {}", cause.detail);
            let (over, others): (Vec<_>, Vec<_>) = parsed.into_iter().partition(|record| is_given_up(&cause, record));
            rejected.extend(over);
            retries = others;
        }
    }
    retries.extend(send_to_dlq(state, rejected).await);
    release(state, &retries).await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = retries
        .into_iter()
        .map(|record| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = record.message_id.clone().unwrap_or_default();
            failure
        })
        .collect();
    response
}

/// Tells whether the error is no outage and the message has had enough attempts.
fn is_given_up(cause: &Error, record: &SqsMessage) -> bool {
    !matches!(cause.kind, Kind::Unavailable(_)) && receives(record) >= MAX_RECEIVES
}

/// Sends messages to the dead-letter queue, which has an alarm. Returns those that could not be sent.
async fn send_to_dlq<'a>(state: &State, records: Vec<&'a SqsMessage>) -> Vec<&'a SqsMessage> {
    let mut unsent = Vec::new();
    for record in records {
        let sent = state.dlq.send_in_order(record.body.as_deref().unwrap_or_default(), GROUP).await;
        match sent {
            Ok(()) => error!(message.id = record.message_id, "message moved to the dead-letter queue"),
            Err(cause) => {
                warn!(
                    message.id = record.message_id,
                    error.cause = cause.causes(),
                    "could not move the message to the dead-letter queue; the queue delivers it again"
                );
                unsent.push(record);
            }
        }
    }
    unsent
}

async fn run_indexer(state: &State, work: &BatchWork<'_>) -> Result<Option<IndexRun>> {
    let mut indexer = state.indexer.lock().await;
    match work {
        BatchWork { rebuild: true, products, .. } => indexer.rebuild(products).await.map(Some),
        BatchWork { products, ensure_index: true, .. } if products.is_empty() => indexer.ensure_index().await,
        BatchWork { products, .. } if products.is_empty() => Ok(None),
        // An update builds the index, too, if there is none.
        BatchWork { products, .. } => indexer.update(products).await.map(Some),
    }
}

/// Makes messages visible again soon. A message in flight blocks its group, and its visibility timeout is as long as a
/// rebuild may take.
async fn release(state: &State, records: &[&SqsMessage]) {
    for record in records {
        let Some(receipt) = &record.receipt_handle else { continue };
        if let Err(cause) = state.queue.set_visibility(receipt, delay(receives(record))).await {
            warn!(
                error.cause = cause.causes(),
                "could not release the message; the queue delivers it again when its visibility timeout ends"
            );
        }
    }
}

fn receives(record: &SqsMessage) -> u32 {
    record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

fn delay(receives: u32) -> i32 {
    (1i32 << receives.saturating_sub(1).min(16)).min(MAX_DELAY_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn records(bodies: &[serde_json::Value]) -> Vec<SqsMessage> {
        let record = |(index, body): (usize, &serde_json::Value)| {
            let mut record = SqsMessage::default();
            record.message_id = Some(index.to_string());
            record.body = Some(body.to_string());
            record
        };
        bodies.iter().enumerate().map(record).collect()
    }

    #[test]
    fn batch_names_each_product_once() {
        let (mug, tray): (ProductId, ProductId) = (Clock::System.mint(), Clock::System.mint());
        let event = |kind: &str, product: &ProductId| json!({ "eventType": kind, "data": { "productId": product, "sku": "A" } });
        let records = records(&[
            json!({ "events": [event("product.created", &mug), event("stock.changed", &mug)] }),
            json!({ "events": [event("a kind of tomorrow", &tray), event("review.posted", &mug)] }),
            json!({ "events": [{ "eventType": "order.created", "data": { "orderId": "ord_x" } }] }),
        ]);
        let work = work_of(&records);
        assert_eq!(work.products, [mug, tray]);
        assert!(!work.rebuild && work.unparsed.is_empty());
        assert_eq!(work.parsed.len(), 3);
    }

    #[test]
    fn unparsable_message_does_not_affect_others() {
        let rebuild = json!({ "rebuild": true, "ensureIndex": true });
        let records = records(&[rebuild, json!("nonsense"), json!({ "events": [{}] })]);
        let work = work_of(&records);
        assert!(work.rebuild && work.ensure_index);
        let ids = |records: &[&SqsMessage]| {
            records.iter().map(|record| record.message_id.clone().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(
            (ids(&work.parsed), ids(&work.unparsed)),
            (vec!["0".to_owned()], vec!["1".to_owned(), "2".to_owned()])
        );
    }

    #[test]
    fn input_is_a_batch_or_a_task() {
        let call = |event: serde_json::Value| serde_json::from_value::<Input>(event);
        assert!(matches!(call(json!({ "task": "rebuild" })).unwrap(), Input::Task(Task::Rebuild)));
        assert!(matches!(call(json!({ "task": "check-index" })).unwrap(), Input::Task(Task::CheckIndex)));
        assert!(matches!(call(json!({ "Records": [] })).unwrap(), Input::Batch(_)));
        assert!(call(json!({ "task": "delete" })).is_err());
    }

    #[test]
    fn delay_doubles_up_to_its_maximum() {
        assert_eq!([1, 2, 5, 9, 40].map(delay), [1, 2, 16, 256, 300]);
    }

    #[test]
    fn internal_error_is_given_up_after_five_receives_and_an_outage_never() {
        let mut record = SqsMessage::default();
        let mut is_over_after = |cause: &Error, receives: u32| {
            record.attributes.insert("ApproximateReceiveCount".to_owned(), receives.to_string());
            is_given_up(cause, &record)
        };
        let outage = Error::unavailable("file store", "no answer");
        assert!(!is_over_after(&outage, 5) && !is_over_after(&outage, 299));
        let fault = Error::internal("a row that does not parsed");
        assert!(!is_over_after(&fault, 4) && is_over_after(&fault, 5));
    }

    #[test]
    fn receives_of_the_queue_last_a_day() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");
        let template = std::fs::read_to_string(path).unwrap();
        let queue = template.split("\n  SearchQueue:\n").nth(1).unwrap();
        let count = queue.split("maxReceiveCount: ").nth(1).unwrap();
        let receives: u32 = count.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
        // There is no delay after the last receive.
        let seconds: i32 = (1..receives).map(delay).sum();
        assert!((24 * 3600..25 * 3600).contains(&seconds), "{seconds} s");
    }
}
