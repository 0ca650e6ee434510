//! Why a coupon cannot be used, before any order counts it. Pure.

use pricing::Refusal;
use values::{Error, Kind};

use crate::codes::coupon_code::CouponCode;

/// Why a coupon cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CouponRefusal {
    /// No promotion has such a code.
    Unknown,
    NotStarted,
    /// The promotion has ended or was stopped.
    Expired,
    /// It is for other markets, customers, countries or goods, or for a larger order.
    NotApplicable,
    /// The code, or the customer, has used it as often as allowed.
    Used,
    /// All orders together have used the promotion as often as allowed.
    Exhausted,
    FirstOrderOnly,
    /// It cannot be combined with others that are better for the buyer.
    Excluded,
}

/// A coupon that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedCoupon {
    pub code: CouponCode,
    pub refusal: CouponRefusal,
}

impl CouponRefusal {
    /// The code of the error.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "coupon_unknown",
            Self::NotStarted => "coupon_not_started",
            Self::Expired => "coupon_expired",
            Self::NotApplicable => "coupon_not_applicable",
            Self::Used => "coupon_used",
            Self::Exhausted => "promotion_exhausted",
            Self::FirstOrderOnly => "coupon_first_order_only",
            Self::Excluded => "coupon_excluded",
        }
    }

    /// What is wrong with the coupon, for the buyer.
    pub fn message(self) -> &'static str {
        match self {
            Self::Unknown => "does not exist",
            Self::NotStarted => "cannot be used yet",
            Self::Expired => "has expired",
            Self::NotApplicable => "does not apply to this order",
            Self::Used => "was used as often as it can be",
            Self::Exhausted => "is used up",
            Self::FirstOrderOnly => "is for the first order of a customer",
            Self::Excluded => "cannot be combined with the other discounts of this order",
        }
    }
}

impl From<Refusal> for CouponRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotStarted => Self::NotStarted,
            Refusal::Expired => Self::Expired,
            Refusal::FirstOrderOnly => Self::FirstOrderOnly,
            Refusal::OtherGroup | Refusal::OtherCountry | Refusal::NothingInScope | Refusal::BelowMinimum { .. } => {
                Self::NotApplicable
            }
            Refusal::TooManyCompeting | Refusal::Excluded => Self::Excluded,
        }
    }
}

/// The error of an order or a cart with these coupons; none if there are none. Its code is that of the first: 409 `promotion_exhausted`,
/// or 422.
pub fn coupon_error(refused: &[RefusedCoupon]) -> Option<Error> {
    let first = refused.first()?;
    let kind = match first.refusal {
        CouponRefusal::Exhausted => Kind::Conflict,
        _ => Kind::Invalid,
    };
    let sentences = refused.iter().map(|one| format!("The coupon {} {}.", one.code, one.refusal.message()));
    let error = Error::new(kind, first.refusal.code(), sentences.collect::<Vec<_>>().join(" "));
    Some(refused.iter().fold(error, |error, one| {
        error.with_field(format!("coupons.{}", one.code), one.refusal.code(), one.refusal.message())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Money;

    fn refused(code: &str, refusal: CouponRefusal) -> RefusedCoupon {
        RefusedCoupon { code: code.parse().unwrap(), refusal }
    }

    #[test]
    fn error_names_every_coupon_and_has_the_code_of_the_first() {
        let error =
            coupon_error(&[refused("OLD", CouponRefusal::Expired), refused("GONE", CouponRefusal::Exhausted)]).unwrap();
        assert_eq!((error.kind, error.code), (Kind::Invalid, "coupon_expired"));
        let fields: Vec<_> = error.fields.iter().map(|field| (field.field.as_str(), field.code)).collect();
        assert_eq!(fields, [("coupons.OLD", "coupon_expired"), ("coupons.GONE", "promotion_exhausted")]);
        let error = coupon_error(&[refused("GONE", CouponRefusal::Exhausted)]).unwrap();
        assert_eq!((error.kind, error.code), (Kind::Conflict, "promotion_exhausted"));
        assert!(coupon_error(&[]).is_none());
    }

    #[test]
    fn refusals_of_a_price_are_distinguished() {
        let missing = Money::new(1, "EUR".parse().unwrap());
        for (refusal, expected) in [
            (Refusal::NotStarted, CouponRefusal::NotStarted),
            (Refusal::Expired, CouponRefusal::Expired),
            (Refusal::FirstOrderOnly, CouponRefusal::FirstOrderOnly),
            (Refusal::BelowMinimum { missing }, CouponRefusal::NotApplicable),
            (Refusal::OtherCountry, CouponRefusal::NotApplicable),
            (Refusal::Excluded, CouponRefusal::Excluded),
        ] {
            assert_eq!(CouponRefusal::from(refusal), expected);
        }
    }
}
