//! A job: an import or an export, which takes longer than a request may. It is worked off in slices; one worker at a time
//! holds it, and whoever goes on begins where the last slice ended. Pure: times and ids come from outside.

use serde::{Deserialize, Serialize};
use values::{Actor, Error, EventId, JobId, Lease, LeaseClaim, Timestamp};

use crate::Format;
use crate::bulk::progress::{ExportProgress, ImportProgress};

/// JobService, reports and files are kept so long.
pub(crate) const RETENTION_SECONDS: i64 = 7 * 24 * 3600;
/// Longer than a worker has for a message: after it, whoever held the job holds it no more.
const LEASE_SECONDS: i64 = 12;
/// Slices that come to nothing, one after the other. With a worker's growing pauses that is four hours of an outage.
const MAX_TRIES: u32 = 60;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// Its file is not there yet.
    Waiting,
    /// Its turn comes.
    Queued,
    /// It is being worked off.
    Running,
    /// Everything was looked at.
    Done,
    /// It will not go on.
    Failed,
}

/// What became of the lines so far. A slice that was broken off and repeated finds what it had done done: then fewer lines
/// are counted as created or updated than were, and more as unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// All that were looked at, or written.
    pub lines: u64,
    /// CatalogService that are new.
    pub created: u64,
    /// CatalogService that are another now, or are counted anew.
    pub updated: u64,
    /// CatalogService that were so already.
    pub unchanged: u64,
    /// Lines that the report tells of.
    pub rejected: u64,
}

/// Why a job ended before its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFailure {
    /// Stable, such as `csv_column`.
    pub code: String,
    /// For a person.
    pub message: String,
}

/// What is done, and how far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Work {
    /// Lines of a file become products.
    Import(ImportProgress),
    /// CatalogService become lines of a file.
    Export(ExportProgress),
}

impl Work {
    /// Was everything looked at, or written?
    pub(crate) fn has_ended(&self) -> bool {
        match self {
            Self::Import(import) => import.ended,
            Self::Export(export) => export.ended,
        }
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Names it.
    pub id: JobId,
    /// Of its file.
    pub format: Format,
    /// Where it stands.
    pub status: JobStatus,
    /// What became of the lines so far.
    pub counts: Counts,
    /// Why it failed, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<JobFailure>,
    /// Whoever wanted it: the histories of products name them.
    pub(crate) actor: Actor,
    pub(crate) work: Work,
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
    /// In seconds: DynamoDB forgets it then.
    pub expires_at: i64,
}

/// May a worker go on with a job?
#[derive(Debug, PartialEq)]
pub(crate) enum Claim {
    /// Yes, when this is written over the version that was read.
    Granted(Box<Job>),
    /// It has tried in vain too often: this is to be written, and that is the end.
    GiveUp(Box<Job>),
    /// Not yet: this message's last receiver may be at it still.
    NotBefore(Timestamp),
    /// There is nothing to do, or somebody else does it, whose own message brings it on.
    Skip,
}

impl Job {
    /// A job that somebody asks for.
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

    /// Will it not move any more?
    pub fn is_over(&self) -> bool {
        matches!(self.status, JobStatus::Done | JobStatus::Failed)
    }

    /// Has nothing happened for so long that its message must be lost?
    pub(crate) fn is_stuck(&self, now: Timestamp, after_seconds: i64) -> bool {
        !self.is_over() && self.updated_at.plus_seconds(after_seconds) <= now && !self.is_leased(now)
    }

    fn is_leased(&self, now: Timestamp) -> bool {
        self.lease.is_some_and(|lease| lease.holds(now))
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

    /// The next version, of that moment.
    fn next_version(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// Its file is there, or its turn comes once more.
    pub(crate) fn queued(&self, now: Timestamp) -> Self {
        let status = if self.status == JobStatus::Waiting { JobStatus::Queued } else { self.status };
        Self { status, ..self.next_version(now) }
    }

    /// The worker that has the message `by` in hand wants to go on.
    pub(crate) fn claim(&self, by: EventId, now: Timestamp) -> Claim {
        if self.is_over() || self.status == JobStatus::Waiting {
            return Claim::Skip;
        }
        match Lease::seen(self.lease, by, now) {
            LeaseClaim::ByThis(until) => return Claim::NotBefore(until),
            LeaseClaim::ByAnother => return Claim::Skip,
            LeaseClaim::Free => {}
        }
        if self.tries >= MAX_TRIES {
            let given_up = Error::conflict("given_up", "It was tried again and again and came to nothing.");
            return Claim::GiveUp(Box::new(self.with_failure(&given_up, now)));
        }
        let lease = Some(Lease::taken(by, LEASE_SECONDS, now));
        Claim::Granted(Box::new(Self {
            status: JobStatus::Running,
            lease,
            tries: self.tries + 1,
            ..self.next_version(now)
        }))
    }

    /// A slice came to nothing, and whoever held the job lets go of it.
    pub(crate) fn released(&self, now: Timestamp) -> Self {
        Self { lease: None, ..self.next_version(now) }
    }

    /// A slice has ended.
    pub(crate) fn with_progress(&self, work: Work, counts: Counts, now: Timestamp) -> Self {
        Self { work, counts, lease: None, tries: 0, ..self.next_version(now) }
    }

    /// The last slice has ended; whoever holds the job goes on holding it.
    pub(crate) fn with_final_progress(&self, work: Work, counts: Counts, now: Timestamp) -> Self {
        Self { lease: self.lease, ..self.with_progress(work, counts, now) }
    }

    /// Its file is whole.
    pub(crate) fn completed(&self, now: Timestamp) -> Self {
        Self { status: JobStatus::Done, ..self.with_progress(self.work.clone(), self.counts, now) }
    }

    /// It cannot go on.
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
            other => panic!("it can be claimed: {other:?}"),
        }
    }

    #[test]
    fn a_job_waits_for_its_file_and_then_for_its_turn() {
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
        assert_eq!(job.claim(theirs, soon), Claim::Skip, "its own message brings it on");
        assert_eq!(job.claim(mine, soon), Claim::NotBefore(later), "and that one must not be lost");
        assert_eq!(claimed(&job, theirs, later).version, job.version + 1);
        let advanced = job.with_progress(job.work.clone(), job.counts, soon);
        assert_eq!(claimed(&advanced, theirs, soon).tries, 1, "after a slice it is free again");
    }

    #[test]
    fn an_outage_lets_go_of_the_job_and_still_counts_as_a_try() {
        let (mine, job) = (message(), import().queued(now()));
        let held = claimed(&job, mine, now());
        let free = claimed(&held.released(now()), mine, now());
        assert_eq!((free.tries, free.version), (2, job.version + 3));
    }

    #[test]
    fn what_is_tried_in_vain_comes_to_an_end() {
        let mut job = import().queued(now());
        let mut at = now();
        for _ in 0..MAX_TRIES {
            job = claimed(&job, message(), at);
            at = at.plus_seconds(LEASE_SECONDS);
        }
        let Claim::GiveUp(job) = job.claim(message(), at) else { panic!("it is given up") };
        assert_eq!((job.status, job.failure.as_ref().unwrap().code.as_str()), (JobStatus::Failed, "given_up"));
        assert_eq!(job.claim(message(), at), Claim::Skip);
    }

    #[test]
    fn only_what_nobody_holds_is_stuck() {
        let job = claimed(&import().queued(now()), message(), now());
        assert!(!job.is_stuck(now().plus_seconds(5), 1));
        assert!(job.is_stuck(now().plus_seconds(LEASE_SECONDS), 1));
        assert!(!job.completed(now()).is_stuck(now().plus_seconds(999), 1));
    }

    proptest! {
        /// Messages come in any order, twice, and late; workers die. Whoever holds the job is alone, and while the job is not
        /// over there is a message that will be received again and may then go on.
        #[test]
        fn a_job_is_never_held_twice_and_never_forgotten(steps in prop::collection::vec((0usize..4, 0usize..3, 1i64..20), 1..60)) {
            let first = message();
            let mut job = import().queued(now());
            let (mut messages, mut at) = (vec![first], now());
            let mut held: Option<(EventId, Timestamp, u64)> = None;
            for (which, fate, seconds) in steps {
                at = at.plus_seconds(seconds);
                let by = messages[which % messages.len()];
                match job.claim(by, at) {
                    Claim::Granted(next) => {
                        prop_assert!(held.is_none_or(|(_, until, _)| until <= at), "held twice");
                        job = *next;
                        held = Some((by, at.plus_seconds(LEASE_SECONDS), job.version));
                        // 0: the slice ends well. 1: the worker dies, and its message stays. 2: it dies after its checkpoint.
                        if fate != 1 {
                            job = job.with_progress(job.work.clone(), job.counts, at);
                            held = None;
                        }
                        if fate == 0 {
                            messages.retain(|message| *message != by);
                            messages.push(message());
                        }
                    }
                    Claim::Skip => {
                        prop_assert!(messages.len() > 1, "the only message must not be left");
                        messages.retain(|message| *message != by);
                    }
                    Claim::NotBefore(until) => prop_assert!(until > at),
                    Claim::GiveUp(_) => return Ok(()),
                }
                if fate == 2 {
                    messages.push(first);
                }
                prop_assert!(held.is_none_or(|(by, until, _)| until <= at || messages.contains(&by)));
                prop_assert!(!messages.is_empty());
            }
        }
    }
}
