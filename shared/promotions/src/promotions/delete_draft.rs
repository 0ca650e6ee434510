//! Use case: delete a draft.

use aws_kit::{Changes, ConditionFailures};
use values::{ExpectedVersion, PromotionId, Result};

use crate::service::PromotionService;

impl PromotionService {
    /// Deletes a draft that is at the `expected` version. A draft has no codes, no counts and no history, so nothing of it stays. 404; 412
    /// `version_mismatch`; 409 `promotion_published`: stop it instead, because orders refer to it. 2 round trips.
    pub async fn delete_draft(&self, id: PromotionId, expected: &ExpectedVersion) -> Result<()> {
        let decide = |_: Option<ConditionFailures>| async move {
            let draft = self.at_version(id, expected).await?;
            draft.check_draft()?;
            Ok(Changes::new(vec![self.promotions.delete(id, draft.version)?], ()).into())
        };
        self.write().run(decide).await
    }
}
