//! Use case: stop a promotion.

use aws_kit::{Changes, ConditionFailures, Decision};
use values::{ExpectedVersion, PromotionId, Result, Trace};

use crate::promotions::promotion::{ChangeKind, Promotion, Status};
use crate::service::PromotionService;

impl PromotionService {
    /// Stops a live promotion that is at the `expected` version, for good. Once this has succeeded, no order counts it any more if it has a
    /// limit for all orders; otherwise orders may have it for 30 seconds. If this fails after the stop was stored, its repetition at the
    /// new version completes it. 404; 412 `version_mismatch`; 409 `promotion_not_live` for a draft. 2 round trips, 1 more for a limit.
    pub async fn stop(&self, id: PromotionId, expected: &ExpectedVersion, trace: &Trace) -> Result<Promotion> {
        let decide = |_: Option<ConditionFailures>| async move {
            let before = self.at_version(id, expected).await?;
            if before.status == Status::Stopped {
                return Ok(Decision::Unchanged(before));
            }
            let stopped = before.stop(self.clock.now())?;
            let entry = stopped.history_entry(ChangeKind::Stopped, trace.actor.clone());
            let mut writes =
                vec![self.promotions.put(&stopped, Some(before.version))?, self.promotions.put_change(id, &entry)?];
            if before.is_automatic() {
                writes.push(self.promotions.delete_listed(&before));
            }
            Ok(Changes::new(writes, stopped).into())
        };
        let stopped = self.write().run(decide).await?;
        self.promotions.write_shards(&stopped).await?;
        self.promotions.forget();
        Ok(stopped)
    }
}
