//! Finds an export of an account.

use values::{Error, JobId, Result, UserId};

use crate::privacy::export_job::ExportJob;
use crate::service::AccountService;

impl AccountService {
    /// An export as it is now; 404 when it is not the account's, or not kept any more. 1 read.
    pub async fn find_export(&self, user: UserId, job: JobId) -> Result<ExportJob> {
        let job = self.store.export(user, job).await?.filter(|job| !job.state.has_expired(self.clock.now()));
        job.ok_or_else(|| Error::not_found("export"))
    }
}
