//! Follows the catalog: each batch of its queue becomes one version of the search index. The queue is FIFO with one group, so
//! there is one indexer at a time. Called by hand with `{"task": "rebuild"}` it has the index made anew, in its turn.

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use aws_kit::{Aws, Queue, Table};
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use search::{Turn, Upkeep, own_folder};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tracing::{error, info, warn};
use values::{Clock, Error, Kind, ProductId, Result};

/// Where the index's files lie, below the one folder of a Lambda that can be written.
const FOLDER: &str = "/tmp/indexer";
/// The queue's one group.
const GROUP: &str = "index";
/// A batch that failed comes again after a second, doubled with every receive, and not more than this.
const LONGEST_PAUSE_SECONDS: i32 = 300;
/// Receives of a batch that meets a fault of ours. An outage may last for as many as the queue gives, which is a day.
const TRIES: u32 = 5;

/// What the handler holds.
pub struct State {
    upkeep: Mutex<Upkeep>,
    table: Table,
    queue: Queue,
    dead_letters: Queue,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let upkeep = Upkeep::from_env(aws, &own_folder(Path::new(FOLDER))?)?;
        let table = upkeep.catalog().table().clone();
        let queue = Queue::from_env(aws, "SOUK_QUEUE_SEARCH", Clock::System)?;
        let dead_letters = Queue::from_env(aws, "SOUK_DEAD_LETTERS_SEARCH", Clock::System)?;
        Ok(Self { upkeep: Mutex::new(upkeep), table, queue, dead_letters })
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
struct Wanted<'a> {
    /// Each once.
    products: Vec<ProductId>,
    rebuild: bool,
    /// The messages that ask for it.
    read: Vec<&'a SqsMessage>,
    /// Messages that say nothing that can be understood.
    unread: Vec<&'a SqsMessage>,
}

fn wanted(records: &[SqsMessage]) -> Wanted<'_> {
    let (mut wanted, mut seen) = (Wanted::default(), HashSet::new());
    for record in records {
        match serde_json::from_str::<Message>(record.body.as_deref().unwrap_or_default()) {
            Ok(message) => {
                wanted.rebuild |= message.rebuild;
                let products = message.events.into_iter().filter_map(|event| event.data.product_id);
                wanted.products.extend(products.filter(|product| seen.insert(*product)));
                wanted.read.push(record);
            }
            Err(cause) => {
                error!(message.id = record.message_id, error = %cause, "this message is none for the index");
                wanted.unread.push(record);
            }
        }
    }
    wanted
}

/// All messages of a batch together, in one version: all of them are done, or all come again. But for those that nobody can
/// read, or that failed too often by a fault of ours: they would hold the whole group back, and the index with it.
async fn consume(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    let (started, wanted) = (Instant::now(), wanted(&batch.records));
    let turn = turn(state, &wanted).await;
    let Wanted { read, unread: mut given_up, .. } = wanted;
    let mut again = Vec::new();
    match turn {
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
        }
        Err(cause) => {
            error!(error.code = cause.code, error.cause = cause.causes(), "not indexed: {}", cause.detail);
            let (over, others): (Vec<_>, Vec<_>) = read.into_iter().partition(|record| is_over(&cause, record));
            given_up.extend(over);
            again = others;
        }
    }
    again.extend(give_up(state, given_up).await);
    release(state, &again).await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = again
        .into_iter()
        .map(|record| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = record.message_id.clone().unwrap_or_default();
            failure
        })
        .collect();
    response
}

/// What was wrong is no outage, and has been wrong for long enough.
fn is_over(cause: &Error, record: &SqsMessage) -> bool {
    !matches!(cause.kind, Kind::Unavailable(_)) && receives(record) >= TRIES
}

/// Sends messages to the dead-letter queue, which has an alarm; those that cannot be sent.
async fn give_up<'a>(state: &State, records: Vec<&'a SqsMessage>) -> Vec<&'a SqsMessage> {
    let mut left = Vec::new();
    for record in records {
        let sent = state.dead_letters.send_in_order(record.body.as_deref().unwrap_or_default(), GROUP).await;
        match sent {
            Ok(()) => error!(message.id = record.message_id, "it is in the dead-letter queue"),
            Err(cause) => {
                warn!(message.id = record.message_id, error.cause = cause.causes(), "it comes again");
                left.push(record);
            }
        }
    }
    left
}

async fn turn(state: &State, wanted: &Wanted<'_>) -> Result<Option<Turn>> {
    let mut upkeep = state.upkeep.lock().await;
    match wanted {
        Wanted { rebuild: true, products, .. } => upkeep.rebuild(products).await.map(Some),
        Wanted { products, .. } if products.is_empty() => Ok(None),
        Wanted { products, .. } => upkeep.follow(products).await.map(Some),
    }
}

/// Has messages come again soon: a message of the group that is under way holds all others back, and its visibility is as long
/// as a rebuild may take.
async fn release(state: &State, records: &[&SqsMessage]) {
    for record in records {
        let Some(receipt) = &record.receipt_handle else { continue };
        if let Err(cause) = state.queue.set_visibility(receipt, pause(receives(record))).await {
            warn!(error.cause = cause.causes(), "it comes again when its visibility ends");
        }
    }
}

fn receives(record: &SqsMessage) -> u32 {
    record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
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
        let records = records(&[
            json!({ "events": [event("product.created", &mug), event("stock.changed", &mug)] }),
            json!({ "events": [event("a kind of tomorrow", &tray), event("review.posted", &mug)] }),
            json!({ "events": [{ "eventType": "order.created", "data": { "orderId": "ord_x" } }] }),
        ]);
        let wanted = wanted(&records);
        assert_eq!(wanted.products, [mug, tray]);
        assert!(!wanted.rebuild && wanted.unread.is_empty());
        assert_eq!(wanted.read.len(), 3);
    }

    #[test]
    fn a_rebuild_is_a_message_like_others_and_nonsense_is_refused_by_itself() {
        let records = records(&[json!({ "rebuild": true }), json!("nonsense"), json!({ "events": [{}] })]);
        let wanted = wanted(&records);
        assert!(wanted.rebuild);
        let ids = |records: &[&SqsMessage]| {
            records.iter().map(|record| record.message_id.clone().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(
            (ids(&wanted.read), ids(&wanted.unread)),
            (vec!["0".to_owned()], vec!["1".to_owned(), "2".to_owned()])
        );
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

    #[test]
    fn an_outage_of_a_day_gives_nothing_up_and_a_fault_of_ours_is_tried_five_times() {
        let mut record = SqsMessage::default();
        let mut is_over_after = |cause: &Error, receives: u32| {
            record.attributes.insert("ApproximateReceiveCount".to_owned(), receives.to_string());
            is_over(cause, &record)
        };
        let outage = Error::unavailable("file store", "no answer");
        assert!(!is_over_after(&outage, 5) && !is_over_after(&outage, 299));
        let fault = Error::internal("a row that does not read");
        assert!(!is_over_after(&fault, 4) && is_over_after(&fault, 5));
    }

    #[test]
    fn the_queue_gives_a_batch_a_day() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");
        let template = std::fs::read_to_string(path).unwrap();
        let queue = template.split("\n  SearchQueue:\n").nth(1).unwrap();
        let count = queue.split("maxReceiveCount: ").nth(1).unwrap();
        let receives: u32 = count.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
        // After the last receive there is no pause.
        let seconds: i32 = (1..receives).map(pause).sum();
        assert!((24 * 3600..25 * 3600).contains(&seconds), "{seconds} s");
    }
}
