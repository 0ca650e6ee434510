//! The promotions that a price is computed with. Pure.

use std::collections::HashSet;
use std::sync::Arc;

use pricing::{AppliedPromotion, RefusedPromotion};
use values::{Error, Kind, PromotionId, Result, Timestamp};

use crate::applicable::coupon_refusal::{CouponRefusal, RefusedCoupon};
use crate::applicable::live_promotion::LivePromotion;
use crate::codes::code::CodeTerms;
use crate::codes::coupon_code::CouponCode;
use crate::limits::customer_key::CustomerKey;
use crate::limits::uses::{FirstOrder, MAX_COUNTED, Slots, Use, Uses};
use crate::promotions::promotion::{Promotion, Status};

/// The promotions that may apply to an order: those of the codes that the buyer has entered, and the automatic ones of the market. At most
/// [`MAX_COUNTED`] of them have a limit: those of codes first, then automatic ones by priority and id.
#[derive(Debug, Clone)]
pub struct Found {
    promotions: Vec<FoundPromotion>,
    /// The codes that cannot be used, and why.
    pub refused: Vec<RefusedCoupon>,
    /// False if an order of the customer has claimed to be the first, as far as was read.
    pub is_first_order: bool,
}

/// A promotion that may apply, with the code that the buyer has entered for it.
#[derive(Debug, Clone)]
pub(crate) struct FoundPromotion {
    live: Arc<LivePromotion>,
    code: Option<CodeTerms>,
}

/// A code that the buyer has entered, with its promotion and its terms if it exists.
pub(crate) type EnteredCode = (CouponCode, Option<(Arc<LivePromotion>, CodeTerms)>);

/// How often a promotion was used, as it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// By all orders together, as often as allowed.
    pub(crate) is_exhausted: bool,
    pub(crate) by_code: u32,
    pub(crate) by_customer: u32,
}

impl Found {
    /// No promotion and no code, for what costs nothing yet.
    pub fn nothing() -> Self {
        Self { promotions: Vec::new(), refused: Vec::new(), is_first_order: true }
    }

    /// Chooses among the live automatic promotions of a market, by priority and id, and the codes that the buyer has entered.
    pub(crate) fn choose(
        market: &str,
        automatic: &[Arc<LivePromotion>],
        entered: Vec<EnteredCode>,
        at: Timestamp,
    ) -> Self {
        let mut found = Self::nothing();
        let mut chosen: HashSet<PromotionId> = HashSet::new();
        for (code, terms) in entered {
            let refusal = match &terms {
                None => Some(CouponRefusal::Unknown),
                Some((live, _)) => refusal(&live.promotion, market, at),
            };
            match (terms, refusal) {
                (Some((live, terms)), None) if chosen.insert(live.promotion.id) => {
                    found.promotions.push(FoundPromotion { live, code: Some(terms) });
                }
                // A second code of a promotion adds nothing.
                (_, refusal) => {
                    found.refused.push(RefusedCoupon { code, refusal: refusal.unwrap_or(CouponRefusal::Excluded) });
                }
            }
        }
        let mut counted = found.promotions.iter().filter(|one| one.is_counted()).count();
        for live in automatic.iter().filter(|live| !live.is_exhausted && applies(&live.promotion, market, at)) {
            let one = FoundPromotion { live: live.clone(), code: None };
            counted += usize::from(one.is_counted());
            if !one.is_counted() || counted <= MAX_COUNTED {
                found.promotions.push(one);
            }
        }
        found
    }

    /// The rules for a price. Its context needs [`Found::codes`].
    pub fn rules(&self) -> Vec<pricing::Promotion> {
        let rule = |one: &FoundPromotion| pricing::Promotion {
            code: one.code.as_ref().map(|terms| terms.code.as_str().to_owned()),
            ..one.live.rule.clone()
        };
        self.promotions.iter().map(rule).collect()
    }

    /// The codes that the buyer has entered and that may apply.
    pub fn codes(&self) -> Vec<String> {
        let codes = self.promotions.iter().filter_map(|one| one.code.as_ref());
        codes.map(|terms| terms.code.as_str().to_owned()).collect()
    }

    /// Is the customer counted, so that the email address has to be known?
    pub fn counts_customers(&self) -> bool {
        self.promotions.iter().any(|one| one.promotion().content.limits.counts_customers())
    }

    /// Is a promotion for first orders only?
    pub fn has_first_order(&self) -> bool {
        self.promotions.iter().any(|one| one.promotion().content.limits.is_first_order)
    }

    /// The promotion with that id, as the breakdown of a price names it.
    pub fn promotion(&self, id: &str) -> Option<&Promotion> {
        self.find(id).map(FoundPromotion::promotion)
    }

    /// The coupons that a price refuses, in the order in which they were entered.
    pub fn refused_by_price(&self, refused: &[RefusedPromotion]) -> Vec<RefusedCoupon> {
        let of = |one: &FoundPromotion| {
            let terms = one.code.as_ref()?;
            let refusal = refused.iter().find(|refused| refused.id == one.live.rule.id)?.refusal;
            Some(RefusedCoupon { code: terms.code.clone(), refusal: refusal.into() })
        };
        self.promotions.iter().filter_map(of).collect()
    }

    /// The uses that an order counts if these promotions apply to it. 422 `coupon_email_required` if a customer is counted and not known.
    pub fn uses(&self, applied: &[AppliedPromotion], customer: Option<&CustomerKey>) -> Result<Uses> {
        let mut uses = Uses::default();
        for one in applied.iter().filter_map(|applied| self.find(&applied.id)) {
            let promotion = one.promotion();
            if promotion.content.limits.counts_customers() {
                uses.customer = Some(customer.ok_or_else(email_required)?.clone());
            }
            if promotion.content.limits.is_first_order {
                let expires_at = promotion.uses_expire_at();
                let first = uses.first_order.get_or_insert_with(|| FirstOrder::new(expires_at));
                first.expires_at = first.expires_at.max(expires_at);
                first.promotions.push((promotion.id, one.entered_code()));
            }
            if one.is_counted() {
                uses.uses.push(one.to_use());
            }
        }
        Ok(uses)
    }

    /// The promotions whose uses are counted.
    pub(crate) fn counted(&self) -> impl Iterator<Item = &FoundPromotion> {
        self.promotions.iter().filter(|one| one.is_counted())
    }

    /// The same without the promotions that are used up, by these counts. Those of codes are refused.
    pub(crate) fn without_used(mut self, counts: impl Fn(&FoundPromotion) -> Counts) -> Self {
        let refused = &mut self.refused;
        self.promotions.retain(|one| {
            let refusal = if one.is_counted() { one.used_up(counts(one)) } else { None };
            if let (Some(refusal), Some(code)) = (refusal, one.entered_code()) {
                refused.push(RefusedCoupon { code, refusal });
            }
            refusal.is_none()
        });
        self
    }

    fn find(&self, id: &str) -> Option<&FoundPromotion> {
        self.promotions.iter().find(|one| one.live.rule.id == id)
    }
}

impl FoundPromotion {
    pub(crate) fn promotion(&self) -> &Promotion {
        &self.live.promotion
    }

    /// The code, if its uses are limited.
    pub(crate) fn limited_code(&self) -> Option<&CodeTerms> {
        self.code.as_ref().filter(|terms| terms.max_uses.is_some())
    }

    /// Was it found by a code?
    pub(crate) fn has_code(&self) -> bool {
        self.code.is_some()
    }

    fn entered_code(&self) -> Option<CouponCode> {
        self.code.as_ref().map(|terms| terms.code.clone())
    }

    /// Does an order count its use?
    fn is_counted(&self) -> bool {
        self.promotion().shards > 0
            || self.promotion().content.limits.per_customer.is_some()
            || self.limited_code().is_some()
    }

    fn to_use(&self) -> Use {
        let promotion = self.promotion();
        Use {
            promotion: promotion.id,
            version: promotion.version,
            code: self.entered_code(),
            shards: promotion.shards,
            per_customer: promotion.content.limits.per_customer,
            limited_code: self.limited_code().cloned(),
            expires_at: promotion.uses_expire_at(),
            shard: None,
            slots: Slots::default(),
        }
    }

    fn used_up(&self, counts: Counts) -> Option<CouponRefusal> {
        let max_by_code = self.code.as_ref().and_then(|terms| terms.max_uses);
        let max_by_customer = self.promotion().content.limits.per_customer;
        if counts.is_exhausted {
            return Some(CouponRefusal::Exhausted);
        }
        let is_used = max_by_code.is_some_and(|max| counts.by_code >= max)
            || max_by_customer.is_some_and(|max| counts.by_customer >= max);
        is_used.then_some(CouponRefusal::Used)
    }
}

impl FirstOrder {
    fn new(expires_at: i64) -> Self {
        Self { promotions: Vec::new(), expires_at, slot: None }
    }
}

/// Why a promotion with a code cannot apply in a market at a time.
fn refusal(promotion: &Promotion, market: &str, at: Timestamp) -> Option<CouponRefusal> {
    match promotion.status {
        Status::Draft => Some(CouponRefusal::Unknown),
        Status::Stopped => Some(CouponRefusal::Expired),
        Status::Live if promotion.content.market != market => Some(CouponRefusal::NotApplicable),
        Status::Live if !promotion.has_started(at) => Some(CouponRefusal::NotStarted),
        Status::Live if promotion.has_ended(at) => Some(CouponRefusal::Expired),
        Status::Live => None,
    }
}

fn applies(promotion: &Promotion, market: &str, at: Timestamp) -> bool {
    refusal(promotion, market, at).is_none()
}

fn email_required() -> Error {
    let detail = "This discount is limited for each customer. Send an email address, or log in.";
    let error = Error::new(Kind::Invalid, "coupon_email_required", detail);
    error.with_field("email", "coupon_email_required", "is missing")
}

#[cfg(test)]
#[path = "found_tests.rs"]
mod tests;
