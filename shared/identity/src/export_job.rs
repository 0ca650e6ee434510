//! The export of an account: a job that ends in one file of all that is held of a person. Pure.

use serde::{Deserialize, Serialize};
use values::{Error, EventId, JobId, Lease, LeaseStatus, Timestamp, UserId};

/// The job and its file are kept so long.
const KEPT_SECONDS: i64 = 7 * 24 * 3600;
/// Longer than a worker has for a message: after it, whoever held the job holds it no more.
const HELD_SECONDS: i64 = 12;
/// Slices that come to nothing, one after the other.
const MOST_TRIES: u32 = 60;
/// A job that did not move for so long has lost its message, and another may be begun.
const STUCK_SECONDS: i64 = 900;

/// Where an export stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportStatus {
    /// Its turn comes.
    Queued,
    /// It is being written.
    Running,
    /// The file is whole.
    Done,
    /// It will not go on.
    Failed,
}

/// Why an export ended before its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFailure {
    /// Stable.
    pub code: String,
    /// For a person.
    pub message: String,
}

/// An export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportJob {
    /// Names it.
    pub id: JobId,
    /// Whose.
    pub user_id: UserId,
    /// Where it stands.
    pub status: ExportStatus,
    /// Why it failed, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ExportFailure>,
    /// What the file is called in its folder: not to be guessed.
    file: String,
    /// How far its worker has come, in the worker's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    /// Claims since it was last moved on.
    #[serde(default)]
    tries: u32,
    /// One more with every write.
    pub version: u64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was moved on last.
    pub updated_at: Timestamp,
    /// In seconds: DynamoDB forgets it then, and S3 the file.
    pub expires_at: i64,
}

/// May a worker go on with an export?
#[derive(Debug, PartialEq)]
pub enum Claim {
    /// Yes.
    Go(Box<ExportJob>),
    /// Not yet: this message's last receiver may be at it still.
    NotBefore(Timestamp),
    /// There is nothing to do, or somebody else does it.
    Leave,
}

/// The folder of all files of an account's exports.
pub fn folder_of(user: UserId) -> String {
    format!("personal/{user}/")
}

impl ExportJob {
    /// One that somebody asks for; `secret` is what its file is called.
    pub(crate) fn new(id: JobId, user_id: UserId, secret: String, now: Timestamp) -> Self {
        Self {
            id,
            user_id,
            status: ExportStatus::Queued,
            failure: None,
            file: secret,
            progress: None,
            lease: None,
            tries: 0,
            version: 1,
            created_at: now,
            updated_at: now,
            expires_at: now.seconds() + KEPT_SECONDS,
        }
    }

    /// Where the file is, or will be.
    pub fn key(&self) -> String {
        format!("{}{}.json", folder_of(self.user_id), self.file)
    }

    /// Will it not move any more?
    pub fn is_over(&self) -> bool {
        matches!(self.status, ExportStatus::Done | ExportStatus::Failed)
    }

    /// Is it still known? DynamoDB forgets late.
    pub(crate) fn is_kept(&self, now: Timestamp) -> bool {
        now.seconds() < self.expires_at
    }

    /// Is somebody about to write it, so that there is no need of another?
    pub(crate) fn is_under_way(&self, now: Timestamp) -> bool {
        !self.is_over() && now < self.updated_at.plus_seconds(STUCK_SECONDS)
    }

    fn next(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// The worker that has the message `by` in hand wants to go on. What it gets is to be written over the version that was read;
    /// a job that was tried in vain too often has failed then.
    pub(crate) fn claim(&self, by: EventId, now: Timestamp) -> Claim {
        if self.is_over() {
            return Claim::Leave;
        }
        match Lease::status(self.lease, by, now) {
            LeaseStatus::HeldByThis(until) => return Claim::NotBefore(until),
            LeaseStatus::HeldByOther => return Claim::Leave,
            LeaseStatus::Free => {}
        }
        if self.tries >= MOST_TRIES {
            let given_up = Error::conflict("given_up", "It was tried again and again and came to nothing.");
            return Claim::Go(Box::new(self.failed(&given_up, now)));
        }
        let lease = Some(Lease::new(by, HELD_SECONDS, now));
        let claimed = Self { status: ExportStatus::Running, lease, tries: self.tries + 1, ..self.next(now) };
        Claim::Go(Box::new(claimed))
    }

    /// A slice came to nothing, and whoever held the job lets go of it.
    #[must_use]
    pub fn released(&self, now: Timestamp) -> Self {
        Self { lease: None, ..self.next(now) }
    }

    /// A slice has ended, at that progress.
    #[must_use]
    pub fn moved(&self, progress: String, now: Timestamp) -> Self {
        Self { progress: Some(progress), lease: None, tries: 0, ..self.next(now) }
    }

    /// The last slice has ended; whoever holds the job goes on holding it.
    #[must_use]
    pub fn ending(&self, progress: String, now: Timestamp) -> Self {
        Self { lease: self.lease, ..self.moved(progress, now) }
    }

    /// Its file is whole.
    #[must_use]
    pub fn done(&self, now: Timestamp) -> Self {
        Self { status: ExportStatus::Done, progress: None, lease: None, ..self.next(now) }
    }

    /// It cannot go on.
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

    fn claimed(job: &ExportJob, by: EventId, at: Timestamp) -> ExportJob {
        match job.claim(by, at) {
            Claim::Go(job) => *job,
            other => panic!("it can be claimed: {other:?}"),
        }
    }

    #[test]
    fn one_worker_at_a_time_holds_an_export() {
        let (mine, theirs): (EventId, EventId) = (Clock::System.mint(), Clock::System.mint());
        let held = claimed(&job(), mine, now());
        let (soon, later) = (now().plus_seconds(HELD_SECONDS - 1), now().plus_seconds(HELD_SECONDS));
        assert_eq!(held.claim(theirs, soon), Claim::Leave);
        assert_eq!(held.claim(mine, soon), Claim::NotBefore(later), "a crash brings the same message again");
        assert_eq!(claimed(&held, mine, later).version, 3);
        let moved = held.moved("half".into(), soon);
        assert_eq!(claimed(&moved, theirs, soon).tries, 1, "after a slice it is free again");
        assert_eq!(held.done(soon).claim(mine, later), Claim::Leave);
    }

    #[test]
    fn what_is_tried_in_vain_comes_to_an_end() {
        let (mut job, mut at) = (job(), now());
        for _ in 0..MOST_TRIES {
            job = claimed(&job, Clock::System.mint(), at);
            at = at.plus_seconds(HELD_SECONDS);
        }
        let job = claimed(&job, Clock::System.mint(), at);
        assert_eq!((job.status, job.failure.as_ref().unwrap().code.as_str()), (ExportStatus::Failed, "given_up"));
    }

    #[test]
    fn one_under_way_is_enough_unless_it_is_stuck() {
        assert!(job().is_under_way(now()) && !job().is_under_way(now().plus_seconds(STUCK_SECONDS)));
        assert!(!job().done(now()).is_under_way(now()));
    }
}
