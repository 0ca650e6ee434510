//! The row in which a task keeps its progress, so that the next run continues it.

use serde::Serialize;
use values::{Error, Result};

use crate::{Key, Table, Write};

/// The code of the error when another run of the task was faster.
pub const TASK_RUNNING: &str = "task_running";

impl Table {
    /// Stores the progress of a run of a task. It has a `version`, which was `before` when the run read it. 409 `task_running` if another
    /// run has stored its own since. 1 round trip.
    pub async fn put_progress(&self, key: Key, progress: &impl Serialize, before: u64) -> Result<()> {
        let write = Write::put(self, key, progress)?;
        let write = write.when("attribute_not_exists(pk) OR version = :v").value(":v", before)?;
        let detail = "Another run of the task continues it. Wait for its end.";
        write.run().await?.map_err(|_| Error::conflict(TASK_RUNNING, detail))
    }
}
