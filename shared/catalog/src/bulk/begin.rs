//! Use cases: start an import or an export.

use aws_kit::{Changes, ConditionFailures, Idempotency, Idempotent, Transaction, outbox_put};
use values::{Error, JobStatus, Result, Trace};

use crate::bulk::import::MAX_IMPORT_BYTES;
use crate::bulk::job::{Job, Work};
use crate::bulk::progress::{ExportProgress, ImportProgress};
use crate::{Format, JobService};
use tabular::{Delimiter, Dialect};

impl JobService {
    /// Starts an import. Its file must be uploaded next, with exactly `bytes` bytes if given. Without a `delimiter`, the header line
    /// of a CSV file shows it. 422 `file_too_large` or `not_csv`. 1 round trip.
    pub async fn start_import(
        &self,
        format: Format,
        bytes: Option<u64>,
        delimiter: Option<Delimiter>,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Job>> {
        if bytes.is_some_and(|bytes| !(1..=MAX_IMPORT_BYTES).contains(&bytes)) {
            let message = format!("must be from 1 to {MAX_IMPORT_BYTES} (200 MB)");
            return Err(Error::invalid("bytes", "file_too_large", message));
        }
        check_csv("delimiter", delimiter.is_some(), format)?;
        let work = Work::Import(ImportProgress::announced(bytes, delimiter));
        self.start(format, work, trace, idempotency).await
    }

    /// Starts an export. 422 `not_csv`. 1 round trip.
    pub async fn start_export(
        &self,
        format: Format,
        dialect: Dialect,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Job>> {
        check_csv("excel", dialect == Dialect::Excel, format)?;
        let work = Work::Export(ExportProgress { dialect, ..ExportProgress::default() });
        self.start(format, work, trace, idempotency).await
    }

    async fn start(
        &self,
        format: Format,
        work: Work,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Job>> {
        let products = &self.products;
        let work = &work;
        let decide = |_: Option<ConditionFailures>| async move {
            let (id, now) = (products.clock.mint(), products.clock.now());
            let job = Job::new(id, format, work.clone(), trace.actor.clone(), now);
            let mut writes = Transaction::new();
            writes.add(products.catalog.create_job(&job)?);
            if job.state.status == JobStatus::Queued {
                writes.add(outbox_put(products.catalog.table(), &self.announcement(&job, trace))?);
            }
            Ok(Changes::new(writes, job).into())
        };
        products.write().run_idempotent(idempotency, decide).await
    }
}

/// Refuses a field of CSV with another format.
fn check_csv(field: &str, is_sent: bool, format: Format) -> Result<()> {
    match !is_sent || format == Format::Csv {
        true => Ok(()),
        false => Err(Error::invalid(field, "not_csv", "is for the format `csv` only; leave it out")),
    }
}
