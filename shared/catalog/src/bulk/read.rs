//! Use case: read a job, and get the presigned URLs of its files.

use aws_kit::{Changes, ConditionFailures, Decision, PresignedUrl};
use values::{Error, JobId, JobStatus, Result, Trace};

use crate::JobService;
use crate::bulk::job::{Job, Work};

/// How long the presigned URL of an upload is valid.
const UPLOAD_SECONDS: u64 = 3600;
/// How long the presigned URL of a download is valid.
const DOWNLOAD_SECONDS: u64 = 900;
/// A job without progress for this long is announced again when it is read.
const STUCK_SECONDS: i64 = 120;

impl JobService {
    /// An import or an export. If it is stuck, it is announced again. 1 round trip, 2 if stuck.
    pub async fn read(&self, id: JobId, trace: &Trace) -> Result<Job> {
        let products = &self.products;
        let decide = |_: Option<ConditionFailures>| async move {
            let mut job = products.catalog.job(id).await?.ok_or_else(|| Error::not_found("job"))?;
            let now = products.clock.now();
            if job.state.status == JobStatus::Waiting || !job.state.is_stuck(now, STUCK_SECONDS) {
                return Ok(Decision::Unchanged(job));
            }
            job.state = job.state.queued(now);
            Ok(Changes::new(self.queue_writes(&job, trace)?, job).into())
        };
        products.write().unavailable_when_contended().run(decide).await
    }

    /// The presigned URL for the file of an import, while the job waits for it.
    pub async fn upload_url(&self, job: &Job) -> Result<Option<PresignedUrl>> {
        let Work::Import(import) = &job.work else { return Ok(None) };
        if job.state.status != JobStatus::Waiting {
            return Ok(None);
        }
        let (key, media_type) = (job.upload_key(), job.format.media_type());
        let url = match import.announced {
            Some(bytes) => self.bucket.presign_put(&key, media_type, bytes, UPLOAD_SECONDS).await?,
            None => self.bucket.presign_put_any(&key, media_type, UPLOAD_SECONDS).await?,
        };
        Ok(Some(url))
    }

    /// The presigned URL of a completed job's file: the report of an import with rejected lines, or the file of an
    /// export.
    pub async fn download_url(&self, job: &Job) -> Result<Option<PresignedUrl>> {
        let (key, name) = match &job.work {
            _ if job.state.status != JobStatus::Done => return Ok(None),
            Work::Import(_) if job.counts.rejected == 0 => return Ok(None),
            Work::Import(_) => (job.report_key(), format!("report-{}.ndjson", job.id)),
            Work::Export(_) => (job.export_key(), format!("products.{}", job.format)),
        };
        self.bucket.presign_get(&key, &name, DOWNLOAD_SECONDS).await.map(Some)
    }
}
