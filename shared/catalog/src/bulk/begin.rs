//! Use cases: start an import or an export.

use aws_kit::{Idempotency, Idempotent, Transaction, outbox_put};
use values::{Error, Result, Trace};

use crate::bulk::import::MAX_IMPORT_BYTES;
use crate::bulk::job::{Job, JobStatus, Work};
use crate::bulk::progress::{ExportProgress, ImportProgress};
use crate::{Format, JobService};

impl JobService {
    /// Starts an import. Its file must be uploaded next, with exactly `bytes` bytes if given. 422 `file_too_large`. 1
    /// round trip.
    pub async fn start_import(
        &self,
        format: Format,
        bytes: Option<u64>,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Job>> {
        if bytes.is_some_and(|bytes| !(1..=MAX_IMPORT_BYTES).contains(&bytes)) {
            let message = format!("must be from 1 to {MAX_IMPORT_BYTES} (200 MB)");
            return Err(Error::invalid("bytes", "file_too_large", message));
        }
        let work = Work::Import(ImportProgress::announced(bytes));
        self.start(format, work, trace, idempotency).await
    }

    /// Starts an export. 1 round trip.
    pub async fn start_export(
        &self,
        format: Format,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Job>> {
        self.start(format, Work::Export(ExportProgress::default()), trace, idempotency).await
    }

    async fn start(
        &self,
        format: Format,
        work: Work,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Job>> {
        let (id, now) = (self.products.clock.mint(), self.products.clock.now());
        let job = Job::new(id, format, work, trace.actor.clone(), now);
        let mut writes = Transaction::new();
        writes.add(self.products.catalog.create_job(&job)?);
        if job.status == JobStatus::Queued {
            writes.add(outbox_put(self.products.catalog.table(), &self.announcement(&job, trace))?);
        }
        let result = self.products.commit(writes, job, idempotency).await.map_err(Error::from);
        self.products.or_earlier(result, idempotency).await
    }
}
