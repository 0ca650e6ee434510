//! Use cases: report how often a promotion and its codes were used.

use values::{Page, PageRequest, PromotionId, Result};

use crate::codes::code::CodeUsage;
use crate::service::PromotionService;

/// How often a promotion was used. Uses that were given back are subtracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromotionUsage {
    /// The limit for all orders.
    pub total: Option<u32>,
    /// None without such a limit: then uses are not counted.
    pub used: Option<u32>,
}

impl PromotionService {
    /// The uses of a promotion. 404. 1 round trip, 1 more if it has a limit for all orders.
    pub async fn usage(&self, id: PromotionId) -> Result<PromotionUsage> {
        let promotion = self.get(id).await?;
        let used = match promotion.shards {
            0 => None,
            shards => Some(self.promotions.read_shards(id, shards).await?.iter().map(|shard| shard.used).sum()),
        };
        Ok(PromotionUsage { total: promotion.content.limits.total, used })
    }

    /// The codes of a promotion that were added, in their order, with their uses. Generated codes are not in the list. 404. 2 round trips.
    pub async fn codes(&self, id: PromotionId, request: &PageRequest) -> Result<Page<CodeUsage>> {
        let page = self.promotions.list_codes(id, request).await?;
        if page.rows.is_empty() {
            self.get(id).await?;
        }
        Ok(page)
    }
}
