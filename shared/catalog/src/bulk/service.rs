//! The service of imports and exports.

use aws_kit::{Aws, Bucket, Transaction, outbox_put};
use events::{Envelope, Event, JobDue};
use values::{Result, Trace};

use crate::CatalogService;
use crate::bulk::job::Job;

/// The use cases of imports and exports. Clones are cheap.
#[derive(Debug, Clone)]
pub struct JobService {
    pub(crate) products: CatalogService,
    pub(crate) bucket: Bucket,
}

impl JobService {
    /// A service on the table and the bucket that the environment names.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(CatalogService::from_env(aws)?, Bucket::from_env(aws)?))
    }

    /// A service with a given catalog service and bucket.
    pub fn new(products: CatalogService, bucket: Bucket) -> Self {
        Self { products, bucket }
    }

    /// The writes of a queued job, together with the event that makes a worker continue it.
    pub(crate) fn queue_writes(&self, job: &Job, trace: &Trace) -> Result<Transaction> {
        let mut writes = Transaction::new();
        writes.add(self.products.catalog.put_job(job)?);
        writes.add(outbox_put(self.products.catalog.table(), &self.announcement(job, trace))?);
        Ok(writes)
    }

    /// Writes a job's next version. False after a concurrent update.
    pub(crate) async fn put(&self, job: &Job) -> Result<bool> {
        Ok(self.products.catalog.put_job(job)?.run().await?.is_ok())
    }

    pub(crate) fn announcement(&self, job: &Job, trace: &Trace) -> Envelope {
        let advanced = JobDue { job_id: job.id };
        let event = if job.is_import() { Event::ImportUploaded(advanced) } else { Event::ExportRequested(advanced) };
        Envelope::new(&self.products.clock, trace, job.id, job.state.version, event)
    }
}
