//! What a cart shows of its price: discounts, hints, and coupons that do not apply.

use cart::{Discount, Hint};
use promotions::{CouponCode, RefusedCoupon};
use serde::Serialize;
use values::{Money, Sku};

/// A discount, with its reason.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CartDiscount"))]
pub(crate) struct DiscountOut {
    /// The id of the promotion.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PromotionId"))]
    promotion: String,
    /// The name of the promotion.
    name: String,
    /// The coupon that gives the discount. Without one, the promotion is automatic.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    amount: Money,
}

/// What could be added to get more.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CartHint"))]
pub(crate) enum HintOut {
    /// The promotion needs goods for more money.
    Minimum {
        /// The id of the promotion.
        #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PromotionId"))]
        promotion: String,
        /// The amount that is missing.
        missing: Money,
    },
    /// The promotion gives pieces of a SKU that are not in the cart.
    Reward {
        /// The id of the promotion.
        #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PromotionId"))]
        promotion: String,
        sku: Sku,
        /// The pieces that would be free.
        quantity: u32,
    },
}

/// A coupon that does not apply now.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CartRefusedCoupon"))]
pub(crate) struct RefusedCouponOut {
    code: CouponCode,
    /// `coupon_unknown`, `coupon_not_started`, `coupon_expired`, `coupon_not_applicable`, `coupon_used`, `coupon_excluded`,
    /// `coupon_first_order_only` or `promotion_exhausted`.
    reason: &'static str,
}

impl From<Discount> for DiscountOut {
    fn from(Discount { promotion, name, code, amount }: Discount) -> Self {
        Self { promotion, name, code, amount }
    }
}

impl From<Hint> for HintOut {
    fn from(hint: Hint) -> Self {
        match hint {
            Hint::Minimum { promotion, missing } => Self::Minimum { promotion, missing },
            Hint::Reward { promotion, sku, quantity } => Self::Reward { promotion, sku, quantity },
        }
    }
}

impl From<RefusedCoupon> for RefusedCouponOut {
    fn from(RefusedCoupon { code, refusal }: RefusedCoupon) -> Self {
        Self { code, reason: refusal.code() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use promotions::CouponRefusal;
    use serde_json::{json, to_value};

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    #[test]
    fn hint_says_its_kind() {
        let missing = json!({ "amount": 410, "currency": "EUR" });
        let minimum = HintOut::from(Hint::Minimum { promotion: "prm_1".into(), missing: eur(410) });
        assert_eq!(to_value(minimum).unwrap(), json!({ "kind": "minimum", "promotion": "prm_1", "missing": missing }));
        let reward =
            HintOut::from(Hint::Reward { promotion: "prm_1".into(), sku: "MUG".parse().unwrap(), quantity: 1 });
        let expected = json!({ "kind": "reward", "promotion": "prm_1", "sku": "MUG", "quantity": 1 });
        assert_eq!(to_value(reward).unwrap(), expected);
    }

    #[test]
    fn discount_names_a_coupon_only_if_there_is_one() {
        let discount = |code: Option<&str>| {
            let (promotion, name, code) = ("prm_1".to_owned(), "Ten".to_owned(), code.map(str::to_owned));
            to_value(DiscountOut::from(Discount { promotion, name, code, amount: eur(120) })).unwrap()
        };
        let amount = json!({ "amount": 120, "currency": "EUR" });
        let automatic = json!({ "promotion": "prm_1", "name": "Ten", "amount": amount });
        assert_eq!(discount(None), automatic);
        assert_eq!(discount(Some("TEN"))["code"], "TEN");
    }

    #[test]
    fn refused_coupon_has_the_code_of_the_error() {
        let coupon = RefusedCoupon { code: "TEN".parse().unwrap(), refusal: CouponRefusal::Expired };
        let shown = to_value(RefusedCouponOut::from(coupon)).unwrap();
        assert_eq!(shown, json!({ "code": "TEN", "reason": "coupon_expired" }));
    }
}
