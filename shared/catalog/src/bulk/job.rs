//! A job: an import or an export, which takes longer than a request may. It runs in slices. One worker at a time holds
//! it, and the next slice continues at the checkpoint. The caller passes times and ids.

use serde::{Deserialize, Serialize};
use values::{Actor, Error, EventId, JobId, Lease, LeaseStatus, Timestamp};

use crate::Format;
use crate::bulk::progress::{ExportProgress, ImportProgress};

/// How long jobs, reports and files are kept.
pub(crate) const RETENTION_SECONDS: i64 = 7 * 24 * 3600;
/// Longer than a worker has for a message. After it, the lease of the worker is over.
const LEASE_SECONDS: i64 = 12;
/// The most failed slices in a row. With the growing pauses of a worker they take four hours.
const MAX_TRIES: u32 = 60;

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// The file is not uploaded yet.
    Waiting,
    /// Ready for a worker.
    Queued,
    /// A worker has started it.
    Running,
    /// All lines are done.
    Done,
    /// It has failed and will not continue.
    Failed,
}

/// The lines so far, by result. After an interrupted slice is repeated, lines that it had created or updated count as
/// unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFailure {
    /// A stable code, such as `csv_column`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
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
    pub status: JobStatus,
    pub counts: Counts,
    /// Exists if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<JobFailure>,
    /// Who started it. The histories of products name them.
    pub(crate) actor: Actor,
    pub(crate) work: Work,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    /// Claims since the last checkpoint.
    #[serde(default)]
    tries: u32,
    /// Goes up with each write.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Seconds since 1970. DynamoDB deletes the row at this time or later.
    pub expires_at: i64,
}

/// May a worker continue a job?
#[derive(Debug, PartialEq)]
pub(crate) enum Claim {
    /// Yes, once this version is written over the version that was read.
    Granted(Box<Job>),
    /// It has failed too often. This version must be written, and the job is over.
    GiveUp(Box<Job>),
    /// Not yet: another delivery of the same message may still be running.
    NotBefore(Timestamp),
    /// There is nothing to do, or another worker has the job and its message.
    Skip,
}

impl Job {
    /// A new job.
    pub(crate) fn new(id: JobId, format: Format, work: Work, actor: Actor, now: Timestamp) -> Self {
        let status = match work {
            Work::Import(_) => JobStatus::Waiting,
            Work::Export(_) => JobStatus::Queued,
        };
        Self {
            id,
            format,
            status,
            counts: Counts::default(),
            failure: None,
            actor,
            work,
            lease: None,
            tries: 0,
            version: 1,
            created_at: now,
            updated_at: now,
            expires_at: now.seconds() + RETENTION_SECONDS,
        }
    }

    /// Is it an import?
    pub fn is_import(&self) -> bool {
        matches!(self.work, Work::Import(_))
    }

    /// Is it done or failed?
    pub fn is_over(&self) -> bool {
        matches!(self.status, JobStatus::Done | JobStatus::Failed)
    }

    /// Has nothing happened for so long that its message must be lost?
    pub(crate) fn is_stuck(&self, now: Timestamp, after_seconds: i64) -> bool {
        !self.is_over() && self.updated_at.plus_seconds(after_seconds) <= now && !self.is_leased(now)
    }

    fn is_leased(&self, now: Timestamp) -> bool {
        self.lease.is_some_and(|lease| lease.is_active(now))
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

    /// The next version, written at `now`.
    fn next_version(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// The next version: its file is uploaded, or it is announced again.
    pub(crate) fn queued(&self, now: Timestamp) -> Self {
        let status = if self.status == JobStatus::Waiting { JobStatus::Queued } else { self.status };
        Self { status, ..self.next_version(now) }
    }

    /// Decides whether the worker with the message `by` may continue the job.
    pub(crate) fn claim(&self, by: EventId, now: Timestamp) -> Claim {
        if self.is_over() || self.status == JobStatus::Waiting {
            return Claim::Skip;
        }
        match Lease::status(self.lease, by, now) {
            LeaseStatus::HeldByThis(until) => return Claim::NotBefore(until),
            LeaseStatus::HeldByOther => return Claim::Skip,
            LeaseStatus::Free => {}
        }
        if self.tries >= MAX_TRIES {
            let given_up = Error::conflict("given_up", "The job failed too often. Start a new one.");
            return Claim::GiveUp(Box::new(self.with_failure(&given_up, now)));
        }
        let lease = Some(Lease::new(by, LEASE_SECONDS, now));
        Claim::Granted(Box::new(Self {
            status: JobStatus::Running,
            lease,
            tries: self.tries + 1,
            ..self.next_version(now)
        }))
    }

    /// The next version after a failed slice: without a lease.
    pub(crate) fn released(&self, now: Timestamp) -> Self {
        Self { lease: None, ..self.next_version(now) }
    }

    /// The next version after a slice: its checkpoint, without a lease.
    pub(crate) fn with_progress(&self, work: Work, counts: Counts, now: Timestamp) -> Self {
        Self { work, counts, lease: None, tries: 0, ..self.next_version(now) }
    }

    /// The next version after the last slice. The worker keeps its lease.
    pub(crate) fn with_final_progress(&self, work: Work, counts: Counts, now: Timestamp) -> Self {
        Self { lease: self.lease, ..self.with_progress(work, counts, now) }
    }

    /// The next version: its file is complete.
    pub(crate) fn completed(&self, now: Timestamp) -> Self {
        Self { status: JobStatus::Done, ..self.with_progress(self.work.clone(), self.counts, now) }
    }

    /// The next version: it has failed.
    pub(crate) fn with_failure(&self, error: &Error, now: Timestamp) -> Self {
        let failure = Some(JobFailure { code: error.code.to_owned(), message: error.detail.clone() });
        Self { status: JobStatus::Failed, failure, lease: None, ..self.next_version(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use values::Clock;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    fn import() -> Job {
        let work = Work::Import(ImportProgress::default());
        Job::new(Clock::System.mint(), Format::Csv, work, Actor::system("test"), now())
    }

    fn message() -> EventId {
        Clock::System.mint()
    }

    fn claimed(job: &Job, by: EventId, at: Timestamp) -> Job {
        match job.claim(by, at) {
            Claim::Granted(job) => *job,
            other => panic!("the job must be claimable: {other:?}"),
        }
    }

    #[test]
    fn job_waits_for_its_file_and_then_for_a_worker() {
        let job = import();
        assert_eq!((job.status, job.claim(message(), now())), (JobStatus::Waiting, Claim::Skip));
        let job = job.queued(now());
        assert_eq!((job.status, job.version), (JobStatus::Queued, 2));
        assert_eq!(claimed(&job, message(), now()).status, JobStatus::Running);
    }

    #[test]
    fn one_worker_at_a_time_holds_a_job() {
        let (mine, theirs) = (message(), message());
        let job = claimed(&import().queued(now()), mine, now());
        let (soon, later) = (now().plus_seconds(LEASE_SECONDS - 1), now().plus_seconds(LEASE_SECONDS));
        assert_eq!(job.claim(theirs, soon), Claim::Skip, "the message of the other worker continues it");
        assert_eq!(job.claim(mine, soon), Claim::NotBefore(later), "this message must not be lost");
        assert_eq!(claimed(&job, theirs, later).version, job.version + 1);
        let advanced = job.with_progress(job.work.clone(), job.counts, soon);
        assert_eq!(claimed(&advanced, theirs, soon).tries, 1, "a slice ends the lease");
    }

    #[test]
    fn outage_releases_the_job_and_counts_as_a_try() {
        let (mine, job) = (message(), import().queued(now()));
        let leased = claimed(&job, mine, now());
        let free = claimed(&leased.released(now()), mine, now());
        assert_eq!((free.tries, free.version), (2, job.version + 3));
    }

    #[test]
    fn job_is_given_up_after_too_many_tries() {
        let mut job = import().queued(now());
        let mut at = now();
        for _ in 0..MAX_TRIES {
            job = claimed(&job, message(), at);
            at = at.plus_seconds(LEASE_SECONDS);
        }
        let Claim::GiveUp(job) = job.claim(message(), at) else { panic!("the job must be given up") };
        assert_eq!((job.status, job.failure.as_ref().unwrap().code.as_str()), (JobStatus::Failed, "given_up"));
        assert_eq!(job.claim(message(), at), Claim::Skip);
    }

    #[test]
    fn only_a_job_without_lease_is_stuck() {
        let job = claimed(&import().queued(now()), message(), now());
        assert!(!job.is_stuck(now().plus_seconds(5), 1));
        assert!(job.is_stuck(now().plus_seconds(LEASE_SECONDS), 1));
        assert!(!job.completed(now()).is_stuck(now().plus_seconds(999), 1));
    }

    proptest! {
        /// Messages arrive in any order, twice and late, and workers crash. One worker at a time holds the job. While
        /// it is not over, some message will be delivered again and may continue it.
        #[test]
        fn job_is_never_held_twice_and_never_lost(steps in prop::collection::vec((0usize..4, 0usize..3, 1i64..20), 1..60)) {
            let first = message();
            let mut job = import().queued(now());
            let (mut messages, mut at) = (vec![first], now());
            let mut lease: Option<(EventId, Timestamp, u64)> = None;
            for (which, fate, seconds) in steps {
                at = at.plus_seconds(seconds);
                let by = messages[which % messages.len()];
                match job.claim(by, at) {
                    Claim::Granted(next) => {
                        prop_assert!(lease.is_none_or(|(_, until, _)| until <= at), "held twice");
                        job = *next;
                        lease = Some((by, at.plus_seconds(LEASE_SECONDS), job.version));
                        // 0: the slice succeeds. 1: the worker crashes and its message stays. 2: it crashes after its
                        // checkpoint.
                        if fate != 1 {
                            job = job.with_progress(job.work.clone(), job.counts, at);
                            lease = None;
                        }
                        if fate == 0 {
                            messages.retain(|message| *message != by);
                            messages.push(message());
                        }
                    }
                    Claim::Skip => {
                        prop_assert!(messages.len() > 1, "the only message must not be dropped");
                        messages.retain(|message| *message != by);
                    }
                    Claim::NotBefore(until) => prop_assert!(until > at),
                    Claim::GiveUp(_) => return Ok(()),
                }
                if fate == 2 {
                    messages.push(first);
                }
                prop_assert!(lease.is_none_or(|(by, until, _)| until <= at || messages.contains(&by)));
                prop_assert!(!messages.is_empty());
            }
        }
    }
}
