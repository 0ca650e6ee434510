//! Use case: create a draft of a promotion.

use aws_kit::{Changes, ConditionFailures, Idempotency, Idempotent};
use pricing::Market;
use values::Result;

use crate::promotions::content::PromotionContent;
use crate::promotions::promotion::Promotion;
use crate::service::PromotionService;

impl PromotionService {
    /// Creates a draft. `market` is the market that the content names. 422 as [`PromotionContent::check`]. 1 round trip.
    pub async fn create_draft(
        &self,
        content: PromotionContent,
        market: Market,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Promotion>> {
        content.check(market)?;
        let content = &content;
        let decide = |_: Option<ConditionFailures>| async move {
            let promotion = Promotion::draft(self.clock.mint(), content.clone(), self.clock.now());
            Ok(Changes::new(vec![self.promotions.put(&promotion, None)?], promotion).into())
        };
        self.write().run_idempotent(idempotency, decide).await
    }
}
