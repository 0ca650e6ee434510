//! Use case: change a draft, or a live promotion.

use aws_kit::{Changes, ConditionFailures};
use pricing::Market;
use values::{ExpectedVersion, PromotionId, Result, Trace};

use crate::promotions::content::PromotionContent;
use crate::promotions::promotion::{ChangeKind, Promotion, Status};
use crate::service::PromotionService;

impl PromotionService {
    /// Replaces the content of a promotion that is at the `expected` version. `market` is the market that the content names. Orders that
    /// were priced before get 409 `promotion_changed` if the promotion has a limit for all orders; others may have the old terms for 30
    /// seconds. If this fails after the change was stored, its repetition completes it. 404; 412 `version_mismatch`; 409
    /// `promotion_stopped`; 422 as [`PromotionContent::check`], and for a live promotion `fixed_when_live`, `limit_lowered`, `end_later`,
    /// `too_many_promotions` and `too_many_competing`. 2 round trips, 2 more for a live automatic one, 1 more for a limit.
    pub async fn change(
        &self,
        id: PromotionId,
        expected: &ExpectedVersion,
        content: PromotionContent,
        market: Market,
        trace: &Trace,
    ) -> Result<Promotion> {
        content.check(market)?;
        let content = &content;
        let decide = |_: Option<ConditionFailures>| async move {
            let before = self.at_version(id, expected).await?;
            let after = before.change(content.clone(), self.clock.now())?;
            let mut writes = vec![self.promotions.put(&after, Some(before.version))?];
            if after.status == Status::Live {
                let entry = after.history_entry(ChangeKind::Changed, trace.actor.clone());
                writes.push(self.promotions.put_change(id, &entry)?);
                writes.extend(self.list_writes(Some(&before), &after).await?);
            }
            Ok(Changes::new(writes, after).into())
        };
        let after = self.write().run(decide).await?;
        self.promotions.write_shards(&after).await?;
        self.promotions.forget();
        Ok(after)
    }
}
