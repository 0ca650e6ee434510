//! A cart with its price: its discounts and their reasons, the coupons that do not apply, and what would make more of them apply. Pure.

use pricing::{Breakdown, Refusal, RefusedPromotion};
use promotions::{CouponCode, Found, RefusedCoupon, Stage};
use terms::MarketKey;
use values::{Money, Sku};

/// A cart with its price.
#[derive(Debug, Clone)]
pub struct PricedCart {
    /// The key of the market, also if the cart is of the default market.
    pub market: MarketKey,
    /// Without taxes and shipping, because the destination is not known.
    pub breakdown: Breakdown,
    pub discounts: Vec<Discount>,
    pub hints: Vec<Hint>,
    /// The coupons that do not apply now, in the order in which they were entered.
    pub refused_coupons: Vec<RefusedCoupon>,
}

/// A discount, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// The id of the promotion.
    pub promotion: String,
    /// The name of the promotion, for customers.
    pub name: String,
    /// The code that was entered for it.
    pub code: Option<String>,
    pub amount: Money,
}

/// What the buyer could add to get more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// The promotion applies to goods that cost so much more.
    Minimum { promotion: String, missing: Money },
    /// So many more pieces of a SKU would be free.
    Reward { promotion: String, sku: Sku, quantity: u32 },
}

impl PricedCart {
    /// The price of a cart with these coupons, by the promotions that were found for it.
    pub(crate) fn new(market: MarketKey, breakdown: Breakdown, coupons: &[CouponCode], found: &Found) -> Self {
        let is_for_shipping =
            |id: &str| found.promotion(id).is_some_and(|promotion| promotion.content.stage == Stage::Shipping);
        let decided: Vec<RefusedPromotion> =
            breakdown.refused.iter().filter(|refused| is_decided(refused, is_for_shipping)).cloned().collect();
        let mut refused_coupons = found.refused.clone();
        refused_coupons.extend(found.refused_by_price(&decided));
        refused_coupons.sort_by_key(|refused| coupons.iter().position(|code| *code == refused.code));
        let (discounts, hints) = (discounts(&breakdown, found), hints(&breakdown));
        Self { market, breakdown, discounts, hints, refused_coupons }
    }
}

/// The discounts of a price, in the order in which they apply.
fn discounts(breakdown: &Breakdown, found: &Found) -> Vec<Discount> {
    let discount = |applied: &pricing::AppliedPromotion| Discount {
        promotion: applied.id.clone(),
        name: found
            .promotion(&applied.id)
            .map(|promotion| promotion.content.name.as_str().to_owned())
            .unwrap_or_default(),
        code: applied.code.clone(),
        amount: applied.amount,
    };
    breakdown.promotions.iter().map(discount).collect()
}

/// What the buyer could add, as far as the price tells.
pub fn hints(breakdown: &Breakdown) -> Vec<Hint> {
    let minimum = |refused: &RefusedPromotion| match refused.refusal {
        Refusal::BelowMinimum { missing } => Some(Hint::Minimum { promotion: refused.id.clone(), missing }),
        _ => None,
    };
    let reward = |reward: &pricing::Reward| Hint::Reward {
        promotion: reward.promotion.clone(),
        sku: reward.sku.clone(),
        quantity: reward.quantity,
    };
    let minimums = breakdown.refused.iter().filter_map(minimum);
    minimums.chain(breakdown.rewards.iter().map(reward)).collect()
}

/// Is the promotion refused, whatever the buyer chooses later? A cart knows neither the destination nor the shipping method.
fn is_decided(refused: &RefusedPromotion, is_for_shipping: impl Fn(&str) -> bool) -> bool {
    match refused.refusal {
        Refusal::OtherCountry => false,
        Refusal::NothingInScope => !is_for_shipping(&refused.id),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pricing::{AppliedPromotion, Reward};

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn refused(id: &str, refusal: Refusal) -> RefusedPromotion {
        RefusedPromotion { id: id.to_owned(), refusal }
    }

    fn breakdown(promotions: Vec<AppliedPromotion>, refused: Vec<RefusedPromotion>, rewards: Vec<Reward>) -> Breakdown {
        let zero = eur(0);
        Breakdown {
            currency: zero.currency,
            lines: Vec::new(),
            shipping_method: None,
            promotions,
            refused,
            rewards,
            taxes: Vec::new(),
            subtotal: zero,
            discount: zero,
            shipping: zero,
            tax: zero,
            included_tax: zero,
            total: zero,
        }
    }

    #[test]
    fn hints_are_missing_amounts_and_rewards() {
        let mug: Sku = "MUG".parse().unwrap();
        let reward = Reward { promotion: "prm_gift".to_owned(), sku: mug.clone(), quantity: 1 };
        let below = refused("prm_free", Refusal::BelowMinimum { missing: eur(410) });
        let priced = breakdown(Vec::new(), vec![below, refused("prm_other", Refusal::Excluded)], vec![reward]);
        let minimum = Hint::Minimum { promotion: "prm_free".to_owned(), missing: eur(410) };
        let gift = Hint::Reward { promotion: "prm_gift".to_owned(), sku: mug, quantity: 1 };
        assert_eq!(hints(&priced), [minimum, gift]);
    }

    #[test]
    fn discount_has_its_promotion_and_its_code() {
        let applied = AppliedPromotion { id: "prm_1".to_owned(), code: Some("TEN".to_owned()), amount: eur(120) };
        let discounts = discounts(&breakdown(vec![applied], Vec::new(), Vec::new()), &Found::nothing());
        let (promotion, name, code) = ("prm_1".to_owned(), String::new(), Some("TEN".to_owned()));
        assert_eq!(discounts, [Discount { promotion, name, code, amount: eur(120) }]);
    }

    #[test]
    fn what_the_destination_or_the_shipping_method_decides_is_open() {
        let is_decided = |refusal| is_decided(&refused("prm_1", refusal), |id| id == "prm_1");
        assert!(!is_decided(Refusal::OtherCountry) && !is_decided(Refusal::NothingInScope));
        assert!(is_decided(Refusal::BelowMinimum { missing: eur(1) }) && is_decided(Refusal::OtherGroup));
        let of_goods = refused("prm_2", Refusal::NothingInScope);
        assert!(super::is_decided(&of_goods, |id| id == "prm_1"));
    }
}
