//! Use cases of workers: queue an import when its file is uploaded, and run one slice of it.

use std::time::Instant;

use aws_kit::{Changes, ConditionFailures, Decision, JobKind, JobProgress, MultipartUpload, fault, run_job};
use events::Envelope;
use values::{JobId, JobState, JobStatus, Result, Trace};

use crate::imports::code_import::CodeImport;
use crate::imports::import_lines::REPORT_TYPE;
use crate::imports::service::CodeImportService;

/// The function that runs imports, as its messages name it.
const WORKER: &str = "promotions-worker";

impl CodeImportService {
    /// Queues an import whose file is uploaded, and sends its message. Done again, it sends the message again until a worker has begun. 3
    /// round trips.
    pub async fn queue_uploaded(&self, id: JobId, trace: &Trace) -> Result<()> {
        let service = &self.promotions;
        let decide = |_: Option<ConditionFailures>| async move {
            let Some(job) = service.promotions.read_import(id).await? else { return Ok(Decision::Unchanged(None)) };
            Ok(match job.state.status {
                JobStatus::Waiting => {
                    let job = CodeImport { state: job.state.queued(service.clock.now()), ..job };
                    Changes::new(vec![service.promotions.put_import(&job)?], Some(job)).into()
                }
                // The message before may be lost.
                JobStatus::Queued => Decision::Unchanged(Some(job)),
                JobStatus::Running | JobStatus::Done | JobStatus::Failed => Decision::Unchanged(None),
            })
        };
        let queued = service.write().unavailable_when_contended().run(decide).await?;
        fault::point("codes.queued");
        match queued {
            Some(job) => self.announce(&job, trace).await,
            None => Ok(()),
        }
    }

    /// Runs a slice of an import because of `message`, and sends the message that continues it. The worker believes the row: an import that
    /// does not exist, has ended or is held by another worker is left as it is.
    pub async fn advance(&self, id: JobId, message: &Envelope) -> Result<()> {
        let Some(job) = self.promotions.promotions.read_import(id).await? else { return Ok(()) };
        match run_job(&CodeWork(self), job, message.event_id, &self.promotions.clock).await? {
            JobProgress::Ended => Ok(()),
            JobProgress::Again(at) => self.queue.send_later(message, at).await,
            JobProgress::Continue(next) => self.announce(&next, &message.trace(WORKER)).await,
        }
    }
}

/// Imports of codes, as the kit runs them.
struct CodeWork<'a>(&'a CodeImportService);

impl JobKind for CodeWork<'_> {
    type Job = CodeImport;

    const FAULT_POINTS: [&'static str; 4] = [
        fault::label("codes.after_claim"),
        fault::label("codes.after_slice"),
        fault::label("codes.before_join"),
        fault::label("codes.after_checkpoint"),
    ];

    fn state(job: &CodeImport) -> &JobState {
        &job.state
    }

    fn with_state(job: CodeImport, state: JobState) -> CodeImport {
        CodeImport { state, ..job }
    }

    async fn write(&self, job: &CodeImport) -> Result<bool> {
        self.0.put(job).await
    }

    async fn slice(&self, job: &CodeImport, until: Instant) -> Result<(CodeImport, bool)> {
        if job.progress.has_ended {
            return Ok((job.clone(), true));
        }
        let (progress, counts) = self.0.import_lines(job, until).await?;
        let has_ended = progress.has_ended;
        Ok((CodeImport { progress, counts, ..job.clone() }, has_ended))
    }

    async fn finish(&self, job: &CodeImport) -> Result<()> {
        let report = job.progress.report.clone();
        MultipartUpload::resume(&self.0.bucket, job.report_key(), REPORT_TYPE, report).complete().await
    }
}
