//! A job: work that takes longer than one message. It is done in slices. One worker at a time holds the job by a lease, and each
//! slice begins at the checkpoint of the last one. Pure: times and ids come from outside.

use serde::{Deserialize, Serialize};

use crate::{Error, EventId, Timestamp};

/// A job and its files are deleted after seven days.
const RETENTION_SECONDS: i64 = 7 * 24 * 3600;
/// Longer than a worker has for a message: when it has passed, the worker has ended or died.
const LEASE_SECONDS: i64 = 12;
/// Attempts without progress, one after the other. With a worker's growing pauses that is four hours of an outage.
const MAX_ATTEMPTS: u32 = 60;

/// The status of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// It waits for its file.
    Waiting,
    /// It waits for a worker.
    Queued,
    /// A worker has begun it.
    Running,
    /// It is complete.
    Done,
    /// It ended with an error.
    Failed,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct JobFailure {
    /// Stable, such as `csv_column`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// A worker's hold on a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    /// The message that the worker has received. If the worker dies, the queue delivers that message again.
    by: EventId,
    until: Timestamp,
}

/// The part of a job's row that every kind of job has. It is flattened into the row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobState {
    pub status: JobStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<JobFailure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    /// Since the last checkpoint.
    #[serde(default, rename = "tries")]
    attempts: u32,
    /// Counts every write of the row.
    pub version: u64,
    pub created_at: Timestamp,
    /// The time of the last write.
    pub updated_at: Timestamp,
    /// In seconds: DynamoDB's TTL deletes the row then.
    pub expires_at: i64,
}

/// Whether a worker may go on with a job.
#[derive(Debug, PartialEq)]
pub enum JobClaim {
    /// Yes, once this state is written over the version that was read.
    Run(JobState),
    /// No: it made no progress in too many attempts. This state is to be written, and the job has failed.
    GiveUp(JobState),
    /// Not before this time: the worker that received the same message before may still hold the job.
    NotBefore(Timestamp),
    /// No: the job has ended, or another message continues it.
    Skip,
}

impl JobState {
    /// A new job, which waits for its file or for a worker.
    pub fn new(status: JobStatus, now: Timestamp) -> Self {
        Self {
            status,
            failure: None,
            lease: None,
            attempts: 0,
            version: 1,
            created_at: now,
            updated_at: now,
            expires_at: now.seconds() + RETENTION_SECONDS,
        }
    }

    /// Whether the job has ended, well or not.
    pub fn has_ended(&self) -> bool {
        matches!(self.status, JobStatus::Done | JobStatus::Failed)
    }

    /// Whether the row has expired; DynamoDB's TTL deletes late.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now.seconds()
    }

    /// Whether the job has made no progress for so long that its message must be lost.
    pub fn is_stuck(&self, now: Timestamp, after_seconds: i64) -> bool {
        let is_held = self.lease.is_some_and(|lease| now < lease.until);
        !self.has_ended() && self.updated_at.plus_seconds(after_seconds) <= now && !is_held
    }

    fn next(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// The file has arrived, or the job's message is sent again.
    #[must_use]
    pub fn queued(&self, now: Timestamp) -> Self {
        let status = if self.status == JobStatus::Waiting { JobStatus::Queued } else { self.status };
        Self { status, ..self.next(now) }
    }

    /// The worker that has received the message `by` wants to go on.
    pub fn claim(&self, by: EventId, now: Timestamp) -> JobClaim {
        if self.has_ended() || self.status == JobStatus::Waiting {
            return JobClaim::Skip;
        }
        match self.lease.filter(|lease| now < lease.until) {
            Some(lease) if lease.by == by => return JobClaim::NotBefore(lease.until),
            Some(_) => return JobClaim::Skip,
            None => {}
        }
        if self.attempts >= MAX_ATTEMPTS {
            let error = Error::conflict("given_up", "The job made no progress in too many attempts.");
            return JobClaim::GiveUp(self.failed(&error, now));
        }
        let lease = Some(Lease { by, until: now.plus_seconds(LEASE_SECONDS) });
        JobClaim::Run(Self { status: JobStatus::Running, lease, attempts: self.attempts + 1, ..self.next(now) })
    }

    /// An attempt made no progress; the worker gives up its lease, so that the message's own pause counts.
    #[must_use]
    pub fn released(&self, now: Timestamp) -> Self {
        Self { lease: None, ..self.next(now) }
    }

    /// A slice has ended at a checkpoint, and any worker may go on.
    #[must_use]
    pub fn checkpoint(&self, now: Timestamp) -> Self {
        Self { lease: None, attempts: 0, ..self.next(now) }
    }

    /// The last slice has ended at a checkpoint; the worker keeps its lease to finish the job.
    #[must_use]
    pub fn last_checkpoint(&self, now: Timestamp) -> Self {
        Self { attempts: 0, ..self.next(now) }
    }

    /// The job is complete.
    #[must_use]
    pub fn done(&self, now: Timestamp) -> Self {
        Self { status: JobStatus::Done, ..self.checkpoint(now) }
    }

    /// The job cannot go on.
    #[must_use]
    pub fn failed(&self, error: &Error, now: Timestamp) -> Self {
        let failure = Some(JobFailure { code: error.code.to_owned(), message: error.detail.clone() });
        Self { status: JobStatus::Failed, failure, lease: None, ..self.next(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    fn queued() -> JobState {
        JobState::new(JobStatus::Waiting, now()).queued(now())
    }

    fn message() -> EventId {
        Clock::System.mint()
    }

    fn claimed(job: &JobState, by: EventId, at: Timestamp) -> JobState {
        match job.claim(by, at) {
            JobClaim::Run(job) => job,
            other => panic!("it can be claimed: {other:?}"),
        }
    }

    #[test]
    fn job_waits_for_its_file_and_then_for_a_worker() {
        let job = JobState::new(JobStatus::Waiting, now());
        assert_eq!(job.claim(message(), now()), JobClaim::Skip);
        let job = job.queued(now());
        assert_eq!((job.status, job.version), (JobStatus::Queued, 2));
        assert_eq!(claimed(&job, message(), now()).status, JobStatus::Running);
    }

    #[test]
    fn one_worker_at_a_time_holds_a_job() {
        let (mine, theirs) = (message(), message());
        let job = claimed(&queued(), mine, now());
        let (soon, later) = (now().plus_seconds(LEASE_SECONDS - 1), now().plus_seconds(LEASE_SECONDS));
        assert_eq!(job.claim(theirs, soon), JobClaim::Skip, "the worker's own message continues the job");
        assert_eq!(job.claim(mine, soon), JobClaim::NotBefore(later), "and that message must not be lost");
        assert_eq!(claimed(&job, theirs, later).version, job.version + 1);
        assert_eq!(claimed(&job.checkpoint(soon), theirs, soon).attempts, 1, "after a slice it is free again");
        assert_eq!(job.last_checkpoint(soon).claim(theirs, soon), JobClaim::Skip);
        assert_eq!(job.done(soon).claim(mine, later), JobClaim::Skip);
    }

    #[test]
    fn release_frees_the_job_and_counts_the_attempt() {
        let (mine, job) = (message(), queued());
        let held = claimed(&job, mine, now());
        let free = claimed(&held.released(now()), mine, now());
        assert_eq!((free.attempts, free.version), (2, job.version + 3));
    }

    #[test]
    fn job_without_progress_fails() {
        let (mut job, mut at) = (queued(), now());
        for _ in 0..MAX_ATTEMPTS {
            job = claimed(&job, message(), at);
            at = at.plus_seconds(LEASE_SECONDS);
        }
        let JobClaim::GiveUp(job) = job.claim(message(), at) else { panic!("it is given up") };
        assert_eq!((job.status, job.failure.as_ref().unwrap().code.as_str()), (JobStatus::Failed, "given_up"));
        assert_eq!(job.claim(message(), at), JobClaim::Skip);
    }

    #[test]
    fn only_a_job_that_no_worker_holds_is_stuck() {
        let job = claimed(&queued(), message(), now());
        assert!(!job.is_stuck(now().plus_seconds(5), 1));
        assert!(job.is_stuck(now().plus_seconds(LEASE_SECONDS), 1));
        assert!(!job.done(now()).is_stuck(now().plus_seconds(999), 1));
    }

    proptest! {
        /// Messages come in any order, twice and late; workers die. One worker at a time holds the job, and while the job has not
        /// ended, there is a message that comes again and may then go on.
        #[test]
        fn job_is_never_held_twice_and_never_lost(steps in prop::collection::vec((0usize..4, 0usize..3, 1i64..20), 1..60)) {
            let first = message();
            let mut job = queued();
            let (mut messages, mut at) = (vec![first], now());
            let mut held: Option<(EventId, Timestamp)> = None;
            for (which, fate, seconds) in steps {
                at = at.plus_seconds(seconds);
                let by = messages[which % messages.len()];
                match job.claim(by, at) {
                    JobClaim::Run(next) => {
                        prop_assert!(held.is_none_or(|(_, until)| until <= at), "held twice");
                        job = next;
                        held = Some((by, at.plus_seconds(LEASE_SECONDS)));
                        // 0: the slice ends. 1: the worker dies, and its message stays. 2: it dies after its checkpoint.
                        if fate != 1 {
                            job = job.checkpoint(at);
                            held = None;
                        }
                        if fate == 0 {
                            messages.retain(|message| *message != by);
                            messages.push(message());
                        }
                    }
                    JobClaim::Skip => {
                        prop_assert!(messages.len() > 1, "the only message must not be dropped");
                        messages.retain(|message| *message != by);
                    }
                    JobClaim::NotBefore(until) => prop_assert!(until > at),
                    JobClaim::GiveUp(_) => return Ok(()),
                }
                if fate == 2 {
                    messages.push(first);
                }
                prop_assert!(held.is_none_or(|(by, until)| until <= at || messages.contains(&by)));
                prop_assert!(!messages.is_empty());
            }
        }
    }
}
