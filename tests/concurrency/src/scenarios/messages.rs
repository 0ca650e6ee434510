//! Queues as SQS does not promise otherwise: every message twice, some of them once more much later, in any order.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use serde_json::Value;

use super::spree::Spree;
use crate::run::Run;

const ROUNDS: usize = 7;
/// While the queues are held back, so that there is something to shuffle.
const GATHERING: Duration = Duration::from_millis(1200);
/// While they flow.
const FLOWING: Duration = Duration::from_millis(1600);

/// People shop; one queue or all of them are stopped again and again, emptied, and filled with what was in them, twice and
/// shuffled. When all is over, everything comes once more.
pub(super) async fn play(run: &Run) {
    let spree = Spree::of(run, "messages buyer", 8).await;
    futures::join!(spree.begins(2), shuffles(run));
}

async fn shuffles(run: &Run) {
    let mut random = run.source("messages");
    let mut seen: Vec<(&String, Value)> = Vec::new();
    // A FIFO queue promises what is broken here.
    let queues = run.site.stack.queues.iter().filter(|(_, url)| !url.ends_with(".fifo"));
    let (orders, others): (Vec<_>, Vec<_>) = queues.partition(|(name, _)| *name == "orders");
    let urls: Vec<String> = orders.into_iter().chain(others).map(|(_, url)| url.clone()).collect();
    for round in 0..ROUNDS {
        // While one waits, the others go on, and what comes of that gathers in it: first what orders hear of their payments.
        let alone = (round / 2) % urls.len();
        let held = if round % 2 == 0 { std::slice::from_ref(&urls[alone]) } else { &urls[..] };
        let juggling = async {
            tokio::time::sleep(GATHERING).await;
            let mut taken = Vec::new();
            for url in held {
                taken.extend(run.emulator.drain(url).await.into_iter().map(|message| (url, message)));
            }
            let mut sent = [taken.clone(), taken.clone()].concat();
            // And what somebody believed to be over long ago.
            let late = seen.len().min(4);
            sent.extend((0..late).map(|_| seen[random.usize(0..seen.len())].clone()));
            random.shuffle(&mut sent);
            for (url, message) in &sent {
                run.emulator.put(url, message).await;
            }
            run.recorder.notes(format!("{} messages were taken, {} put back", taken.len(), sent.len()));
            seen.extend(taken);
        };
        stopped(run, held, juggling.boxed_local()).await;
        tokio::time::sleep(FLOWING).await;
    }
    tokio::time::sleep(FLOWING).await;
    random.shuffle(&mut seen);
    for (url, message) in &seen {
        run.emulator.put(url, message).await;
    }
    tokio::time::sleep(2 * FLOWING).await;
    // And the oldest word about everything last of all: whoever believes what comes last is wrong for good.
    let last = oldest(&seen);
    for (url, message) in &last {
        run.emulator.put(url, message).await;
    }
    run.recorder.notes(format!("all {} messages came once more, and then the {} oldest", seen.len(), last.len()));
}

/// Of each queue and subject the message with the lowest sequence.
fn oldest<'a>(seen: &[(&'a String, Value)]) -> Vec<(&'a String, Value)> {
    let mut oldest: BTreeMap<(&String, String), (u64, &Value)> = BTreeMap::new();
    for (url, message) in seen {
        let envelope: Value = serde_json::from_str(message["Body"].as_str().unwrap_or_default()).unwrap_or_default();
        let subject = envelope["subject"].as_str().unwrap_or_default().to_owned();
        let sequence = envelope["sequence"].as_u64().unwrap_or_default();
        let known = oldest.entry((url, subject)).or_insert((sequence, message));
        if sequence < known.0 {
            *known = (sequence, message);
        }
    }
    oldest.into_iter().map(|((url, _), (_, message))| (url, message.clone())).collect()
}

/// Does something while no queue hands out messages.
fn stopped<'a>(run: &'a Run, urls: &'a [String], work: LocalBoxFuture<'a, ()>) -> LocalBoxFuture<'a, ()> {
    match urls.split_first() {
        None => work,
        Some((url, others)) => run.shop.functions.while_stopped(url, stopped(run, others, work)).boxed_local(),
    }
}
