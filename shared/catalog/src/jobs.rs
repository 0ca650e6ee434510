//! Imports and exports as admins use them and as the worker brings them on.

use std::time::{Duration, Instant};

use aws_kit::{
    Aws, Bucket, CommitError, Idempotency, Idempotent, MultipartUpload, PresignedUrl, Transaction, fault, outbox_put,
};
use events::{Envelope, Event, JobDue};
use tokio::time::timeout;
use values::{Error, JobId, Result, Timestamp, Trace};

use crate::export::{Exporting, export, export_key};
use crate::import::{Importing, MOST_IMPORT_BYTES, Slice, report_key, upload_key};
use crate::job::{Claim, Counts, Job, JobStatus, Work};
use crate::{Format, Products};

/// Whoever uploads has an hour to begin.
const UPLOAD_SECONDS: u64 = 3600;
/// Whoever downloads has a quarter of one.
const DOWNLOAD_SECONDS: u64 = 900;
/// A slice; a worker has 8 seconds for a message.
const SLICE: Duration = Duration::from_secs(5);
/// What was begun in it may take a little longer.
const LONGEST_SLICE: Duration = Duration::from_secs(7);
/// A job that did not move for so long is announced once more to whoever looks at it.
const STUCK_SECONDS: i64 = 120;
/// Attempts to write what others write too.
const LOOKS: u32 = 4;

/// The use cases of imports and exports. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Jobs {
    products: Products,
    files: Bucket,
}

impl Jobs {
    /// The table and the bucket that the environment names.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(Products::from_env(aws)?, Bucket::from_env(aws)?))
    }

    /// Those products and files.
    pub fn new(products: Products, files: Bucket) -> Self {
        Self { products, files }
    }

    /// Begins an import: its file is to be uploaded, of exactly `bytes` if that is told. 422 `file_too_large`. 1 round trip.
    pub async fn begin_import(
        &self,
        format: Format,
        bytes: Option<u64>,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Job>> {
        if bytes.is_some_and(|bytes| !(1..=MOST_IMPORT_BYTES).contains(&bytes)) {
            let message = format!("must be from 1 to {MOST_IMPORT_BYTES}, which is 200 MB");
            return Err(Error::invalid("bytes", "file_too_large", message));
        }
        let work = Work::Import(Importing::announced(bytes));
        self.begin(format, work, trace, idempotency).await
    }

    /// Begins an export. 1 round trip.
    pub async fn begin_export(
        &self,
        format: Format,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Job>> {
        self.begin(format, Work::Export(Exporting::default()), trace, idempotency).await
    }

    async fn begin(
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
        let tried = self.products.commit(writes, job, idempotency).await.map_err(Error::from);
        self.products.or_earlier(tried, idempotency).await
    }

    /// An import or an export, as it is now. One that should have moved and did not is announced once more. 1 round trip, 2 then.
    pub async fn read(&self, id: JobId, trace: &Trace) -> Result<Job> {
        let job = self.products.catalog.job(id).await?.ok_or_else(|| Error::not_found("job"))?;
        let now = self.products.clock.now();
        if job.status == JobStatus::Waiting || !job.is_stuck(now, STUCK_SECONDS) {
            return Ok(job);
        }
        let again = job.queued(now);
        // Whoever was faster has seen to it.
        Ok(if self.announce(&again, trace).await? { again } else { job })
    }

    /// The file of an import is there: its turn comes. A second word about it changes nothing. 2 round trips.
    pub async fn uploaded(&self, id: JobId, trace: &Trace) -> Result<()> {
        for _ in 0..LOOKS {
            let job = self.products.catalog.job(id).await?;
            let Some(job) = job.filter(|job| job.is_import() && job.status == JobStatus::Waiting) else {
                return Ok(());
            };
            if self.announce(&job.queued(self.products.clock.now()), trace).await? {
                return Ok(());
            }
        }
        Err(Error::unavailable("job", "it was changed again and again"))
    }

    /// Writes a job with the event that brings it on; false: somebody else has written it.
    async fn announce(&self, job: &Job, trace: &Trace) -> Result<bool> {
        let mut writes = Transaction::new();
        writes.add(self.products.catalog.put_job(job)?);
        writes.add(outbox_put(self.products.catalog.table(), &self.announcement(job, trace))?);
        match writes.commit().await {
            Ok(()) => Ok(true),
            Err(CommitError::ConditionFailed(_)) => Ok(false),
            Err(failed) => Err(failed.into()),
        }
    }

    /// Where the file of an import is to be put, while it waits for it.
    pub async fn upload(&self, job: &Job) -> Result<Option<PresignedUrl>> {
        let Work::Import(import) = &job.work else { return Ok(None) };
        if job.status != JobStatus::Waiting {
            return Ok(None);
        }
        let (key, media_type) = (upload_key(job), job.format.media_type());
        let signed = match import.announced {
            Some(bytes) => self.files.presign_put(&key, media_type, bytes, UPLOAD_SECONDS).await?,
            None => self.files.presign_put_any(&key, media_type, UPLOAD_SECONDS).await?,
        };
        Ok(Some(signed))
    }

    /// What there is to download when a job is done: the report of an import that rejected lines, or the file of an export.
    pub async fn download(&self, job: &Job) -> Result<Option<PresignedUrl>> {
        let (key, name) = match &job.work {
            _ if job.status != JobStatus::Done => return Ok(None),
            Work::Import(_) if job.counts.rejected == 0 => return Ok(None),
            Work::Import(_) => (report_key(job), format!("report-{}.ndjson", job.id)),
            Work::Export(_) => (export_key(job), format!("products.{}", job.format)),
        };
        self.files.presign_get(&key, &name, DOWNLOAD_SECONDS).await.map(Some)
    }

    /// Works at a job for some seconds because of `event`; what is to be sent on to the own queue, and not before when. Two at
    /// once do no harm: the job is claimed on its version, and so is what a slice came to.
    pub async fn work(&self, id: JobId, event: &Envelope) -> Result<Option<(Envelope, Timestamp)>> {
        let until = Instant::now() + SLICE;
        let now = self.products.clock.now();
        let Some(job) = self.products.catalog.job(id).await? else { return Ok(None) };
        let job = match job.claim(event.event_id, now) {
            Claim::Go(job) => *job,
            Claim::GiveUp(job) => {
                self.put(&job).await?;
                return Ok(None);
            }
            Claim::NotBefore(at) => return Ok(Some((event.clone(), at))),
            Claim::Leave => return Ok(None),
        };
        if !self.put(&job).await? {
            // Somebody has written it in between, and a message of theirs is on its way; this one may look again.
            return Ok(Some((event.clone(), now.plus_seconds(1))));
        }
        fault::point("job.after_claim");
        let trace = Trace { actor: job.actor.clone(), ..event.trace("catalog-worker") };
        let sliced = timeout(LONGEST_SLICE, self.slice(&job, &trace, until)).await;
        fault::point("job.after_slice");
        let (work, counts) = match sliced.unwrap_or_else(|late| Err(Error::unavailable("job's slice", late))) {
            Ok(sliced) => sliced,
            Err(error) if error.is_outage() => {
                // Nobody holds it now, so that the message's own, growing pause is the one that counts.
                self.put(&job.released(self.products.clock.now())).await?;
                return Err(error);
            }
            Err(error) => {
                self.put(&job.failed(&error, self.products.clock.now())).await?;
                return Ok(None);
            }
        };
        if work.has_ended() {
            return self.finish(&job, work, counts).await.map(|()| None);
        }
        let moved = job.moved(work, counts, self.products.clock.now());
        // Refused: another worker has the job, and its message.
        let went_on = self.put(&moved).await?;
        fault::point("job.after_checkpoint");
        Ok(went_on.then(|| (self.announcement(&moved, &trace), now)))
    }

    async fn slice(&self, job: &Job, trace: &Trace, until: Instant) -> Result<(Work, Counts)> {
        let Self { products, files } = self;
        match &job.work {
            work if work.has_ended() => Ok((work.clone(), job.counts)),
            Work::Import(state) => {
                let slice = Slice { products, files, job, trace, until };
                let (state, counts) = slice.import(state.clone()).await?;
                Ok((Work::Import(state), counts))
            }
            Work::Export(state) => {
                let (state, counts) = export(&products.catalog, files, job, state.clone(), until).await?;
                Ok((Work::Export(state), counts))
            }
        }
    }

    /// Writes down that everything was looked at, makes whole what came in parts, and says that it is done: in this order, so
    /// that after a crash the parts are known.
    async fn finish(&self, job: &Job, work: Work, counts: Counts) -> Result<()> {
        let ending = job.ending(work.clone(), counts, self.products.clock.now());
        if !self.put(&ending).await? {
            return Ok(());
        }
        fault::point("job.before_join");
        let (key, grown) = match &work {
            Work::Import(state) => (report_key(job), state.report.clone()),
            Work::Export(state) => (export_key(job), state.file.clone()),
        };
        MultipartUpload::resume(&self.files, key, job.format.media_type(), grown).complete().await?;
        self.put(&ending.done(self.products.clock.now())).await?;
        Ok(())
    }

    /// Writes a job's next version; false: somebody else has.
    async fn put(&self, job: &Job) -> Result<bool> {
        Ok(self.products.catalog.put_job(job)?.run().await?.is_ok())
    }

    fn announcement(&self, job: &Job, trace: &Trace) -> Envelope {
        let advanced = JobDue { job_id: job.id };
        let event = if job.is_import() { Event::ImportUploaded(advanced) } else { Event::ExportRequested(advanced) };
        Envelope::new(&self.products.clock, trace, job.id, job.version, event)
    }
}
