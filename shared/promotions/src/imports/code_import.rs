//! An import of codes: a job that takes longer than a request may. The caller passes times and ids. Pure.

use aws_kit::{Etag, MultipartState};
use serde::{Deserialize, Serialize};
use tabular::{Delimiter, FilePosition, Format};
use values::{JobId, JobState, JobStatus, PromotionId, Timestamp};

use crate::imports::columns::Column;

/// How the bucket keys of the files begin.
const UPLOADS: &str = "uploads/codes/";

/// The counts so far. If a part of the job was interrupted and repeated, codes that were added before are counted as unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CodeImportCounts"))]
pub struct CodeCounts {
    /// All lines that were read.
    pub lines: u64,
    /// New codes.
    pub added: u64,
    /// Codes that the promotion has already, some of them from an earlier line.
    pub unchanged: u64,
    /// Lines in the report.
    pub rejected: u64,
}

/// The checkpoint of an import.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ImportProgress {
    /// The announced size of the file in bytes, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) announced: Option<u64>,
    /// Size and entity tag of the file when the import started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<(u64, Etag)>,
    pub(crate) place: FilePosition,
    /// Of a CSV file, once its header line is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) columns: Option<(Delimiter, Vec<Column>)>,
    pub(crate) report: MultipartState,
    /// All lines are read.
    #[serde(rename = "ended")]
    pub(crate) has_ended: bool,
}

/// An import of codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeImport {
    pub id: JobId,
    pub promotion: PromotionId,
    pub format: Format,
    pub counts: CodeCounts,
    pub(crate) progress: ImportProgress,
    #[serde(flatten)]
    pub state: JobState,
}

impl CodeImport {
    /// A new import, which waits for its file of `announced` bytes, or of any size.
    pub(crate) fn new(
        id: JobId,
        promotion: PromotionId,
        format: Format,
        announced: Option<u64>,
        now: Timestamp,
    ) -> Self {
        let progress = ImportProgress { announced, ..ImportProgress::default() };
        let state = JobState::new(JobStatus::Waiting, now);
        Self { id, promotion, format, counts: CodeCounts::default(), progress, state }
    }

    /// The bucket key of the file.
    pub(crate) fn upload_key(&self) -> String {
        format!("{UPLOADS}{}", self.id)
    }

    /// The bucket key of the report.
    pub(crate) fn report_key(&self) -> String {
        format!("reports/{}.ndjson", self.id)
    }

    /// The import whose file has this bucket key; none if it is another kind of upload.
    pub fn of_file(key: &str) -> Option<JobId> {
        key.strip_prefix(UPLOADS)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::Clock;

    #[test]
    fn import_waits_for_its_file_whose_key_names_it() {
        let now = Timestamp::from_millis(1_764_000_000_000);
        let job = CodeImport::new(Clock::System.mint(), Clock::System.mint(), Format::Csv, Some(9), now);
        assert_eq!((job.state.status, job.progress.announced), (JobStatus::Waiting, Some(9)));
        assert_eq!(CodeImport::of_file(&job.upload_key()), Some(job.id));
        let other = format!("uploads/imports/{}", job.id);
        assert_eq!((CodeImport::of_file(&other), CodeImport::of_file("uploads/codes/x")), (None, None));
    }

    #[test]
    fn stored_row_is_read_and_written_back_equal() {
        let running = json!({
            "id": "job_01h455vb4pex5vsknk084sn02q",
            "promotion": "prm_01h455vb4pex5vsknk084sn02q",
            "format": "csv",
            "status": "running",
            "counts": { "lines": 7, "added": 4, "unchanged": 2, "rejected": 1 },
            "progress": {
                "announced": 900,
                "source": [900, "\"etag\""],
                "place": { "offset": 70, "line": 8 },
                "columns": [";", ["code", "maxUses"]],
                "report": { "upload": "upload-1", "parts": ["\"part\""], "rest": "reports/rest", "bytes": 90 },
                "ended": false,
            },
            "lease": { "by": "evt_01h455vb4pex5vsknk084sn02r", "until": "2025-11-24T16:00:12.000Z" },
            "tries": 2,
            "version": 5,
            "createdAt": "2025-11-24T15:59:00.000Z",
            "updatedAt": "2025-11-24T16:00:00.000Z",
            "expiresAt": 1_764_604_740,
        });
        let job: CodeImport = serde_json::from_value(running.clone()).unwrap();
        assert_eq!((job.state.status, job.state.version, job.progress.place.line), (JobStatus::Running, 5, 8));
        assert_eq!(serde_json::to_value(job).unwrap(), running);
    }
}
