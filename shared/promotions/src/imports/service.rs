//! The service of imports of codes.

use aws_kit::{Aws, Bucket, Queue, Table};
use events::{Envelope, Event, JobDue};
use values::{Clock, Result, Trace};

use crate::imports::code_import::CodeImport;
use crate::service::PromotionService;

/// The use cases of imports of codes. Clones are cheap.
#[derive(Debug, Clone)]
pub struct CodeImportService {
    pub(crate) promotions: PromotionService,
    pub(crate) bucket: Bucket,
    /// The queue of the worker that runs the imports.
    pub(crate) queue: Queue,
}

impl CodeImportService {
    /// A service on the table, the bucket and the queue that the environment names: `SOUK_TABLE_PROMOTIONS`, `SOUK_BUCKET` and
    /// `SOUK_QUEUE_PROMOTIONS`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let queue = Queue::from_env(aws, "SOUK_QUEUE_PROMOTIONS", Clock::System)?;
        Ok(Self { promotions: PromotionService::from_env(aws)?, bucket: Bucket::from_env(aws)?, queue })
    }

    /// The table, for example to open its connection early.
    pub fn table(&self) -> &Table {
        self.promotions.promotions.table()
    }

    /// Writes the next version of an import. False after a concurrent update.
    pub(crate) async fn put(&self, job: &CodeImport) -> Result<bool> {
        Ok(self.promotions.promotions.put_import(job)?.run().await?.is_ok())
    }

    /// Sends the message that makes the worker continue an import. It is only a hint, and the worker believes the row. So it needs no
    /// outbox: if it is lost before the import begins, S3 reports the upload again, and a reader of a stuck import sends it again.
    pub(crate) async fn announce(&self, job: &CodeImport, trace: &Trace) -> Result<()> {
        let (clock, event) = (&self.promotions.clock, Event::ImportUploaded(JobDue { job_id: job.id }));
        let message = Envelope::new(clock, trace, job.id, job.state.version, event);
        self.queue.send_later(&message, clock.now()).await
    }
}
