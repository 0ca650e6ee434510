//! Rows of jobs. DynamoDB deletes them after a week.

use aws_kit::{Key, Write};
use values::{JobId, Result};

use crate::{Catalog, Job};

impl Catalog {
    /// A job. 1 round trip.
    pub(crate) async fn job(&self, id: JobId) -> Result<Option<Job>> {
        self.table.get(job_key(id)).await
    }

    /// The write of a new job.
    pub(crate) fn create_job(&self, job: &Job) -> Result<Write> {
        Write::create(&self.table, job_key(job.id), job)
    }

    /// The write of a job's next version. Its condition fails after a concurrent update.
    pub(crate) fn put_job(&self, job: &Job) -> Result<Write> {
        Write::put(&self.table, job_key(job.id), job)?.when("version = :was").value(":was", job.state.version - 1)
    }
}

fn job_key(id: JobId) -> Key {
    Key::new(format!("JOB#{id}"), "JOB")
}
