//! Exports of accounts, as their owners ask for them and as the worker brings them on.

use aws_kit::{CommitError, Idempotency, Idempotent, random_token};
use events::{Envelope, Event, UserExportRequested};
use serde::{Deserialize, Serialize};
use values::{Error, EventId, JobId, Result, Trace, UserId};

use crate::account::Accounts;
use crate::export_job::{Claim, ExportJob};

/// Of one account, in the week that they are kept.
const MOST_EXPORTS: u32 = 20;

/// What is kept of the answer: the job as it is now is read again.
#[derive(Serialize, Deserialize)]
struct Begun {
    id: JobId,
}

/// Begins an export of all that is held of an account, or finds the one that is under way. 409 `too_many_exports` beyond 20 in a
/// week. 1 read, 1 transaction; 1 read more for a repetition.
pub async fn begin_export(
    accounts: &Accounts,
    user: UserId,
    trace: &Trace,
    idempotency: Option<&Idempotency>,
) -> Result<Idempotent<ExportJob>> {
    match (try_begin(accounts, user, trace, idempotency).await, idempotency) {
        (Err(error), Some(idempotency)) => {
            let begun: Begun = idempotency.or_earlier(&accounts.store.table, accounts.clock.now(), error).await?;
            export(accounts, user, begun.id).await.map(Idempotent::Replayed)
        }
        (tried, _) => tried.map(Idempotent::Fresh),
    }
}

async fn try_begin(
    accounts: &Accounts,
    user: UserId,
    trace: &Trace,
    idempotency: Option<&Idempotency>,
) -> Result<ExportJob> {
    let (store, clock, now) = (&accounts.store, &accounts.clock, accounts.clock.now());
    let mut known = store.exports(user, MOST_EXPORTS).await?;
    known.retain(|job| job.is_kept(now));
    let full = known.len() >= MOST_EXPORTS as usize;
    if let Some(under_way) = known.into_iter().find(|job| job.is_under_way(now)) {
        return Ok(under_way);
    }
    if full {
        let detail =
            format!("There are {MOST_EXPORTS} exports of the last seven days. Use one of them, or wait a day.");
        return Err(Error::conflict("too_many_exports", detail));
    }
    let job = ExportJob::new(clock.mint(), user, random_token()?, now);
    let asked = Event::UserExportRequested(UserExportRequested { user_id: user, job_id: job.id });
    let mut transaction = store.create_export(&job, &Envelope::new(clock, trace, job.id, job.version, asked))?;
    if let Some(idempotency) = idempotency {
        transaction.add(idempotency.keep(&store.table, &Begun { id: job.id }, now)?);
    }
    match transaction.commit().await {
        Ok(()) => Ok(job),
        // No account, or the same request before.
        Err(CommitError::ConditionFailed(_)) => Err(Error::not_found("account")),
        Err(error) => Err(error.into()),
    }
}

/// An export of that account, as it is now; 404 for anybody else's. 1 read.
pub async fn export(accounts: &Accounts, user: UserId, job: JobId) -> Result<ExportJob> {
    let job = accounts.store.export(user, job).await?.filter(|job| job.is_kept(accounts.clock.now()));
    job.ok_or_else(|| Error::not_found("export"))
}

/// The worker that has the message `by` in hand wants to go on with an export. 1 read, 1 write.
pub async fn claim_export(accounts: &Accounts, user: UserId, job: JobId, by: EventId) -> Result<Claim> {
    let now = accounts.clock.now();
    let Some(job) = accounts.store.export(user, job).await? else { return Ok(Claim::Leave) };
    let claimed = match job.claim(by, now) {
        Claim::Go(claimed) => claimed,
        other => return Ok(other),
    };
    match write_export(accounts, &claimed).await? {
        true => Ok(Claim::Go(claimed)),
        // Somebody has written it in between; this message may look again.
        false => Ok(Claim::NotBefore(now.plus_seconds(1))),
    }
}

/// Writes an export's next version; false: somebody else has, or it was erased. 1 write.
pub async fn write_export(accounts: &Accounts, job: &ExportJob) -> Result<bool> {
    Ok(accounts.store.put_export(job)?.run().await?.is_ok())
}
