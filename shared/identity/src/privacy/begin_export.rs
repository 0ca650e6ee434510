//! Begins an export of all personal data of an account.

use aws_kit::{CommitError, Idempotency, Idempotent, random_token};
use events::{Envelope, Event, UserExportRequested};
use serde::{Deserialize, Serialize};
use values::{Error, JobId, Result, Trace, UserId};

use crate::privacy::export_job::ExportJob;
use crate::service::AccountService;

/// The most exports of one account in the week that they are kept.
const MAX_EXPORTS: u32 = 20;

/// The stored response. A repetition reads the job as it is now.
#[derive(Serialize, Deserialize)]
struct StoredResponse {
    id: JobId,
}

impl AccountService {
    /// Begins an export, or finds the one that is in progress. 409 `too_many_exports` beyond 20 in a week. 1 read, 1 transaction;
    /// 1 read more for a repetition.
    pub async fn begin_export(
        &self,
        user: UserId,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<ExportJob>> {
        match (self.try_begin_export(user, trace, idempotency).await, idempotency) {
            (Err(error), Some(idempotency)) => {
                let earlier: StoredResponse =
                    idempotency.or_earlier(&self.store.table, self.clock.now(), error).await?;
                self.find_export(user, earlier.id).await.map(Idempotent::Replayed)
            }
            (begun, _) => begun.map(Idempotent::Fresh),
        }
    }

    async fn try_begin_export(
        &self,
        user: UserId,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<ExportJob> {
        let (store, clock, now) = (&self.store, &self.clock, self.clock.now());
        let mut jobs = store.exports(user, MAX_EXPORTS).await?;
        jobs.retain(|job| job.is_kept(now));
        let is_full = jobs.len() >= MAX_EXPORTS as usize;
        if let Some(job) = jobs.into_iter().find(|job| job.is_in_progress(now)) {
            return Ok(job);
        }
        if is_full {
            let detail =
                format!("There are {MAX_EXPORTS} exports of the last seven days. Use one of them, or wait a day.");
            return Err(Error::conflict("too_many_exports", detail));
        }
        let job = ExportJob::new(clock.mint(), user, random_token()?, now);
        let requested = Event::UserExportRequested(UserExportRequested { user_id: user, job_id: job.id });
        let event = Envelope::new(clock, trace, job.id, job.version, requested);
        let mut transaction = store.create_export(&job, &event)?;
        if let Some(idempotency) = idempotency {
            transaction.add(idempotency.keep(&store.table, &StoredResponse { id: job.id }, now)?);
        }
        match transaction.commit().await {
            Ok(()) => Ok(job),
            // There is no account, or the request is a repetition.
            Err(CommitError::ConditionFailed(_)) => Err(Error::not_found("account")),
            Err(error) => Err(error.into()),
        }
    }
}
