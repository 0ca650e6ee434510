//! Writes the next version of an export.

use values::Result;

use crate::privacy::export_job::ExportJob;
use crate::service::AccountService;

impl AccountService {
    /// Writes the next version of an export; false after a concurrent update, or when the export was erased. 1 write.
    pub async fn write_export(&self, job: &ExportJob) -> Result<bool> {
        Ok(self.store.put_export(job)?.run().await?.is_ok())
    }
}
