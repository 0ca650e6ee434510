//! Use case: publish a draft.

use aws_kit::{Changes, ConditionFailures, Write};
use pricing::Market;
use values::{ExpectedVersion, PromotionId, Result, Trace};

use crate::promotions::check::check_listed;
use crate::promotions::promotion::{ChangeKind, Promotion};
use crate::service::PromotionService;

impl PromotionService {
    /// Publishes a draft that is at the `expected` version. `market` is its market as it is now. 404; 412 `version_mismatch`; 409
    /// `promotion_published`; 422 as [`crate::PromotionContent::check`], `ends_in_past`, `too_many_promotions` and `too_many_competing`. 2
    /// round trips, 2 more for an automatic promotion.
    pub async fn publish(
        &self,
        id: PromotionId,
        expected: &ExpectedVersion,
        market: Market,
        trace: &Trace,
    ) -> Result<Promotion> {
        let decide = |_: Option<ConditionFailures>| async move {
            let before = self.at_version(id, expected).await?;
            let live = before.publish(self.clock.now())?;
            live.content.check(market)?;
            let mut writes = vec![self.promotions.put(&live, Some(before.version))?];
            let entry = live.history_entry(ChangeKind::Published, trace.actor.clone());
            writes.push(self.promotions.put_change(id, &entry)?);
            writes.extend(self.promotions.create_shards(&live)?);
            writes.extend(self.list_writes(None, &live).await?);
            Ok(Changes::new(writes, live).into())
        };
        let live = self.write().run(decide).await?;
        self.promotions.forget();
        Ok(live)
    }

    /// The writes that list a live automatic promotion for its market, in place of its version before, if that was listed. Their conditions
    /// fail if the list has changed meanwhile. 422 `too_many_promotions`, `too_many_competing`. No round trip for one with codes, else 2:
    /// the version comes first, so that a later change makes the condition fail.
    pub(crate) async fn list_writes(&self, before: Option<&Promotion>, live: &Promotion) -> Result<Vec<Write>> {
        if !live.is_automatic() {
            return Ok(Vec::new());
        }
        let market = &live.content.market;
        let version = self.promotions.market_version(market).await?;
        let listed = self.promotions.listed(market).await?;
        check_listed(&listed, live, self.clock.now())?;
        let mut writes = vec![self.promotions.put_market_version(market, version)?, self.promotions.put_listed(live)?];
        if let Some(before) = before.filter(|before| before.content.priority != live.content.priority) {
            // Its key has the priority.
            writes.push(self.promotions.delete_listed(before));
        }
        Ok(writes)
    }
}
