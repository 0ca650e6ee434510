//! The row with the progress of the task.

use aws_kit::{Key, Write};
use values::{Error, Result};

use crate::Catalog;
use crate::normalize::progress::Progress;

/// The code of the error when another run of the task was faster.
pub(crate) const TASK_RUNNING: &str = "task_running";

impl Catalog {
    /// The progress of the task. 1 round trip.
    pub(crate) async fn normalization(&self) -> Result<Progress> {
        Ok(self.table.get(progress_key()).await?.unwrap_or_default())
    }

    /// Stores the progress of a run that has read it at this version, and raises the version. 409 `task_running` if another run has
    /// stored its own since. 1 round trip.
    pub(crate) async fn save_normalization(&self, progress: &mut Progress) -> Result<()> {
        let before = progress.version;
        progress.version += 1;
        let write = Write::put(&self.table, progress_key(), progress)?;
        let write = write.when("attribute_not_exists(pk) OR version = :v").value(":v", before)?;
        let detail = "Another run of the task continues it. Wait for its end.";
        write.run().await?.map_err(|_| Error::conflict(TASK_RUNNING, detail))
    }
}

fn progress_key() -> Key {
    Key::new("TASK#normalize", "PROGRESS")
}
