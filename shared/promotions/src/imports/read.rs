//! Use case: read an import of codes, and get the presigned URLs of its files.

use aws_kit::PresignedUrl;
use values::{Error, JobId, JobStatus, PromotionId, Result, Trace};

use crate::imports::code_import::CodeImport;
use crate::imports::service::CodeImportService;

/// How long the presigned URL of an upload is valid.
const UPLOAD_SECONDS: u64 = 3600;
/// How long the presigned URL of a report is valid.
const REPORT_SECONDS: u64 = 900;
/// The message of an import without progress for this long is sent again when the import is read.
const STUCK_SECONDS: i64 = 120;

impl CodeImportService {
    /// An import of a promotion. If it is stuck, its message is sent again. 404. 1 round trip, 3 if stuck.
    pub async fn read(&self, promotion: PromotionId, id: JobId, trace: &Trace) -> Result<CodeImport> {
        let job = self.promotions.promotions.read_import(id).await?.filter(|job| job.promotion == promotion);
        let job = job.ok_or_else(|| Error::not_found("import"))?;
        let now = self.promotions.clock.now();
        if job.state.status == JobStatus::Waiting || !job.state.is_stuck(now, STUCK_SECONDS) {
            return Ok(job);
        }
        let next = CodeImport { state: job.state.queued(now), ..job.clone() };
        if !self.put(&next).await? {
            // A worker has just continued it.
            return Ok(job);
        }
        self.announce(&next, trace).await?;
        Ok(next)
    }

    /// The presigned URL for the file of an import, while the import waits for it.
    pub async fn upload_url(&self, job: &CodeImport) -> Result<Option<PresignedUrl>> {
        if job.state.status != JobStatus::Waiting {
            return Ok(None);
        }
        let (key, media_type) = (job.upload_key(), job.format.media_type());
        let url = match job.progress.announced {
            Some(bytes) => self.bucket.presign_put(&key, media_type, bytes, UPLOAD_SECONDS).await?,
            None => self.bucket.presign_put_any(&key, media_type, UPLOAD_SECONDS).await?,
        };
        Ok(Some(url))
    }

    /// The presigned URL of the rejected lines of a completed import, if it has any.
    pub async fn report_url(&self, job: &CodeImport) -> Result<Option<PresignedUrl>> {
        if job.state.status != JobStatus::Done || job.counts.rejected == 0 {
            return Ok(None);
        }
        let name = format!("report-{}.ndjson", job.id);
        self.bucket.presign_get(&job.report_key(), &name, REPORT_SECONDS).await.map(Some)
    }
}
