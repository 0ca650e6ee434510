//! A job: an import or an export, which takes longer than a request may. It runs in slices, and the next slice continues
//! at the checkpoint. The caller passes times and ids.

use serde::{Deserialize, Serialize};
use values::{Actor, JobId, JobState, JobStatus, Timestamp};

use crate::Format;
use crate::bulk::progress::{ExportProgress, ImportProgress};

/// The counts so far. If a part of the job was interrupted and repeated, lines that were done before are counted as
/// unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "JobCounts", transform = crate::schema::without_defaults))]
#[serde(default)]
pub struct Counts {
    /// All lines that were read or written.
    pub lines: u64,
    /// New products.
    pub created: u64,
    /// Products whose content or stock was changed.
    pub updated: u64,
    /// Products that were the same already.
    pub unchanged: u64,
    /// Lines in the report.
    pub rejected: u64,
}

/// What the job does, with its checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Work {
    /// Lines of a file become products.
    Import(ImportProgress),
    /// Products become lines of a file.
    Export(ExportProgress),
}

impl Work {
    /// Are all lines read or written?
    pub(crate) fn has_ended(&self) -> bool {
        match self {
            Self::Import(import) => import.ended,
            Self::Export(export) => export.ended,
        }
    }
}

/// An import or an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub id: JobId,
    pub format: Format,
    pub counts: Counts,
    /// Who started it. The histories of products name them.
    pub(crate) actor: Actor,
    pub(crate) work: Work,
    #[serde(flatten)]
    pub state: JobState,
}

impl Job {
    /// A new job.
    pub(crate) fn new(id: JobId, format: Format, work: Work, actor: Actor, now: Timestamp) -> Self {
        let status = match work {
            Work::Import(_) => JobStatus::Waiting,
            Work::Export(_) => JobStatus::Queued,
        };
        Self { id, format, counts: Counts::default(), actor, work, state: JobState::new(status, now) }
    }

    /// Is it an import?
    pub fn is_import(&self) -> bool {
        matches!(self.work, Work::Import(_))
    }

    /// The bucket key of the file of an import.
    pub(crate) fn upload_key(&self) -> String {
        format!("uploads/imports/{}", self.id)
    }

    /// The bucket key of the report of an import.
    pub(crate) fn report_key(&self) -> String {
        format!("reports/{}.ndjson", self.id)
    }

    /// The bucket key of the file of an export.
    pub(crate) fn export_key(&self) -> String {
        format!("exports/{}.{}", self.id, self.format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::Clock;

    #[test]
    fn import_waits_for_its_file_and_export_for_a_worker() {
        let now = Timestamp::from_millis(1_764_000_000_000);
        let job = |work| Job::new(Clock::System.mint(), Format::Csv, work, Actor::system("test"), now);
        let import = job(Work::Import(ImportProgress::default()));
        assert_eq!((import.state.status, import.is_import()), (JobStatus::Waiting, true));
        let export = job(Work::Export(ExportProgress::default()));
        assert_eq!((export.state.status, export.is_import()), (JobStatus::Queued, false));
    }

    #[test]
    fn stored_row_is_read_and_written_back_equal() {
        let running = json!({
            "id": "job_01h455vb4pex5vsknk084sn02q",
            "format": "csv",
            "status": "running",
            "counts": { "lines": 7, "created": 4, "updated": 1, "unchanged": 1, "rejected": 1 },
            "actor": "user:0199f0a1-0000-7000-8000-000000000001",
            "work": { "import": {
                "announced": 900,
                "source": [900, "\"etag\""],
                "place": { "offset": 70, "line": 8 },
                "columns": ["sku", "name"],
                "report": { "upload": "upload-1", "parts": ["\"part\""], "rest": "reports/rest", "bytes": 90 },
                "ended": false,
            } },
            "lease": { "by": "evt_01h455vb4pex5vsknk084sn02r", "until": "2025-11-24T16:00:12.000Z" },
            "tries": 2,
            "version": 5,
            "createdAt": "2025-11-24T15:59:00.000Z",
            "updatedAt": "2025-11-24T16:00:00.000Z",
            "expiresAt": 1_764_604_740,
        });
        let job: Job = serde_json::from_value(running.clone()).unwrap();
        assert_eq!((job.state.status, job.state.version), (JobStatus::Running, 5));
        assert_eq!(serde_json::to_value(job).unwrap(), running);
        let mut failed = running;
        let row = failed.as_object_mut().unwrap();
        row.remove("lease");
        row.insert("status".to_owned(), json!("failed"));
        row.insert("failure".to_owned(), json!({ "code": "csv_column", "message": "The column x is unknown." }));
        let job: Job = serde_json::from_value(failed.clone()).unwrap();
        assert_eq!(serde_json::to_value(job).unwrap(), failed);
    }
}
