//! Use cases of workers: queue an import when its file is uploaded, and run one slice of a job.

use std::time::Instant;

use aws_kit::{Changes, ConditionFailures, Decision, JobKind, JobProgress, MultipartUpload, fault, run_job};
use events::Envelope;
use values::{JobId, JobState, JobStatus, Result, Timestamp, Trace};

use crate::JobService;
use crate::bulk::import::ImportSlice;
use crate::bulk::job::{Job, Work};

impl JobService {
    /// Queues an import whose file is uploaded. Done again, it changes nothing. 2 round trips.
    pub async fn queue_import(&self, id: JobId, trace: &Trace) -> Result<()> {
        let products = &self.products;
        let decide = |_: Option<ConditionFailures>| async move {
            let job = products.catalog.job(id).await?;
            let Some(job) = job.filter(|job| job.is_import() && job.state.status == JobStatus::Waiting) else {
                return Ok(Decision::Unchanged(()));
            };
            let job = Job { state: job.state.queued(products.clock.now()), ..job };
            Ok(Changes::new(self.queue_writes(&job, trace)?, ()).into())
        };
        products.write().unavailable_when_contended().run(decide).await
    }

    /// Runs a slice of a job because of `event`. Returns the event to send to the worker's own queue, and the earliest
    /// time.
    pub async fn advance(&self, id: JobId, event: &Envelope) -> Result<Option<(Envelope, Timestamp)>> {
        let (clock, now) = (&self.products.clock, self.products.clock.now());
        let Some(job) = self.products.catalog.job(id).await? else { return Ok(None) };
        let trace = Trace { actor: job.actor.clone(), ..event.trace("catalog-worker") };
        let kind = BulkWork { service: self, trace: &trace };
        Ok(match run_job(&kind, job, event.event_id, clock).await? {
            JobProgress::Ended => None,
            JobProgress::Again(at) => Some((event.clone(), at)),
            JobProgress::Continue(next) => Some((self.announcement(&next, &trace), now)),
        })
    }
}

/// Imports and exports, as the kit runs them.
struct BulkWork<'a> {
    service: &'a JobService,
    trace: &'a Trace,
}

impl JobKind for BulkWork<'_> {
    type Job = Job;

    const FAULT_POINTS: [&'static str; 4] = [
        fault::label("job.after_claim"),
        fault::label("job.after_slice"),
        fault::label("job.before_join"),
        fault::label("job.after_checkpoint"),
    ];

    fn state(job: &Job) -> &JobState {
        &job.state
    }

    fn with_state(job: Job, state: JobState) -> Job {
        Job { state, ..job }
    }

    async fn write(&self, job: &Job) -> Result<bool> {
        self.service.put(job).await
    }

    async fn slice(&self, job: &Job, until: Instant) -> Result<(Job, bool)> {
        let JobService { products, bucket } = self.service;
        let (work, counts) = match &job.work {
            work if work.has_ended() => (work.clone(), job.counts),
            Work::Import(state) => {
                let slice = ImportSlice { products, bucket, job, trace: self.trace, until };
                let (state, counts) = slice.import(state.clone()).await?;
                (Work::Import(state), counts)
            }
            Work::Export(state) => {
                let (state, counts) = self.service.run_export_slice(job, state.clone(), until).await?;
                (Work::Export(state), counts)
            }
        };
        let has_ended = work.has_ended();
        Ok((Job { work, counts, ..job.clone() }, has_ended))
    }

    async fn finish(&self, job: &Job) -> Result<()> {
        let (key, upload) = match &job.work {
            Work::Import(state) => (job.report_key(), state.report.clone()),
            Work::Export(state) => (job.export_key(), state.file.clone()),
        };
        MultipartUpload::resume(&self.service.bucket, key, job.format.media_type(), upload).complete().await
    }
}
