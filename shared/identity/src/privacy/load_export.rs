//! Loads an export for its worker.

use values::{JobId, Result, UserId};

use crate::privacy::export_job::ExportJob;
use crate::service::AccountService;

impl AccountService {
    /// An export as it is now; none when it was erased. 1 read.
    pub async fn load_export(&self, user: UserId, job: JobId) -> Result<Option<ExportJob>> {
        self.store.export(user, job).await
    }
}
