//! The row with the progress of the task.

use aws_kit::Key;
use values::Result;

use crate::Catalog;
use crate::normalize::progress::Progress;

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
        self.table.put_progress(progress_key(), progress, before).await
    }
}

fn progress_key() -> Key {
    Key::new("TASK#normalize", "PROGRESS")
}
