//! Simulates what connects the functions on AWS: the HTTP API, the streams, the queues and the clock. The event source mappings of the
//! stack say which function a stream record or a message invokes. It records each invocation. Each stream record and message is
//! delivered at once and alone, as in a shop with little traffic. A busy shop has larger batches and pays less.

use std::collections::VecDeque;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::Value;

use crate::bench_resources::BenchResources;
use crate::events::{Request, event_type, sqs_batch};
use crate::function_fleet::{FunctionFleet, expect_success};
use crate::meter::{Call, Purpose, QueuedMessage};
use crate::row_writes::{RowWrite, row_writes};
use crate::streams::{Change, Streams};

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
    /// The operation of the HTTP API, the type of the event, or the changed row.
    pub(crate) operation: String,
    pub(crate) trigger: Trigger,
    pub(crate) wall_ms: f64,
    /// Only metered calls.
    pub(crate) calls: Vec<Call>,
    /// The rows that the metered calls wrote.
    pub(crate) writes: Vec<RowWrite>,
    pub(crate) log_bytes: u64,
}

impl InvocationRecord {
    /// The number of AWS calls that are work.
    pub(crate) fn aws_calls(&self) -> usize {
        self.work().count()
    }

    /// The write units of the calls that are work.
    pub(crate) fn write_units(&self) -> f64 {
        self.work().fold(0.0, |sum, call| sum + call.write_units)
    }

    fn work(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(|call| call.purpose == Purpose::Work)
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
    streams: Streams<'a>,
    /// Changes whose records are not delivered yet.
    changes: Vec<Change<'a>>,
}

impl<'a> TriggerSimulator<'a> {
    pub(crate) fn new(resources: &'a BenchResources, fleet: FunctionFleet) -> Self {
        let (trace, ready, streams) = (OrderTrace::default(), VecDeque::new(), Streams::new(resources));
        Self { resources, fleet, trace, ready, streams, changes: Vec::new() }
    }

    /// Continues a trace or begins one. Ignores what other orders have changed and sent.
    pub(crate) async fn open_trace(&mut self, trace: OrderTrace) -> Result<()> {
        self.trace = trace;
        self.ready.clear();
        self.changes.clear();
        self.streams.skip().await
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
            let (changes, received) = (std::mem::take(&mut self.changes), self.ready.pop_front());
            if changes.is_empty() && received.is_none() {
                return Ok(());
            }
            for change in changes {
                for delivery in change.deliveries(self.resources)? {
                    self.invoke(delivery.function, &delivery.operation, Trigger::Stream, delivery.batch).await?;
                }
            }
            if let Some(QueuedMessage { queue, body, .. }) = received {
                let consumer = self.resources.event_sources.consumer(&queue);
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
        let changes = self.streams.read().await?;
        let writes = row_writes(&invocation.calls, &changes);
        self.changes.extend(changes);
        let (wall_ms, calls, log_bytes) = (invocation.wall_ms, invocation.calls, invocation.log_bytes);
        self.trace.invocations.push(InvocationRecord {
            function,
            operation: operation.to_owned(),
            trigger,
            wall_ms,
            calls,
            writes,
            log_bytes,
        });
        expect_success(function, operation, invocation.response)
    }
}
