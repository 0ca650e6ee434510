//! Messages in the order and number that SQS allows: each at least twice, some much later, in any order. Which messages of the
//! workload gather depends on chance, so one order comes first whose messages are repeated in every run, and so are its stream records:
//! of its placing, of its capture and of its sale. Those of its placing and its capture come once more at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::SOON;
use e2e::envelope::body_about_payment;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::workload::Workload;
use crate::buyers::{OrderRequest, PlacedOrder};
use crate::observed::OrderPaymentStatus;
use crate::run::Run;

const ROUNDS: usize = 7;
/// How long queues are stopped, so that messages gather.
const STOPPED_TIME: Duration = Duration::from_millis(1200);
/// How long queues are running.
const RUNNING_TIME: Duration = Duration::from_millis(1600);

/// A message, and the URL of its queue.
type Sent<'a> = (&'a String, Value);

/// A stream record, and the function that reads it.
type Record = (&'static str, Value);

/// While buyers order, one queue or all queues are stopped repeatedly. Their messages are sent again twice and shuffled. At the
/// end, all messages are sent once more.
pub(super) async fn play(run: &Run) {
    let (repeated, records) = repeat_one_order(run).await;
    let workload = Workload::prepare(run, "messages buyer", 8).await;
    futures::join!(workload.run(2), shuffle_queues(run, repeated));
    for record in &records {
        deliver(run, record, 1).await;
    }
}

/// An order is paid, and the records of its placing, of its capture and of its sale are delivered twice, and once by their streams. Then
/// comes what the release before would have sent about its authorisation, twice too. Returns the messages, and the records that say what
/// to do.
async fn repeat_one_order(run: &Run) -> (Vec<Sent<'_>>, [Record; 2]) {
    let product = run.create_product(10, 1500).await;
    let buyer = run.create_guest("repeated buyer").await;
    let functions = &run.shop.functions;
    let placing = async {
        let outcome = buyer.place_order(&OrderRequest::of_lines(&[(&product, 1)])).await;
        let order = PlacedOrder::of(&outcome);
        let order = order.unwrap_or_else(|| panic!("the repeated order was not placed: {outcome:?}"));
        let placed = ("payments-worker", run.shop.record_of_order(&e2e_order(&order)).await);
        deliver(run, &placed, 2).await;
        (order, placed)
    };
    let capture = async {
        let (order, placed) = functions.while_worker_stopped("payments-worker", placing).await;
        let payment = buyer.await_payment(&order, SOON, &["captured"]).await;
        assert!(payment.is_some(), "the repeated order {} was not paid", order.id);
        let captured = ("notifier", run.shop.record_of_payment(&e2e_order(&order)).await);
        deliver(run, &captured, 2).await;
        (order, [placed, captured])
    };
    let (order, records) = functions.while_worker_stopped("notifier", capture).await;
    for _ in 0..2 {
        run.shop.repeats_stock_record(&product.sku, -1).await;
    }
    (send_authorisation_twice(run, &order).await, records)
}

/// Delivers a record as its stream would.
async fn deliver(run: &Run, (reader, record): &Record, times: usize) {
    for _ in 0..times {
        run.shop.delivers_record(reader, record).await;
    }
    run.recorder.note(format!("a record delivered to {reader}, {times} times"));
}

fn e2e_order(order: &PlacedOrder) -> e2e::Order {
    e2e::Order(json!({ "id": order.id, "paymentId": order.payment }))
}

/// Tells the orders queue of the authorisation of a paid order, as the release before did. Today no event says it, because the
/// worker that authorises also confirms.
async fn send_authorisation_twice<'a>(run: &'a Run, order: &PlacedOrder) -> Vec<Sent<'a>> {
    let url = &run.test_stack.stack.queues["orders"];
    let state = run.observe().await;
    let found = state.order(&order.id).unwrap_or_else(|| panic!("the order {} does not exist", order.id));
    let authorised = found.steps.iter().find(|step| step.payment_status == OrderPaymentStatus::Authorized);
    let sequence = authorised.unwrap_or_else(|| panic!("{} was never authorised", order.id)).payment_sequence;
    let data = json!({
        "paymentId": order.payment, "orderId": order.id, "orderNumber": found.number, "recipient": found.buyer,
        "amount": found.row["total"], "lines": [],
    });
    let message = json!({ "Body": body_about_payment(&e2e_order(order), "payment.authorized", sequence, &data) });
    for _ in 0..2 {
        run.emulator.put(url, &message).await;
    }
    run.recorder.note(format!("payment.authorized of {} sent twice", order.id));
    vec![(url, message)]
}

async fn shuffle_queues<'a>(run: &'a Run, mut past_messages: Vec<Sent<'a>>) {
    let mut random = run.rng("messages");
    // A FIFO queue guarantees order and no duplicates, so it is left out.
    let queues = run.test_stack.stack.queues.iter().filter(|(_, url)| !url.ends_with(".fifo"));
    let (payments, others): (Vec<_>, Vec<_>) = queues.partition(|(name, _)| *name == "payments");
    let urls: Vec<String> = payments.into_iter().chain(others).map(|(_, url)| url.clone()).collect();
    for round in 0..ROUNDS {
        // While one queue is stopped, the others keep working, and messages gather in it. The payments queue, whose worker charges
        // and moves orders, is first.
        let index = (round / 2) % urls.len();
        let stopped_urls = if round % 2 == 0 { std::slice::from_ref(&urls[index]) } else { &urls[..] };
        let shuffle = async {
            tokio::time::sleep(STOPPED_TIME).await;
            let mut messages = Vec::new();
            for url in stopped_urls {
                messages.extend(run.emulator.drain(url).await.into_iter().map(|message| (url, message)));
            }
            let mut sent = [messages.clone(), messages.clone()].concat();
            // And up to four messages that were handled long ago.
            let late = past_messages.len().min(4);
            sent.extend((0..late).map(|_| past_messages[random.usize(0..past_messages.len())].clone()));
            random.shuffle(&mut sent);
            for (url, message) in &sent {
                run.emulator.put(url, message).await;
            }
            run.recorder.note(format!("{} messages received, {} sent", messages.len(), sent.len()));
            past_messages.extend(messages);
        };
        while_stopped(run, stopped_urls, shuffle.boxed_local()).await;
        tokio::time::sleep(RUNNING_TIME).await;
    }
    tokio::time::sleep(RUNNING_TIME).await;
    random.shuffle(&mut past_messages);
    for (url, message) in &past_messages {
        run.emulator.put(url, message).await;
    }
    tokio::time::sleep(2 * RUNNING_TIME).await;
    // The oldest message of each subject comes last, to find consumers that believe the latest message.
    let last = oldest_messages(&past_messages);
    for (url, message) in &last {
        run.emulator.put(url, message).await;
    }
    run.recorder.note(format!("all {} messages sent once more, then the {} oldest", past_messages.len(), last.len()));
}

/// The message with the lowest sequence for each queue and subject.
fn oldest_messages<'a>(past_messages: &[Sent<'a>]) -> Vec<Sent<'a>> {
    let mut oldest: BTreeMap<(&String, String), (u64, &Value)> = BTreeMap::new();
    for (url, message) in past_messages {
        let envelope = envelope(message);
        let subject = envelope["subject"].as_str().unwrap_or_default().to_owned();
        let sequence = envelope["sequence"].as_u64().unwrap_or_default();
        let entry = oldest.entry((url, subject)).or_insert((sequence, message));
        if sequence < entry.0 {
            *entry = (sequence, message);
        }
    }
    oldest.into_iter().map(|((url, _), (_, message))| (url, message.clone())).collect()
}

/// The event in a message.
fn envelope(message: &Value) -> Value {
    serde_json::from_str(message["Body"].as_str().unwrap_or_default()).unwrap_or_default()
}

/// Runs `work` while these queues deliver no messages.
fn while_stopped<'a>(run: &'a Run, urls: &'a [String], work: LocalBoxFuture<'a, ()>) -> LocalBoxFuture<'a, ()> {
    match urls.split_first() {
        None => work,
        Some((url, others)) => run.shop.functions.while_stopped(url, while_stopped(run, others, work)).boxed_local(),
    }
}
