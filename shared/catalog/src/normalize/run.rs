//! The run of the task: categories first, then the products of each shard, page by page, until its time is over.

use std::time::Instant;

use futures::{StreamExt, stream};
use tracing::error;
use values::{Result, Trace};

use crate::normalize::merge_categories::CategoryMerge;
use crate::normalize::progress::{NormalizationReport, Progress, Step};
use crate::normalize::rewrite_products::find_spellings;
use crate::normalize::store::TASK_RUNNING;
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
    /// read again. If another run continues it, this one ends.
    pub async fn normalize(&self, until: Instant, trace: &Trace) -> Result<NormalizationReport> {
        let mut progress = self.catalog.normalization().await?;
        while progress.step != Step::Finished && Instant::now() < until {
            match progress.step.clone() {
                Step::Categories => self.normalize_categories(&mut progress, until).await?,
                Step::Products { shard, after } => {
                    let page = self.catalog.walk_rows(shard, after, PAGE).await?;
                    self.normalize_products(page.rows, &mut progress.report, trace).await?;
                    progress.continue_behind(shard, page.next);
                }
                Step::Finished => {}
            }
            match self.catalog.save_normalization(&mut progress).await {
                Err(error) if error.code == TASK_RUNNING => return Ok(self.catalog.normalization().await?.report),
                saved => saved?,
            }
        }
        Ok(progress.report)
    }

    async fn normalize_categories(&self, progress: &mut Progress, until: Instant) -> Result<()> {
        while Instant::now() < until {
            match self.merge_next_category().await? {
                CategoryMerge::Merged { undecided } => {
                    undecided.into_iter().for_each(|line| progress.report.add_undecided(line));
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

    /// A failure of one product does not stop the others.
    async fn normalize_products(
        &self,
        rows: Vec<StoredProduct>,
        report: &mut NormalizationReport,
        trace: &Trace,
    ) -> Result<()> {
        let old = rows.iter().filter(|row| !row.is_in_form).map(|row| row.product.id).collect::<Vec<_>>();
        let mut writes =
            stream::iter(old).map(async |id| (id, self.rewrite_product(id, trace).await)).buffer_unordered(AT_ONCE);
        while let Some((id, outcome)) = writes.next().await {
            match outcome {
                Ok(is_written) => report.products += u64::from(is_written),
                Err(error) => {
                    report.failed += 1;
                    error!(product.id = %id, error.code = error.code, error.cause = error.causes(), "product not normalized");
                }
            }
        }
        drop(writes);
        let products: Vec<Product> = rows.into_iter().map(|row| row.product).collect();
        products.iter().filter_map(find_spellings).for_each(|line| report.add_undecided(line));
        let (claimed, undecided) = self.claim_old_skus(&products).await?;
        report.skus += claimed;
        undecided.into_iter().for_each(|line| report.add_undecided(line));
        Ok(())
    }
}
