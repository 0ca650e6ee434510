//! Use cases: generate codes for a live promotion, and read them.

use aws_kit::{CommitError, random_token};
use values::{Error, Page, PageRequest, PromotionId, Result};

use crate::codes::coupon_code::CouponCode;
use crate::codes::generated_code::{BatchKey, CodeBatch, CodePrefix, MAX_GENERATED};
use crate::promotions::check::check_uses;
use crate::promotions::content::MAX_TOTAL;
use crate::service::PromotionService;

/// Generated codes in one answer.
pub const MAX_GENERATED_PAGE: u32 = 1_000;

impl PromotionService {
    /// Generates up to [`MAX_GENERATED`] codes, each for so many uses. Done again it returns the same batch. 404; 409 `promotion_not_live`,
    /// `promotion_automatic`, and `prefix_exists` if another batch has the prefix; 422 `uses_out_of_range`. 2 round trips.
    pub async fn generate_codes(
        &self,
        id: PromotionId,
        prefix: CodePrefix,
        count: u32,
        max_uses: u32,
    ) -> Result<CodeBatch> {
        check_uses("count", Some(count), MAX_GENERATED)?;
        check_uses("maxUses", Some(max_uses), MAX_TOTAL)?;
        self.get(id).await?.check_has_codes()?;
        let (key, created_at) = (BatchKey(random_token()?), self.clock.now());
        let batch = CodeBatch { promotion: id, prefix, count, max_uses, key, created_at };
        let (writes, slot) = self.promotions.put_batch(&batch)?;
        let failure = match writes.commit().await {
            Ok(()) => return Ok(batch),
            Err(CommitError::ConditionFailed(failures)) => failures,
            Err(error) => return Err(error.into()),
        };
        let before = failure.of(slot).map(|failure| failure.row::<CodeBatch>()).transpose()?.flatten();
        let same = |other: &CodeBatch| (other.promotion, other.count, other.max_uses) == (id, count, max_uses);
        before.filter(same).ok_or_else(|| {
            let detail = "Another batch of codes has this prefix. Choose another prefix.";
            Error::conflict("prefix_exists", detail).with_field("prefix", "prefix_exists", "exists already")
        })
    }

    /// The codes of a batch from a number on, and the number of the next one, if there is one. Numbers begin at 0. 404; 422
    /// `limit_out_of_range`. 1 round trip.
    pub async fn generated_codes(
        &self,
        id: PromotionId,
        prefix: &CodePrefix,
        from: u32,
        limit: u32,
    ) -> Result<(Vec<CouponCode>, Option<u32>)> {
        if !(1..=MAX_GENERATED_PAGE).contains(&limit) {
            let message = format!("must be from 1 to {MAX_GENERATED_PAGE}");
            return Err(Error::invalid("limit", "limit_out_of_range", message));
        }
        let batch = self.promotions.read_batch(prefix).await?.filter(|batch| batch.promotion == id);
        let batch = batch.ok_or_else(|| Error::not_found("batch of codes"))?;
        let next = from.saturating_add(limit);
        Ok((batch.codes(from, limit)?, Some(next).filter(|next| *next < batch.count)))
    }

    /// The batches of a promotion, by prefix. 404. 1 round trip, 2 for an empty page.
    pub async fn code_batches(&self, id: PromotionId, request: &PageRequest) -> Result<Page<CodeBatch>> {
        let page = self.promotions.list_batches(id, request).await?;
        if page.rows.is_empty() {
            self.get(id).await?;
        }
        Ok(page)
    }
}
