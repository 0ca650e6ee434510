//! The export of an account: a job that writes all personal data of a person into one file. Pure.

use serde::{Deserialize, Serialize};
use values::{JobId, JobState, JobStatus, Timestamp, UserId};

/// A job without progress for this long has lost its message, and another one may begin.
const STUCK_SECONDS: i64 = 900;

/// An export with its state, its file and its checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportJob {
    pub id: JobId,
    pub user_id: UserId,
    #[serde(flatten)]
    pub state: JobState,
    /// The name of the file in its folder; it is random, so that it cannot be guessed.
    file: String,
    /// The worker's checkpoint, in the worker's own format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
}

/// The folder of the files of an account's exports.
pub fn export_folder(user: UserId) -> String {
    format!("personal/{user}/")
}

impl ExportJob {
    /// A new job; `file` is the random name of its file.
    pub(crate) fn new(id: JobId, user_id: UserId, file: String, now: Timestamp) -> Self {
        Self { id, user_id, state: JobState::new(JobStatus::Queued, now), file, progress: None }
    }

    /// The key of the file in the bucket.
    pub fn key(&self) -> String {
        format!("{}{}.json", export_folder(self.user_id), self.file)
    }

    /// Whether a worker still makes progress, so that no other job is needed.
    pub(crate) fn is_in_progress(&self, now: Timestamp) -> bool {
        !self.state.has_ended() && !self.state.is_stuck(now, STUCK_SECONDS)
    }

    /// The job with another state. A job that has ended needs no checkpoint.
    #[must_use]
    pub fn with_state(self, state: JobState) -> Self {
        let progress = self.progress.filter(|_| !state.has_ended());
        Self { state, progress, ..self }
    }

    /// The job with another checkpoint.
    #[must_use]
    pub fn with_progress(&self, progress: String) -> Self {
        Self { progress: Some(progress), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use values::{Clock, Error};

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    fn job() -> ExportJob {
        ExportJob::new(Clock::System.mint(), Clock::System.mint(), "secret".into(), now())
    }

    #[test]
    fn row_of_an_earlier_release_reads_and_writes_back() {
        let ExportJob { id, user_id, .. } = job();
        let message: values::EventId = Clock::System.mint();
        let running = json!({
            "id": id, "userId": user_id, "status": "running", "file": "secret", "progress": "half",
            "lease": { "by": message, "until": "2025-11-24T16:00:12.000Z" }, "tries": 2, "version": 5,
            "createdAt": "2025-11-24T16:00:00.000Z", "updatedAt": "2025-11-24T16:00:00.000Z", "expiresAt": 1_764_604_800,
        });
        let failed = json!({
            "id": id, "userId": user_id, "status": "failed", "file": "secret",
            "failure": { "code": "given_up", "message": "The export failed after too many attempts." }, "tries": 60,
            "version": 62, "createdAt": "2025-11-24T16:00:00.000Z", "updatedAt": "2025-11-24T17:00:00.000Z",
            "expiresAt": 1_764_604_800,
        });
        for row in [running, failed] {
            let job: ExportJob = serde_json::from_value(row.clone()).unwrap();
            assert_eq!(serde_json::to_value(&job).unwrap(), row);
            // The table's own format has other numbers.
            let item: aws_kit::Item = serde_dynamo::to_item(&job).unwrap();
            let read: Value = serde_dynamo::from_item(item.clone()).unwrap();
            assert_eq!((read, serde_dynamo::from_item::<_, ExportJob>(item).unwrap()), (row, job));
        }
    }

    #[test]
    fn export_that_has_ended_has_no_checkpoint() {
        let running = job().with_progress("half".into());
        let state = running.state.clone();
        assert!(running.clone().with_state(state.checkpoint(now())).progress.is_some());
        let error = Error::conflict("given_up", "It made no progress.");
        for ended in [state.done(now()), state.failed(&error, now())] {
            assert!(running.clone().with_state(ended).progress.is_none());
        }
    }

    #[test]
    fn export_in_progress_becomes_stuck() {
        let job = job();
        assert!(job.is_in_progress(now()) && !job.is_in_progress(now().plus_seconds(STUCK_SECONDS)));
        let done = job.state.done(now());
        assert!(!job.with_state(done).is_in_progress(now()));
    }
}
