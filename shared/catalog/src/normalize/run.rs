//! The run of the task: categories first, then the products of each shard, page by page, until its time is over.

use std::time::Instant;

use aws_kit::TASK_RUNNING;
use futures::future::join_all;
use tracing::error;
use values::{Result, Trace};

use crate::normalize::merge_categories::CategoryMerge;
use crate::normalize::progress::{NormalizationReport, Progress, Step, Undecided};
use crate::normalize::rewrite_products::{find_spellings, is_passing, is_writable};
use crate::product::store::StoredProduct;
use crate::{CatalogService, Product};

/// Products per page.
const PAGE: u32 = 50;
/// Products that are written in parallel.
const AT_ONCE: usize = 8;

impl CatalogService {
    /// Begins the task again. Rows that are in form by now are not written again. 2 round trips.
    pub async fn restart_normalization(&self) -> Result<()> {
        let Progress { version, .. } = self.catalog.normalization().await?;
        self.catalog.save_normalization(&mut Progress { version, ..Progress::default() }).await
    }

    /// Continues the task where the last run has stopped, until its time is over or all rows are in form. A page that was interrupted is
    /// read again, also after an outage, which is the error then. After some interruptions, a product that still fails is passed and
    /// counted as failed, so that a damaged product does not stop the task for good. If another run continues the task, this one ends.
    pub async fn normalize(&self, until: Instant, trace: &Trace) -> Result<NormalizationReport> {
        let mut progress = self.catalog.normalization().await?;
        while progress.step != Step::Finished && Instant::now() < until {
            let mut interruption = Ok(());
            match progress.step.clone() {
                Step::Categories => self.normalize_categories(&mut progress, until).await?,
                Step::Products { shard, after } => {
                    let page = self.catalog.walk_rows(shard, after, PAGE).await?;
                    let failed = progress.report.failed;
                    match self.normalize_products(page.rows, &mut progress, trace).await {
                        Ok(()) => progress.continue_behind(shard, page.next),
                        Err(error) => {
                            // The page is read again, but what is written by now is not reported again.
                            progress.interrupt_page(failed);
                            interruption = Err(error);
                        }
                    }
                }
                Step::Finished => {}
            }
            match self.catalog.save_normalization(&mut progress).await {
                Err(error) if error.code == TASK_RUNNING => return Ok(self.catalog.normalization().await?.report),
                saved => saved.and(interruption)?,
            }
        }
        Ok(progress.report)
    }

    async fn normalize_categories(&self, progress: &mut Progress, until: Instant) -> Result<()> {
        while Instant::now() < until {
            match self.merge_next_category().await? {
                CategoryMerge::Merged { undecided: None } => {}
                CategoryMerge::Merged { undecided: Some(line) } => {
                    // No later run finds it, so it is stored before the next merge.
                    progress.report.add_undecided(line);
                    return Ok(());
                }
                CategoryMerge::Finished(categories) => {
                    progress.report.set_categories(categories);
                    progress.step = Step::Products { shard: 0, after: None };
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// A failure of one product does not stop the others, unless it passes by itself and the page has attempts left.
    async fn normalize_products(&self, rows: Vec<StoredProduct>, progress: &mut Progress, trace: &Trace) -> Result<()> {
        let has_attempts_left = progress.has_attempts_left();
        let report = &mut progress.report;
        let old: Vec<&StoredProduct> = rows.iter().filter(|row| !row.is_in_form && is_writable(row)).collect();
        for old in old.chunks(AT_ONCE) {
            let writes = old.iter().map(|row| self.rewrite_product(row.product.id, trace));
            let mut passing = None;
            for (row, outcome) in old.iter().zip(join_all(writes).await) {
                match outcome {
                    Ok(true) => {
                        report.products += 1;
                        Undecided::merged_tags(row.product.id, &row.merged_tags)
                            .for_each(|line| report.add_undecided(line));
                    }
                    Ok(false) => {}
                    Err(error) if is_passing(&error) && has_attempts_left => passing = Some(error),
                    Err(error) => {
                        report.failed += 1;
                        error!(product.id = %row.product.id, error.code = error.code, error.cause = error.causes(), "product not normalized");
                    }
                }
            }
            if let Some(error) = passing {
                return Err(error);
            }
        }
        let products: Vec<Product> = rows.into_iter().map(|row| row.product).collect();
        let (claimed, undecided) = self.claim_old_skus(&products).await?;
        report.skus += claimed;
        undecided.into_iter().for_each(|line| report.add_undecided(line));
        products.iter().flat_map(find_spellings).for_each(|line| report.add_undecided(line));
        Ok(())
    }
}
