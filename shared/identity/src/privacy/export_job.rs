//! The export of an account: a job that writes all personal data of a person into one file. Pure.

use serde::{Deserialize, Serialize};
use values::{Error, EventId, JobId, Lease, LeaseStatus, Timestamp, UserId};

/// How long the job and its file are kept.
const KEPT_SECONDS: i64 = 7 * 24 * 3600;
/// The length of a lease: longer than a worker has for a message.
const LEASE_SECONDS: i64 = 12;
/// The most claims without progress.
const MAX_TRIES: u32 = 60;
/// A job without progress for this long has lost its message, and another one may begin.
const STUCK_SECONDS: i64 = 900;

/// The status of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportStatus {
    /// No worker has claimed it yet.
    Queued,
    /// A worker has claimed it.
    Running,
    /// The file is complete.
    Done,
    /// It ended without a file.
    Failed,
}

/// Why an export failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFailure {
    /// A stable error code.
    pub code: String,
    pub message: String,
}

/// An export with its status, its file and its checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportJob {
    pub id: JobId,
    pub user_id: UserId,
    pub status: ExportStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ExportFailure>,
    /// The name of the file in its folder; it is random, so that it cannot be guessed.
    file: String,
    /// The worker's checkpoint, in the worker's own format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    /// Claims since the last progress.
    #[serde(default)]
    tries: u32,
    /// Rises by one with every write.
    pub version: u64,
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// TTL, in seconds. DynamoDB deletes the job then, and S3 the file.
    pub expires_at: i64,
}

/// What a worker does with an export after its claim.
#[derive(Debug, PartialEq)]
pub enum ExportClaim {
    /// Run this version of the job.
    Run(Box<ExportJob>),
    /// Try again then: the last receiver of this message may still run the job.
    RetryAt(Timestamp),
    /// Do nothing: the job is over, or another worker runs it.
    Skip,
}

/// The folder of the files of an account's exports.
pub fn export_folder(user: UserId) -> String {
    format!("personal/{user}/")
}

impl ExportJob {
    /// A new job; `file` is the random name of its file.
    pub(crate) fn new(id: JobId, user_id: UserId, file: String, now: Timestamp) -> Self {
        Self {
            id,
            user_id,
            status: ExportStatus::Queued,
            failure: None,
            file,
            progress: None,
            lease: None,
            tries: 0,
            version: 1,
            created_at: now,
            updated_at: now,
            expires_at: now.seconds() + KEPT_SECONDS,
        }
    }

    /// The key of the file in the bucket.
    pub fn key(&self) -> String {
        format!("{}{}.json", export_folder(self.user_id), self.file)
    }

    /// Whether it is done or has failed.
    pub fn is_over(&self) -> bool {
        matches!(self.status, ExportStatus::Done | ExportStatus::Failed)
    }

    /// Whether its time is not over. DynamoDB deletes late.
    pub(crate) fn is_kept(&self, now: Timestamp) -> bool {
        now.seconds() < self.expires_at
    }

    /// Whether a worker still makes progress, so that no other job is needed.
    pub(crate) fn is_in_progress(&self, now: Timestamp) -> bool {
        !self.is_over() && now < self.updated_at.plus_seconds(STUCK_SECONDS)
    }

    fn next(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// Claims the job for the worker that handles `message`. The caller writes the claimed job as the next version. After too many
    /// claims without progress, the claimed job is a failed one.
    pub(crate) fn claim(&self, message: EventId, now: Timestamp) -> ExportClaim {
        if self.is_over() {
            return ExportClaim::Skip;
        }
        match Lease::status(self.lease, message, now) {
            LeaseStatus::HeldByThis(until) => return ExportClaim::RetryAt(until),
            LeaseStatus::HeldByOther => return ExportClaim::Skip,
            LeaseStatus::Free => {}
        }
        if self.tries >= MAX_TRIES {
            let given_up = Error::conflict("given_up", "The export failed after too many attempts.");
            return ExportClaim::Run(Box::new(self.failed(&given_up, now)));
        }
        let lease = Some(Lease::new(message, LEASE_SECONDS, now));
        let claimed = Self { status: ExportStatus::Running, lease, tries: self.tries + 1, ..self.next(now) };
        ExportClaim::Run(Box::new(claimed))
    }

    /// The job after an attempt without progress: the worker releases its lease.
    #[must_use]
    pub fn released(&self, now: Timestamp) -> Self {
        Self { lease: None, ..self.next(now) }
    }

    /// The job after an attempt that stored a checkpoint: the worker releases its lease.
    #[must_use]
    pub fn with_progress(&self, progress: String, now: Timestamp) -> Self {
        Self { progress: Some(progress), lease: None, tries: 0, ..self.next(now) }
    }

    /// The job before its file is completed: a last checkpoint, and the worker keeps its lease.
    #[must_use]
    pub fn with_last_progress(&self, progress: String, now: Timestamp) -> Self {
        Self { lease: self.lease, ..self.with_progress(progress, now) }
    }

    /// The job once its file is complete.
    #[must_use]
    pub fn done(&self, now: Timestamp) -> Self {
        Self { status: ExportStatus::Done, progress: None, lease: None, ..self.next(now) }
    }

    /// The job after an error that cannot be retried.
    #[must_use]
    pub fn failed(&self, error: &Error, now: Timestamp) -> Self {
        let failure = Some(ExportFailure { code: error.code.to_owned(), message: error.detail.clone() });
        Self { status: ExportStatus::Failed, failure, progress: None, lease: None, ..self.next(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    fn job() -> ExportJob {
        ExportJob::new(Clock::System.mint(), Clock::System.mint(), "secret".into(), now())
    }

    fn claimed(job: &ExportJob, message: EventId, at: Timestamp) -> ExportJob {
        match job.claim(message, at) {
            ExportClaim::Run(job) => *job,
            other => panic!("it cannot be claimed: {other:?}"),
        }
    }

    #[test]
    fn one_worker_at_a_time_runs_an_export() {
        let (mine, theirs): (EventId, EventId) = (Clock::System.mint(), Clock::System.mint());
        let running = claimed(&job(), mine, now());
        let (soon, later) = (now().plus_seconds(LEASE_SECONDS - 1), now().plus_seconds(LEASE_SECONDS));
        assert_eq!(running.claim(theirs, soon), ExportClaim::Skip);
        assert_eq!(
            running.claim(mine, soon),
            ExportClaim::RetryAt(later),
            "after a crash the same message comes again"
        );
        assert_eq!(claimed(&running, mine, later).version, 3);
        let paused = running.with_progress("half".into(), soon);
        assert_eq!(claimed(&paused, theirs, soon).tries, 1, "the lease is released");
        assert_eq!(running.done(soon).claim(mine, later), ExportClaim::Skip);
    }

    #[test]
    fn export_without_progress_fails_in_the_end() {
        let (mut job, mut at) = (job(), now());
        for _ in 0..MAX_TRIES {
            job = claimed(&job, Clock::System.mint(), at);
            at = at.plus_seconds(LEASE_SECONDS);
        }
        let job = claimed(&job, Clock::System.mint(), at);
        assert_eq!((job.status, job.failure.as_ref().unwrap().code.as_str()), (ExportStatus::Failed, "given_up"));
    }

    #[test]
    fn export_in_progress_becomes_stuck() {
        assert!(job().is_in_progress(now()) && !job().is_in_progress(now().plus_seconds(STUCK_SECONDS)));
        assert!(!job().done(now()).is_in_progress(now()));
    }
}
