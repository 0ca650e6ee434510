//! Runs jobs: claim, slice, checkpoint, finish. What a slice does is the context's; so is the row around the state.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use values::{Clock, Error, EventId, JobClaim, JobState, Result, Timestamp};

use crate::fault;

/// A slice begins no new step after so long; a worker has 8 seconds for a message.
const SLICE: Duration = Duration::from_secs(5);
/// The step that a slice has begun may end so late.
const MAX_SLICE: Duration = Duration::from_secs(7);

/// A kind of job: its row, and what its slices do.
pub trait JobKind {
    /// The row; it holds a [`JobState`] and the checkpoint.
    type Job: Send + Sync;

    /// Labels of the fault points after the claim, after a slice, before the finish, and after a checkpoint.
    const FAULT_POINTS: [&'static str; 4];

    /// The state in a row.
    fn state(job: &Self::Job) -> &JobState;

    /// The row with another state.
    fn with_state(job: Self::Job, state: JobState) -> Self::Job;

    /// Writes the row over the version before it. False: a concurrent worker has written it.
    fn write(&self, job: &Self::Job) -> impl Future<Output = Result<bool>> + Send;

    /// Works until `until` and returns the row with the new checkpoint, and whether everything is done but the finish.
    fn slice(&self, job: &Self::Job, until: Instant) -> impl Future<Output = Result<(Self::Job, bool)>> + Send;

    /// Completes the output of a job whose last checkpoint is written. It may run twice.
    fn finish(&self, job: &Self::Job) -> impl Future<Output = Result<()>> + Send;
}

/// What becomes of the message of a job.
#[derive(Debug)]
pub enum JobProgress<J> {
    /// Nothing: the job has ended, or another message continues it.
    Ended,
    /// The same message is to come again, not before that time.
    Again(Timestamp),
    /// A slice has ended; a new message is to continue this job.
    Continue(J),
}

/// Works at a job for some seconds because of the message `by`. Two workers at once do no harm: the job is claimed on its version,
/// and so is every checkpoint. An outage is an error, and the message comes again; any other error fails the job.
pub async fn run_job<K: JobKind + Sync>(
    kind: &K,
    job: K::Job,
    by: EventId,
    clock: &Clock,
) -> Result<JobProgress<K::Job>> {
    let (until, now) = (Instant::now() + SLICE, clock.now());
    let job = match K::state(&job).claim(by, now) {
        JobClaim::Run(state) => K::with_state(job, state),
        JobClaim::GiveUp(state) => {
            kind.write(&K::with_state(job, state)).await?;
            return Ok(JobProgress::Ended);
        }
        JobClaim::NotBefore(at) => return Ok(JobProgress::Again(at)),
        JobClaim::Skip => return Ok(JobProgress::Ended),
    };
    if !kind.write(&job).await? {
        // A concurrent worker has claimed it and has a message of its own; this message may try again.
        return Ok(JobProgress::Again(now.plus_seconds(1)));
    }
    let [after_claim, after_slice, before_finish, after_checkpoint] = K::FAULT_POINTS;
    fault::point(after_claim);
    let slice = timeout(MAX_SLICE, kind.slice(&job, until)).await;
    let (next, is_complete) = match slice.unwrap_or_else(|late| Err(Error::unavailable("slice of a job", late))) {
        Ok(slice) => slice,
        Err(error) => {
            let (state, now) = (K::state(&job), clock.now());
            let is_outage = error.is_outage();
            let state = if is_outage { state.released(now) } else { state.failed(&error, now) };
            let is_written = kind.write(&K::with_state(job, state)).await?;
            if is_outage {
                return Err(error);
            }
            if is_written {
                tracing::warn!(error.code = error.code, error.cause = error.causes(), "job failed");
            }
            return Ok(JobProgress::Ended);
        }
    };
    fault::point(after_slice);
    if !is_complete {
        let state = K::state(&next).checkpoint(clock.now());
        let next = K::with_state(next, state);
        // False: another worker has the job, and its message.
        let is_written = kind.write(&next).await?;
        fault::point(after_checkpoint);
        return Ok(if is_written { JobProgress::Continue(next) } else { JobProgress::Ended });
    }
    // The checkpoint is written before the output is completed: after a crash the next worker knows the parts.
    let state = K::state(&next).last_checkpoint(clock.now());
    let last = K::with_state(next, state);
    if !kind.write(&last).await? {
        return Ok(JobProgress::Ended);
    }
    fault::point(before_finish);
    kind.finish(&last).await?;
    let state = K::state(&last).done(clock.now());
    kind.write(&K::with_state(last, state)).await?;
    Ok(JobProgress::Ended)
}
