//! Claims an export for a worker.

use values::{EventId, JobId, Result, UserId};

use crate::privacy::export_job::ExportClaim;
use crate::service::AccountService;

impl AccountService {
    /// Claims an export for the worker that handles the message `message`. 1 read, 1 write.
    pub async fn claim_export(&self, user: UserId, job: JobId, message: EventId) -> Result<ExportClaim> {
        let now = self.clock.now();
        let Some(job) = self.store.export(user, job).await? else { return Ok(ExportClaim::Skip) };
        let claimed = match job.claim(message, now) {
            ExportClaim::Run(claimed) => claimed,
            other => return Ok(other),
        };
        match self.write_export(&claimed).await? {
            true => Ok(ExportClaim::Run(claimed)),
            // A concurrent update: this message may try again.
            false => Ok(ExportClaim::RetryAt(now.plus_seconds(1))),
        }
    }
}
