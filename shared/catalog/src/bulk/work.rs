//! Use cases of workers: queue an import when its file is uploaded, and run one slice of a job.

use std::time::{Duration, Instant};

use aws_kit::{MultipartUpload, fault};
use events::Envelope;
use tokio::time::timeout;
use values::{Error, JobId, Result, Timestamp, Trace};

use crate::JobService;
use crate::bulk::import::ImportSlice;
use crate::bulk::job::{Claim, Counts, Job, JobStatus, Work};

/// A slice. The worker has 8 seconds for a message.
const SLICE: Duration = Duration::from_secs(5);
/// Lines that started within the slice may take a little longer.
const MAX_SLICE: Duration = Duration::from_secs(7);
/// Attempts to write a job while others write it.
const MAX_ATTEMPTS: u32 = 4;

impl JobService {
    /// Queues an import whose file is uploaded. Done again, it changes nothing. 2 round trips.
    pub async fn queue_import(&self, id: JobId, trace: &Trace) -> Result<()> {
        for _ in 0..MAX_ATTEMPTS {
            let job = self.products.catalog.job(id).await?;
            let Some(job) = job.filter(|job| job.is_import() && job.status == JobStatus::Waiting) else {
                return Ok(());
            };
            if self.announce(&job.queued(self.products.clock.now()), trace).await? {
                return Ok(());
            }
        }
        Err(Error::unavailable("job", "too many concurrent updates"))
    }

    /// Runs a slice of a job because of `event`. Returns the event to send to the worker's own queue, and the earliest
    /// time. Two workers at once do no harm: the claim and the checkpoint are conditioned on the job's version.
    pub async fn advance(&self, id: JobId, event: &Envelope) -> Result<Option<(Envelope, Timestamp)>> {
        let until = Instant::now() + SLICE;
        let now = self.products.clock.now();
        let Some(job) = self.products.catalog.job(id).await? else { return Ok(None) };
        let job = match job.claim(event.event_id, now) {
            Claim::Granted(job) => *job,
            Claim::GiveUp(job) => {
                self.put(&job).await?;
                return Ok(None);
            }
            Claim::NotBefore(at) => return Ok(Some((event.clone(), at))),
            Claim::Skip => return Ok(None),
        };
        if !self.put(&job).await? {
            // A concurrent update has its own message. This one checks again later.
            return Ok(Some((event.clone(), now.plus_seconds(1))));
        }
        fault::point("job.after_claim");
        let trace = Trace { actor: job.actor.clone(), ..event.trace("catalog-worker") };
        let result = timeout(MAX_SLICE, self.run_slice(&job, &trace, until)).await;
        fault::point("job.after_slice");
        let (work, counts) = match result.unwrap_or_else(|elapsed| Err(Error::unavailable("job's slice", elapsed))) {
            Ok(progress) => progress,
            Err(error) if error.is_outage() => {
                // Without the lease, only the growing pause of the message delays the next attempt.
                self.put(&job.released(self.products.clock.now())).await?;
                return Err(error);
            }
            Err(error) => {
                self.put(&job.with_failure(&error, self.products.clock.now())).await?;
                return Ok(None);
            }
        };
        if work.has_ended() {
            return self.finish(&job, work, counts).await.map(|()| None);
        }
        let advanced = job.with_progress(work, counts, self.products.clock.now());
        // False: another worker has the job, and its message.
        let is_written = self.put(&advanced).await?;
        fault::point("job.after_checkpoint");
        Ok(is_written.then(|| (self.announcement(&advanced, &trace), now)))
    }

    async fn run_slice(&self, job: &Job, trace: &Trace, until: Instant) -> Result<(Work, Counts)> {
        let Self { products, bucket } = self;
        match &job.work {
            work if work.has_ended() => Ok((work.clone(), job.counts)),
            Work::Import(state) => {
                let slice = ImportSlice { products, bucket, job, trace, until };
                let (state, counts) = slice.import(state.clone()).await?;
                Ok((Work::Import(state), counts))
            }
            Work::Export(state) => {
                let (state, counts) = self.run_export_slice(job, state.clone(), until).await?;
                Ok((Work::Export(state), counts))
            }
        }
    }

    /// Completes a job in three writes: the last checkpoint, the multipart upload, and the status. In this order the
    /// parts of the upload are known after a crash.
    async fn finish(&self, job: &Job, work: Work, counts: Counts) -> Result<()> {
        let ending = job.with_final_progress(work.clone(), counts, self.products.clock.now());
        if !self.put(&ending).await? {
            return Ok(());
        }
        fault::point("job.before_join");
        let (key, upload) = match &work {
            Work::Import(state) => (job.report_key(), state.report.clone()),
            Work::Export(state) => (job.export_key(), state.file.clone()),
        };
        MultipartUpload::resume(&self.bucket, key, job.format.media_type(), upload).complete().await?;
        self.put(&ending.completed(self.products.clock.now())).await?;
        Ok(())
    }
}
