//! Find the promotions that may apply to an order.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::{try_join, try_join_all};
use values::{PromotionId, Result, Timestamp};

use crate::applicable::found::Found;
use crate::applicable::live_promotion::LivePromotion;
use crate::codes::code::CodeTerms;
use crate::codes::coupon_code::{CouponCode, check_coupons};
use crate::limits::customer_key::CustomerKey;
use crate::promotions::promotion::Promotion;
use crate::store::Promotions;

impl Promotions {
    /// The live automatic promotions of a market, and those of the codes that the buyer has entered, at a time. What was read serves for 30
    /// seconds, so a promotion that was published or stopped a moment ago may be missing or still there; the transaction of the order
    /// checks those with a limit. 422 `too_many_coupons`, `coupon_doubled`. No round trip in a warm execution environment; 1 for the list
    /// and 1 for its limits; beside them 1 for new codes and 1 for their promotions.
    pub async fn applicable(&self, market: &str, codes: &[CouponCode], at: Timestamp) -> Result<Found> {
        check_coupons(codes)?;
        let (automatic, coded) = try_join(self.automatic(market, at), self.coded(codes, at)).await?;
        let entered = codes.iter().map(|code| (code.clone(), coded.get(code).cloned())).collect();
        Ok(Found::choose(market, &automatic, entered, at))
    }

    /// The same without the promotions that are used up: by all orders or by the code, for those with a code; and by the customer, if one
    /// is known. Those with a code are in `refused` then. A quote calls it, so that no buyer is shown a discount that the order cannot
    /// have. No round trip if nothing is limited, else 1.
    pub async fn exclude_used(&self, found: Found, customer: Option<&CustomerKey>) -> Result<Found> {
        let rows = self.read_counts(&found, customer).await?;
        let has_first_order = customer.is_some_and(|customer| rows.has_first_order(customer));
        let mut left = found.without_used(|one| rows.of(one, customer));
        left.is_first_order &= !has_first_order;
        Ok(left)
    }

    /// The live automatic promotions of a market, by priority and id. 0 or 1 round trips, 1 more if some have a limit.
    async fn automatic(&self, market: &str, at: Timestamp) -> Result<Arc<Vec<Arc<LivePromotion>>>> {
        if let Some(known) = self.memory(|memory| memory.automatic.find(market, at).cloned()) {
            return Ok(known);
        }
        let listed = self.listed(market).await?.into_iter().filter(|promotion| !promotion.has_ended(at));
        let live = try_join_all(listed.map(|promotion| self.with_counts(promotion))).await?;
        let live = Arc::new(live);
        self.memory(|memory| memory.automatic.insert(market.to_owned(), Arc::clone(&live), at));
        Ok(live)
    }

    /// A promotion, and whether it is used up. 1 round trip if it has a limit.
    async fn with_counts(&self, promotion: Promotion) -> Result<Arc<LivePromotion>> {
        let shards = match promotion.shards {
            0 => Vec::new(),
            shards => self.read_shards(promotion.id, shards).await?,
        };
        let is_exhausted = !shards.is_empty() && shards.iter().all(|shard| shard.used >= shard.quota);
        LivePromotion::new(promotion, is_exhausted).map(Arc::new)
    }

    /// The promotions of those codes that exist. 0 to 2 round trips.
    async fn coded(
        &self,
        codes: &[CouponCode],
        at: Timestamp,
    ) -> Result<HashMap<CouponCode, (Arc<LivePromotion>, CodeTerms)>> {
        let terms = self.terms_of(codes, at).await?;
        let promotions = self.promotions_of(&terms, at).await?;
        let known = terms.into_iter().filter_map(|terms| {
            let promotion = promotions.get(&terms.promotion)?;
            Some((terms.code.clone(), (Arc::clone(promotion), terms)))
        });
        Ok(known.collect())
    }

    /// What those codes that exist stand for. 0 or 1 round trips.
    async fn terms_of(&self, codes: &[CouponCode], at: Timestamp) -> Result<Vec<CodeTerms>> {
        let find = |code: &CouponCode| self.memory(|memory| memory.codes.find(code, at).cloned());
        let (mut terms, mut unknown) = (Vec::new(), Vec::new());
        for code in codes {
            match find(code) {
                Some(known) => terms.push(known),
                None => unknown.push(code.clone()),
            }
        }
        if unknown.is_empty() {
            return Ok(terms);
        }
        // Codes that do not exist are not remembered: they may be added a moment later.
        let found = self.read_codes(&unknown).await?;
        self.memory(|memory| {
            for terms in &found {
                memory.codes.insert(terms.code.clone(), terms.clone(), at);
            }
        });
        terms.extend(found);
        Ok(terms)
    }

    /// The promotions that these codes stand for. 0 or 1 round trips.
    async fn promotions_of(
        &self,
        terms: &[CodeTerms],
        at: Timestamp,
    ) -> Result<HashMap<PromotionId, Arc<LivePromotion>>> {
        let (mut promotions, mut unknown) = (HashMap::new(), Vec::new());
        for id in terms.iter().map(|terms| terms.promotion) {
            match self.memory(|memory| memory.promotions.find(&id, at).cloned()) {
                Some(known) => drop(promotions.insert(id, known)),
                // A batch read must not have a key twice.
                None if unknown.contains(&id) => {}
                None => unknown.push(id),
            }
        }
        if unknown.is_empty() {
            return Ok(promotions);
        }
        for promotion in self.read_all(&unknown).await? {
            let live = Arc::new(LivePromotion::new(promotion, false)?);
            let id = live.promotion.id;
            self.memory(|memory| memory.promotions.insert(id, Arc::clone(&live), at));
            promotions.insert(id, live);
        }
        Ok(promotions)
    }
}
