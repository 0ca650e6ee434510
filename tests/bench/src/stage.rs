//! Plays what stands between the functions on AWS: the HTTP API, the streams, the queues and the clock. Each invocation is
//! written down as an act. A stream record and a message are handed over as soon as they are there, each by itself: that is
//! what a quiet shop pays, and a busy one, whose batches are larger, pays less.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::Value;

use crate::company::{Company, done};
use crate::events::{Request, inserted, message, modified};
use crate::meter::{Call, Purpose, Sent};
use crate::world::World;

/// An order causes about a dozen messages; more than this is a circle.
const MOST_ROUNDS: usize = 50;

/// What makes Lambda invoke a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Trigger {
    Http,
    Stream,
    Queue,
}

/// One invocation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Act {
    pub(crate) function: &'static str,
    /// What a client asks for, or the type of an event.
    pub(crate) does: String,
    pub(crate) trigger: Trigger,
    pub(crate) wall_ms: f64,
    /// Those that were watched.
    pub(crate) calls: Vec<Call>,
    pub(crate) log_bytes: u64,
}

impl Act {
    /// Calls to AWS that are the work itself.
    pub(crate) fn aws_calls(&self) -> usize {
        self.calls.iter().filter(|call| call.purpose == Purpose::Work).count()
    }
}

/// What an order has been through so far, and what still waits for its time.
#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) acts: Vec<Act>,
    later: Vec<Sent>,
}

/// The stage.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    world: &'a World,
    company: Company,
    story: Story,
    /// Messages that can be received.
    waiting: VecDeque<Sent>,
    /// Outbox rows that the relay has had, or that belong to somebody else.
    known_rows: BTreeSet<String>,
    /// Offers as the stream has told of them last, by SKU.
    known_offers: BTreeMap<String, Value>,
}

impl<'a> Stage<'a> {
    pub(crate) fn of(world: &'a World, company: Company) -> Self {
        let (waiting, known_rows, known_offers) = (VecDeque::new(), BTreeSet::new(), BTreeMap::new());
        Self { world, company, story: Story::default(), waiting, known_rows, known_offers }
    }

    /// Goes on with a story, or begins one; what others have left in outboxes is none of it.
    pub(crate) async fn opens(&mut self, story: Story) -> Result<()> {
        self.story = story;
        self.waiting.clear();
        self.new_rows().await?;
        self.changed_offers().await?;
        Ok(())
    }

    /// The story so far.
    pub(crate) fn closes(&mut self) -> Story {
        std::mem::take(&mut self.story)
    }

    /// A request through the HTTP API; the answer's body.
    pub(crate) async fn asks(&mut self, function: &'static str, does: &str, request: Request) -> Result<Value> {
        self.invokes(function, does, Trigger::Http, request.event()).await
    }

    /// Streams and queues do their work, until nothing is on its way but what is delayed.
    pub(crate) async fn settles(&mut self) -> Result<()> {
        for _ in 0..MOST_ROUNDS {
            let rows = self.new_rows().await?;
            let offers = self.changed_offers().await?;
            let received = self.waiting.pop_front();
            if rows.is_empty() && offers.is_empty() && received.is_none() {
                return Ok(());
            }
            let catalog = self.world.table("SOUK_TABLE_CATALOG")?.to_owned();
            for (before, after) in offers {
                let change = modified(&catalog, &before, &after);
                self.invokes("relay", "an offer's stock", Trigger::Stream, change).await?;
            }
            for (table, row) in rows {
                let event =
                    row["event"]["S"].as_str().context("an outbox row without an event: has aws-kit changed?")?;
                self.invokes("relay", &event_type(event)?, Trigger::Stream, inserted(&table, &row)).await?;
            }
            if let Some(Sent { queue, body, .. }) = received {
                let consumer = self.world.consumer(&queue);
                let consumer = consumer.with_context(|| format!("nobody is known to consume {queue}"))?;
                self.invokes(consumer, &event_type(&body)?, Trigger::Queue, message(&body)).await?;
            }
        }
        anyhow::bail!("the messages of one order go round in circles: {} invocations", self.story.acts.len())
    }

    /// What was delayed comes, and has its consequences.
    pub(crate) async fn time_passes(&mut self) -> Result<()> {
        self.waiting.extend(self.story.later.drain(..));
        self.settles().await?;
        ensure!(self.story.later.is_empty(), "a delayed message has sent itself on: it came too early");
        Ok(())
    }

    async fn invokes(&mut self, function: &'static str, does: &str, trigger: Trigger, event: Value) -> Result<Value> {
        let visit = self.company.invoke(function, &event).await;
        let visit = visit.with_context(|| format!("{function} / {does}"))?;
        for sent in visit.calls.iter().flat_map(|call| &call.sent) {
            match sent.delay_seconds {
                0 => self.waiting.push_back(sent.clone()),
                _ => self.story.later.push(sent.clone()),
            }
        }
        let (wall_ms, calls, log_bytes) = (visit.wall_ms, visit.calls, visit.log_bytes);
        self.story.acts.push(Act { function, does: does.to_owned(), trigger, wall_ms, calls, log_bytes });
        done(function, does, visit.answer)
    }

    /// What the streams have not had yet.
    async fn new_rows(&mut self) -> Result<Vec<(String, Value)>> {
        let mut rows = Vec::new();
        for table in self.world.outboxes()? {
            for row in self.world.emulator.outbox(table).await? {
                if self.known_rows.insert(format!("{table} {} {}", row["pk"]["S"], row["sk"]["S"])) {
                    rows.push((table.to_owned(), row));
                }
            }
        }
        Ok(rows)
    }

    /// Offers that were changed since the last look, before and after.
    async fn changed_offers(&mut self) -> Result<Vec<(Value, Value)>> {
        let mut changed = Vec::new();
        for after in self.world.emulator.offers(self.world.table("SOUK_TABLE_CATALOG")?).await? {
            let before = self.known_offers.insert(after["pk"]["S"].to_string(), after.clone());
            changed.extend(before.filter(|before| *before != after).map(|before| (before, after)));
        }
        Ok(changed)
    }
}

fn event_type(envelope: &str) -> Result<String> {
    let envelope: Value = serde_json::from_str(envelope)?;
    envelope["eventType"].as_str().map(str::to_owned).context("an envelope without a type")
}
