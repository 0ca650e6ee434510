//! Use case: bring the names of people of earlier releases into their form, so that a search finds them. Housekeeping runs it after the
//! release that has the form. It can be interrupted and repeated, and the shop can be open meanwhile.

use std::time::Instant;

use aws_kit::TASK_RUNNING;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use values::{PageRequest, Result};

use crate::accounts::name_store::{NameProgress, StoredName};
use crate::service::AccountService;

/// Accounts per page.
const PAGE: u32 = 100;
/// Writes in parallel.
const AT_ONCE: usize = 8;

/// What the task has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NameNormalization {
    /// All accounts were read.
    pub is_finished: bool,
    /// Names that were written.
    pub names: u64,
}

impl AccountService {
    /// Begins the task again. 2 round trips.
    pub async fn restart_name_normalization(&self) -> Result<()> {
        let NameProgress { version, .. } = self.store.name_progress().await?;
        self.store.save_name_progress(&mut NameProgress { version, ..NameProgress::default() }).await
    }

    /// Continues the task where the last run has stopped, until its time is over or all names are in form. If another run continues it,
    /// this one ends. 4 queries and 1 batch read for 100 accounts, and 1 write for each old name.
    pub async fn normalize_names(&self, until: Instant) -> Result<NameNormalization> {
        let mut progress = self.store.name_progress().await?;
        while !progress.is_finished && Instant::now() < until {
            let request = PageRequest { limit: PAGE, after: progress.after.take() };
            let page = self.store.newest_accounts(None, None, &request).await?;
            let names = self.store.names(page.rows.iter().map(|account| account.user_id)).await?;
            let writes = stream::iter(&names).map(|name| self.put_name_in_form(name)).buffer_unordered(AT_ONCE);
            progress.names += writes.try_fold(0, async |sum, written| Ok(sum + u64::from(written))).await?;
            progress.is_finished = page.next.is_none();
            progress.after = page.next;
            match self.store.save_name_progress(&mut progress).await {
                Err(error) if error.code == TASK_RUNNING => {
                    progress = self.store.name_progress().await?;
                    break;
                }
                saved => saved?,
            }
        }
        Ok(NameNormalization { is_finished: progress.is_finished, names: progress.names })
    }

    /// False if nothing was written: the name is in form, or the person was renamed or erased meanwhile.
    async fn put_name_in_form(&self, name: &StoredName) -> Result<bool> {
        match self.store.put_name_in_form(name)? {
            None => Ok(false),
            Some(write) => Ok(write.run().await?.is_ok()),
        }
    }
}
