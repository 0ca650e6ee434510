//! The promotions worker: it runs imports of codes in slices. It believes the rows of imports, and a message only says that one may have
//! work. The messages come from the function `uploads` and from the worker itself, not from the relay.

use aws_kit::{Aws, Queue, Table, consume};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use events::{Envelope, Event};
use promotions::CodeImportService;
use values::{Clock, Result};

/// What the handler shares.
#[derive(Debug, Clone)]
pub struct State {
    imports: CodeImportService,
    queue: Queue,
}

impl State {
    /// From the environment variables that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let queue = Queue::from_env(aws, "SOUK_QUEUE_PROMOTIONS", Clock::System)?;
        Ok(Self { imports: CodeImportService::from_env(aws)?, queue })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.imports.table()
    }
}

/// Handles a batch of the promotions' queue.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| one(state, envelope).await).await
}

async fn one(state: &State, envelope: Envelope) -> Result<()> {
    match &envelope.event {
        Event::ImportUploaded(job) => state.imports.advance(job.job_id, &envelope).await,
        _ => Ok(()),
    }
}
