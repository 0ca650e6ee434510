//! Begins an export of all personal data of an account.

use aws_kit::{Changes, ConditionFailures, Decision, Idempotency, Idempotent, OptimisticWrite, random_token};
use events::{Envelope, Event, UserExportRequested};
use serde::{Deserialize, Serialize};
use values::{Error, JobId, Result, Trace, UserId};

use crate::privacy::export_job::ExportJob;
use crate::service::AccountService;

/// The most exports of one account in the week that they are kept.
const MAX_EXPORTS: u32 = 20;

/// The stored response is the id only: a repetition reads the job as it is now.
#[derive(Serialize, Deserialize)]
struct BegunExport {
    id: JobId,
    /// None in a stored response.
    #[serde(skip)]
    job: Option<ExportJob>,
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
        let (store, clock) = (&self.store, &self.clock);
        let decide = |_: Option<ConditionFailures>| async move {
            let now = clock.now();
            let mut jobs = store.exports(user, MAX_EXPORTS).await?;
            jobs.retain(|job| !job.state.has_expired(now));
            let is_full = jobs.len() >= MAX_EXPORTS as usize;
            if let Some(job) = jobs.into_iter().find(|job| job.is_in_progress(now)) {
                return Ok(Decision::Unchanged(BegunExport { id: job.id, job: Some(job) }));
            }
            if is_full {
                let detail =
                    format!("There are {MAX_EXPORTS} exports of the last seven days. Use one of them, or wait a day.");
                return Err(Error::conflict("too_many_exports", detail));
            }
            let job = ExportJob::new(clock.mint(), user, random_token()?, now);
            let requested = Event::UserExportRequested(UserExportRequested { user_id: user, job_id: job.id });
            let event = Envelope::new(clock, trace, job.id, job.state.version, requested);
            let (transaction, account) = store.create_export(&job, &event)?;
            let changes = Changes::new(transaction, BegunExport { id: job.id, job: Some(job) });
            Ok(changes.or_refuse(move |failures| Ok(failures.of(account).map(|_| Error::not_found("account")))).into())
        };
        match OptimisticWrite::new(&store.table, clock).run_idempotent(idempotency, decide).await? {
            Idempotent::Fresh(BegunExport { job: Some(job), .. }) => Ok(Idempotent::Fresh(job)),
            Idempotent::Fresh(BegunExport { id, .. }) => self.find_export(user, id).await.map(Idempotent::Fresh),
            Idempotent::Replayed(BegunExport { id, .. }) => self.find_export(user, id).await.map(Idempotent::Replayed),
        }
    }
}
