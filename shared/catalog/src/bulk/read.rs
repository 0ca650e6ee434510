//! Use case: read a job, and get the presigned URLs of its files.

use aws_kit::PresignedUrl;
use values::{Error, JobId, Result, Trace};

use crate::JobService;
use crate::bulk::job::{Job, JobStatus, Work};

/// Whoever uploads has an hour to begin.
const UPLOAD_SECONDS: u64 = 3600;
/// Whoever downloads has a quarter of one.
const DOWNLOAD_SECONDS: u64 = 900;
/// A job that did not move for so long is announced once more to whoever looks at it.
const STUCK_SECONDS: i64 = 120;

impl JobService {
    /// An import or an export, as it is now. One that should have moved and did not is announced once more. 1 round trip, 2 then.
    pub async fn read(&self, id: JobId, trace: &Trace) -> Result<Job> {
        let job = self.products.catalog.job(id).await?.ok_or_else(|| Error::not_found("job"))?;
        let now = self.products.clock.now();
        if job.status == JobStatus::Waiting || !job.is_stuck(now, STUCK_SECONDS) {
            return Ok(job);
        }
        let requeued = job.queued(now);
        // Whoever was faster has seen to it.
        Ok(if self.announce(&requeued, trace).await? { requeued } else { job })
    }

    /// Where the file of an import is to be put, while it waits for it.
    pub async fn upload_url(&self, job: &Job) -> Result<Option<PresignedUrl>> {
        let Work::Import(import) = &job.work else { return Ok(None) };
        if job.status != JobStatus::Waiting {
            return Ok(None);
        }
        let (key, media_type) = (job.upload_key(), job.format.media_type());
        let url = match import.announced {
            Some(bytes) => self.bucket.presign_put(&key, media_type, bytes, UPLOAD_SECONDS).await?,
            None => self.bucket.presign_put_any(&key, media_type, UPLOAD_SECONDS).await?,
        };
        Ok(Some(url))
    }

    /// What there is to download when a job is done: the report of an import that rejected lines, or the file of an export.
    pub async fn download_url(&self, job: &Job) -> Result<Option<PresignedUrl>> {
        let (key, name) = match &job.work {
            _ if job.status != JobStatus::Done => return Ok(None),
            Work::Import(_) if job.counts.rejected == 0 => return Ok(None),
            Work::Import(_) => (job.report_key(), format!("report-{}.ndjson", job.id)),
            Work::Export(_) => (job.export_key(), format!("products.{}", job.format)),
        };
        self.bucket.presign_get(&key, &name, DOWNLOAD_SECONDS).await.map(Some)
    }
}
