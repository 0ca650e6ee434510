//! Follows the catalog: each batch of its queue becomes one version of the search index. The queue is FIFO with one group, so
//! there is one indexer at a time. Called by hand with `{"task": "rebuild"}` it has the index made anew, in its turn.

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use aws_kit::{Aws, OwnQueue, Table};
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use search::{Turn, Upkeep, own_folder};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tracing::{error, info, warn};
use values::{Clock, ProductId, Result};

/// Where the index's files lie, below the one folder of a Lambda that can be written.
const FOLDER: &str = "/tmp/indexer";
/// The queue's one group.
const GROUP: &str = "index";
/// A batch that failed comes again after a second, doubled with every receive, and not more than this.
const LONGEST_PAUSE_SECONDS: i32 = 300;

/// What the handler holds.
pub struct State {
    upkeep: Mutex<Upkeep>,
    table: Table,
    queue: OwnQueue,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let upkeep = Upkeep::from_env(aws, &own_folder(Path::new(FOLDER))?)?;
        let table = upkeep.catalog().table().clone();
        let queue = OwnQueue::from_env(aws, "SOUK_QUEUE_SEARCH", Clock::System)?;
        Ok(Self { upkeep: Mutex::new(upkeep), table, queue })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> Table {
        self.table.clone()
    }
}

/// What it is called with.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Call {
    /// By an operator.
    Task(Task),
    /// By its queue.
    Batch(SqsEvent),
}

/// What an operator may want.
#[derive(Debug, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Task {
    /// The whole index, made anew from the catalog's table.
    Rebuild,
}

/// What it answers with.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To an operator: it is in the queue, behind what is there already.
    Queued {
        /// What is.
        queued: &'static str,
    },
    /// To the queue: what has to come again.
    Batch(SqsBatchResponse),
}

/// Handles a batch of the queue, or a task.
pub async fn handle(state: &State, call: Call) -> Result<Answer, lambda_runtime::Error> {
    match call {
        Call::Task(Task::Rebuild) => {
            // By way of the queue: there is one writer, and its turn comes.
            state.queue.send_in_order(r#"{"rebuild":true}"#, GROUP).await?;
            Ok(Answer::Queued { queued: "rebuild" })
        }
        Call::Batch(batch) => Ok(Answer::Batch(consume(state, batch).await)),
    }
}

/// A message of the queue: what has changed, or that everything is to be looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    events: Vec<Told>,
    rebuild: bool,
}

/// Of an event, all that matters here: which product it is about. What the product is now stands in the table, so neither the
/// kind of event nor its order counts.
#[derive(Debug, Deserialize)]
struct Told {
    data: About,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    product_id: Option<ProductId>,
}

/// What a batch asks for.
#[derive(Debug, Default)]
struct Wanted {
    /// Each once.
    products: Vec<ProductId>,
    rebuild: bool,
    /// Messages that say nothing that can be understood.
    unread: Vec<String>,
}

fn wanted(records: &[SqsMessage]) -> Wanted {
    let (mut wanted, mut seen) = (Wanted::default(), HashSet::new());
    for record in records {
        match serde_json::from_str::<Message>(record.body.as_deref().unwrap_or_default()) {
            Ok(message) => {
                wanted.rebuild |= message.rebuild;
                let products = message.events.into_iter().filter_map(|event| event.data.product_id);
                wanted.products.extend(products.filter(|product| seen.insert(*product)));
            }
            Err(cause) => {
                let id = record.message_id.clone().unwrap_or_default();
                error!(message.id = id, error = %cause, "this message is none for the index; it will end in the dead-letter queue");
                wanted.unread.push(id);
            }
        }
    }
    wanted
}

/// All messages of a batch together, in one version: all of them are done, or all come again.
async fn consume(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    let (started, wanted) = (Instant::now(), wanted(&batch.records));
    let failed = match turn(state, &wanted).await {
        Ok(turn) => {
            let Turn { version, put, removed } = turn.unwrap_or_default();
            let duration_ms = started.elapsed().as_secs_f64() * 1e3;
            info!(
                messages = batch.records.len(),
                index.version = version,
                index.put = put,
                index.removed = removed,
                duration_ms,
                "indexed"
            );
            wanted.unread
        }
        Err(cause) => {
            error!(
                error.code = cause.code,
                error.cause = cause.causes(),
                "not indexed, it will come again: {}",
                cause.detail
            );
            batch.records.iter().filter_map(|record| record.message_id.clone()).collect()
        }
    };
    let is_failed = |record: &&SqsMessage| record.message_id.as_ref().is_some_and(|id| failed.contains(id));
    release(state, batch.records.iter().filter(is_failed)).await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}

async fn turn(state: &State, wanted: &Wanted) -> Result<Option<Turn>> {
    let mut upkeep = state.upkeep.lock().await;
    match wanted {
        Wanted { rebuild: true, products, .. } => upkeep.rebuild(products).await.map(Some),
        Wanted { products, .. } if products.is_empty() => Ok(None),
        Wanted { products, .. } => upkeep.follow(products).await.map(Some),
    }
}

/// Has messages come again soon: a message of the group that is under way holds all others back, and its visibility is as long
/// as a rebuild may take.
async fn release<'a>(state: &State, records: impl Iterator<Item = &'a SqsMessage>) {
    for record in records {
        let receives =
            record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
        let Some(receipt) = &record.receipt_handle else { continue };
        if let Err(cause) = state.queue.release(receipt, pause(receives)).await {
            warn!(error.cause = cause.causes(), "it comes again when its visibility ends");
        }
    }
}

fn pause(receives: u32) -> i32 {
    (1i32 << receives.saturating_sub(1).min(16)).min(LONGEST_PAUSE_SECONDS)
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
    fn a_batch_names_each_product_once_whatever_became_of_it() {
        let (mug, tray): (ProductId, ProductId) = (Clock::System.mint(), Clock::System.mint());
        let event = |kind: &str, product: &ProductId| json!({ "eventType": kind, "data": { "productId": product, "sku": "A" } });
        let wanted = wanted(&records(&[
            json!({ "events": [event("product.created", &mug), event("stock.changed", &mug)] }),
            json!({ "events": [event("a kind of tomorrow", &tray), event("review.posted", &mug)] }),
            json!({ "events": [{ "eventType": "order.created", "data": { "orderId": "ord_x" } }] }),
        ]));
        assert_eq!(wanted.products, [mug, tray]);
        assert!(!wanted.rebuild && wanted.unread.is_empty());
    }

    #[test]
    fn a_rebuild_is_a_message_like_others_and_nonsense_is_refused_by_itself() {
        let wanted = wanted(&records(&[json!({ "rebuild": true }), json!("nonsense"), json!({ "events": [{}] })]));
        assert!(wanted.rebuild);
        assert_eq!(wanted.unread, ["1", "2"]);
    }

    #[test]
    fn it_is_called_by_its_queue_or_by_an_operator() {
        let call = |event: serde_json::Value| serde_json::from_value::<Call>(event);
        assert!(matches!(call(json!({ "task": "rebuild" })).unwrap(), Call::Task(Task::Rebuild)));
        assert!(matches!(call(json!({ "Records": [] })).unwrap(), Call::Batch(_)));
        assert!(call(json!({ "task": "delete" })).is_err());
    }

    #[test]
    fn a_batch_that_fails_again_waits_longer() {
        assert_eq!([1, 2, 5, 9, 40].map(pause), [1, 2, 16, 256, 300]);
    }
}
