//! The task after a release that has one form for texts and keys: it brings rows of earlier releases into that form.

use std::time::{Duration, Instant};

use catalog::{CatalogService, NormalizationReport};
use identity::{AccountService, NameNormalization};
use serde::Serialize;
use values::{Result, Trace};

/// How long one run may take. The function is stopped after a minute, and a page or an order takes some seconds at most.
pub(crate) const RUN_TIME: Duration = Duration::from_secs(40);

/// How far the task is, and what an admin has to decide.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TextsReport {
    /// Run the task again until this is true.
    pub is_finished: bool,
    pub catalog: NormalizationReport,
    pub people: NameNormalization,
}

impl TextsReport {
    /// Rows that were written. The categories among them are in the list.
    pub(crate) fn done(&self) -> usize {
        usize::try_from(self.catalog.products + self.catalog.skus + self.people.names).unwrap_or(usize::MAX)
    }

    /// Products that could not be written.
    pub(crate) fn failed(&self) -> usize {
        usize::try_from(self.catalog.failed).unwrap_or(usize::MAX)
    }
}

/// Forgets the progress of both tables. The next run reads all rows again.
pub(crate) async fn restart(catalog: &CatalogService, accounts: &AccountService) -> Result<()> {
    catalog.restart_normalization().await?;
    accounts.restart_name_normalization().await
}

/// Continues the task, first in the catalog and then among the people. A run after the end of the task reads two rows.
pub(crate) async fn run(catalog: &CatalogService, accounts: &AccountService, trace: &Trace) -> Result<TextsReport> {
    let until = Instant::now() + RUN_TIME;
    let catalog = catalog.normalize(until, trace).await?;
    let people = accounts.normalize_names(until).await?;
    Ok(TextsReport { is_finished: catalog.is_finished && people.is_finished, catalog, people })
}
