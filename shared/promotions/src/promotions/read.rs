//! Use cases: read a promotion, list promotions, read the history of one.

use values::{Error, Page, PageRequest, PromotionId, Result};

use crate::promotions::promotion::{Promotion, PromotionChange};
use crate::service::PromotionService;

impl PromotionService {
    /// The current promotion. 404. 1 round trip.
    pub async fn get(&self, id: PromotionId) -> Result<Promotion> {
        self.promotions.read(id).await?.ok_or_else(|| Error::not_found("promotion"))
    }

    /// Promotions of a market, or of all markets, newest first. One that was changed a moment ago may be shown as it was before. 1 round
    /// trip.
    pub async fn list(&self, market: Option<&str>, request: &PageRequest) -> Result<Page<Promotion>> {
        self.promotions.list(market, request).await
    }

    /// The changes of a promotion since it was published, newest first. 404. 1 round trip, 2 for an empty page.
    pub async fn history(&self, id: PromotionId, request: &PageRequest) -> Result<Page<PromotionChange>> {
        let page = self.promotions.changes(id, request).await?;
        if page.rows.is_empty() {
            // A draft has no history.
            self.get(id).await?;
        }
        Ok(page)
    }
}
