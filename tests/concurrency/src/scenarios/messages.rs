//! Queues as SQS does not promise otherwise: every message twice, some of them once more much later, in any order.

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
    let urls: Vec<String> = run.site.stack.queues.values().cloned().collect();
    for round in 0..ROUNDS {
        // While one waits, the others go on, and what comes of that gathers in it.
        let held = if round % 2 == 0 { &urls[..] } else { std::slice::from_ref(&urls[random.usize(0..urls.len())]) };
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
    run.recorder.notes(format!("all {} messages came once more", seen.len()));
}

/// Does something while no queue hands out messages.
fn stopped<'a>(run: &'a Run, urls: &'a [String], work: LocalBoxFuture<'a, ()>) -> LocalBoxFuture<'a, ()> {
    match urls.split_first() {
        None => work,
        Some((url, others)) => run.shop.functions.while_stopped(url, stopped(run, others, work)).boxed_local(),
    }
}
