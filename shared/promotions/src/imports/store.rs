//! Rows of imports. DynamoDB deletes them after a week.

use aws_kit::{Key, Write};
use values::{JobId, Result};

use crate::imports::code_import::CodeImport;
use crate::store::Promotions;

impl Promotions {
    /// 1 round trip.
    pub(crate) async fn read_import(&self, id: JobId) -> Result<Option<CodeImport>> {
        self.table.get(import_key(id)).await
    }

    /// The write of a new import.
    pub(crate) fn create_import(&self, job: &CodeImport) -> Result<Write> {
        Write::create(&self.table, import_key(job.id), job)
    }

    /// The write of an import's next version. Its condition fails after a concurrent update.
    pub(crate) fn put_import(&self, job: &CodeImport) -> Result<Write> {
        Write::put(&self.table, import_key(job.id), job)?.when("version = :was").value(":was", job.state.version - 1)
    }
}

fn import_key(id: JobId) -> Key {
    Key::new(format!("JOB#{id}"), "JOB")
}
