//! Simulates what connects the functions on AWS: the HTTP API, the streams, the queues and the clock. It records each
//! invocation. Each stream record and message is delivered at once and alone, as in a shop with little traffic. A busy
//! shop has larger batches and pays less.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::Value;

use crate::bench_resources::BenchResources;
use crate::events::{Request, insert_batch, modify_batch, sqs_batch};
use crate::function_fleet::{FunctionFleet, expect_success};
use crate::meter::{Call, Purpose, QueuedMessage};

/// An order causes about a dozen messages, so more than this is an endless loop.
const MAX_DELIVERIES: usize = 50;

/// The trigger of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Trigger {
    Http,
    Stream,
    Queue,
}

/// An invocation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvocationRecord {
    pub(crate) function: &'static str,
    /// The operation of the HTTP API, or the type of the event.
    pub(crate) operation: String,
    pub(crate) trigger: Trigger,
    pub(crate) wall_ms: f64,
    /// Only metered calls.
    pub(crate) calls: Vec<Call>,
    pub(crate) log_bytes: u64,
}

impl InvocationRecord {
    /// The number of AWS calls that are work.
    pub(crate) fn aws_calls(&self) -> usize {
        self.calls.iter().filter(|call| call.purpose == Purpose::Work).count()
    }
}

/// The invocations of an order so far, and its delayed messages.
#[derive(Debug, Default)]
pub(crate) struct OrderTrace {
    pub(crate) invocations: Vec<InvocationRecord>,
    delayed: Vec<QueuedMessage>,
}

/// The simulated triggers of all functions.
#[derive(Debug)]
pub(crate) struct TriggerSimulator<'a> {
    resources: &'a BenchResources,
    fleet: FunctionFleet,
    trace: OrderTrace,
    /// Messages that are ready to be received.
    ready: VecDeque<QueuedMessage>,
    /// Outbox rows that were already delivered, or that belong to other orders.
    known_rows: BTreeSet<String>,
    /// Offers by SKU, as the stream delivered them last.
    known_offers: BTreeMap<String, Value>,
}

impl<'a> TriggerSimulator<'a> {
    pub(crate) fn new(resources: &'a BenchResources, fleet: FunctionFleet) -> Self {
        let (ready, known_rows, known_offers) = (VecDeque::new(), BTreeSet::new(), BTreeMap::new());
        Self { resources, fleet, trace: OrderTrace::default(), ready, known_rows, known_offers }
    }

    /// Continues a trace or begins one. Ignores outbox rows of other orders.
    pub(crate) async fn open_trace(&mut self, trace: OrderTrace) -> Result<()> {
        self.trace = trace;
        self.ready.clear();
        self.new_rows().await?;
        self.changed_offers().await?;
        Ok(())
    }

    /// Returns the trace.
    pub(crate) fn close_trace(&mut self) -> OrderTrace {
        std::mem::take(&mut self.trace)
    }

    /// Sends a request through the HTTP API and returns the body of the response.
    pub(crate) async fn request(&mut self, function: &'static str, operation: &str, request: Request) -> Result<Value> {
        self.invoke(function, operation, Trigger::Http, request.event()).await
    }

    /// Delivers stream records and messages until only delayed messages are left.
    pub(crate) async fn run_until_idle(&mut self) -> Result<()> {
        for _ in 0..MAX_DELIVERIES {
            let rows = self.new_rows().await?;
            let offers = self.changed_offers().await?;
            let received = self.ready.pop_front();
            if rows.is_empty() && offers.is_empty() && received.is_none() {
                return Ok(());
            }
            let catalog = self.resources.table("SOUK_TABLE_CATALOG")?.to_owned();
            for (before, after) in offers {
                let change = modify_batch(&catalog, &before, &after);
                self.invoke("relay", "stock change", Trigger::Stream, change).await?;
            }
            for (table, row) in rows {
                let event = row["event"]["S"]
                    .as_str()
                    .context("an outbox row has no event; check the outbox format of aws-kit")?;
                self.invoke("relay", &event_type(event)?, Trigger::Stream, insert_batch(&table, &row)).await?;
            }
            if let Some(QueuedMessage { queue, body, .. }) = received {
                let consumer = self.resources.consumer(&queue);
                let consumer = consumer.with_context(|| format!("no function consumes {queue}"))?;
                self.invoke(consumer, &event_type(&body)?, Trigger::Queue, sqs_batch(&body)).await?;
            }
        }
        anyhow::bail!("the messages of one order do not end: {} invocations", self.trace.invocations.len())
    }

    /// Delivers the delayed messages and everything that follows from them.
    pub(crate) async fn deliver_delayed(&mut self) -> Result<()> {
        self.ready.extend(self.trace.delayed.drain(..));
        self.run_until_idle().await?;
        ensure!(self.trace.delayed.is_empty(), "a delayed message was sent again: the bench delivered it too early");
        Ok(())
    }

    async fn invoke(
        &mut self,
        function: &'static str,
        operation: &str,
        trigger: Trigger,
        event: Value,
    ) -> Result<Value> {
        let invocation = self.fleet.invoke(function, &event).await;
        let invocation = invocation.with_context(|| format!("{function} / {operation}"))?;
        for message in invocation.calls.iter().flat_map(|call| &call.messages) {
            match message.delay_seconds {
                0 => self.ready.push_back(message.clone()),
                _ => self.trace.delayed.push(message.clone()),
            }
        }
        let (wall_ms, calls, log_bytes) = (invocation.wall_ms, invocation.calls, invocation.log_bytes);
        self.trace.invocations.push(InvocationRecord {
            function,
            operation: operation.to_owned(),
            trigger,
            wall_ms,
            calls,
            log_bytes,
        });
        expect_success(function, operation, invocation.response)
    }

    /// Returns outbox rows that were not delivered yet.
    async fn new_rows(&mut self) -> Result<Vec<(String, Value)>> {
        let mut rows = Vec::new();
        for table in self.resources.outboxes()? {
            for row in self.resources.emulator.outbox(table).await? {
                if self.known_rows.insert(format!("{table} {} {}", row["pk"]["S"], row["sk"]["S"])) {
                    rows.push((table.to_owned(), row));
                }
            }
        }
        Ok(rows)
    }

    /// Returns offers that changed since the last call, before and after.
    async fn changed_offers(&mut self) -> Result<Vec<(Value, Value)>> {
        let mut changed = Vec::new();
        for after in self.resources.emulator.offers(self.resources.table("SOUK_TABLE_CATALOG")?).await? {
            let before = self.known_offers.insert(after["pk"]["S"].to_string(), after.clone());
            changed.extend(before.filter(|before| *before != after).map(|before| (before, after)));
        }
        Ok(changed)
    }
}

fn event_type(envelope: &str) -> Result<String> {
    let envelope: Value = serde_json::from_str(envelope)?;
    envelope["eventType"].as_str().map(str::to_owned).context("an event has no type")
}
