//! Queues as SQS does not promise otherwise: every message twice, some of them once more much later, in any order.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use serde_json::Value;

use super::workload::Workload;
use crate::run::Run;

const ROUNDS: usize = 7;
/// While the queues are held back, so that there is something to shuffle.
const STOPPED_TIME: Duration = Duration::from_millis(1200);
/// While they flow.
const RUNNING_TIME: Duration = Duration::from_millis(1600);

/// People shop; one queue or all of them are stopped again and again, emptied, and filled with what was in them, twice and
/// shuffled. When all is over, everything comes once more.
pub(super) async fn play(run: &Run) {
    let workload = Workload::prepare(run, "messages buyer", 8).await;
    futures::join!(workload.run(2), shuffle_queues(run));
}

async fn shuffle_queues(run: &Run) {
    let mut random = run.rng("messages");
    let mut past_messages: Vec<(&String, Value)> = Vec::new();
    // A FIFO queue promises what is broken here.
    let queues = run.test_stack.stack.queues.iter().filter(|(_, url)| !url.ends_with(".fifo"));
    let (orders, others): (Vec<_>, Vec<_>) = queues.partition(|(name, _)| *name == "orders");
    let urls: Vec<String> = orders.into_iter().chain(others).map(|(_, url)| url.clone()).collect();
    for round in 0..ROUNDS {
        // While one waits, the others go on, and what comes of that gathers in it: first what orders hear of their payments.
        let index = (round / 2) % urls.len();
        let stopped_urls = if round % 2 == 0 { std::slice::from_ref(&urls[index]) } else { &urls[..] };
        let shuffle = async {
            tokio::time::sleep(STOPPED_TIME).await;
            let mut messages = Vec::new();
            for url in stopped_urls {
                messages.extend(run.emulator.drain(url).await.into_iter().map(|message| (url, message)));
            }
            let mut sent = [messages.clone(), messages.clone()].concat();
            // And what somebody believed to be over long ago.
            let late = past_messages.len().min(4);
            sent.extend((0..late).map(|_| past_messages[random.usize(0..past_messages.len())].clone()));
            random.shuffle(&mut sent);
            for (url, message) in &sent {
                run.emulator.put(url, message).await;
            }
            run.recorder.note(format!("{} messages were taken, {} put back", messages.len(), sent.len()));
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
    // And the oldest word about everything last of all: whoever believes what comes last is wrong for good.
    let last = oldest_messages(&past_messages);
    for (url, message) in &last {
        run.emulator.put(url, message).await;
    }
    run.recorder.note(format!(
        "all {} messages came once more, and then the {} oldest",
        past_messages.len(),
        last.len()
    ));
}

/// Of each queue and subject the message with the lowest sequence.
fn oldest_messages<'a>(past_messages: &[(&'a String, Value)]) -> Vec<(&'a String, Value)> {
    let mut oldest: BTreeMap<(&String, String), (u64, &Value)> = BTreeMap::new();
    for (url, message) in past_messages {
        let envelope: Value = serde_json::from_str(message["Body"].as_str().unwrap_or_default()).unwrap_or_default();
        let subject = envelope["subject"].as_str().unwrap_or_default().to_owned();
        let sequence = envelope["sequence"].as_u64().unwrap_or_default();
        let entry = oldest.entry((url, subject)).or_insert((sequence, message));
        if sequence < entry.0 {
            *entry = (sequence, message);
        }
    }
    oldest.into_iter().map(|((url, _), (_, message))| (url, message.clone())).collect()
}

/// Does something while no queue hands out messages.
fn while_stopped<'a>(run: &'a Run, urls: &'a [String], work: LocalBoxFuture<'a, ()>) -> LocalBoxFuture<'a, ()> {
    match urls.split_first() {
        None => work,
        Some((url, others)) => run.shop.functions.while_stopped(url, while_stopped(run, others, work)).boxed_local(),
    }
}
