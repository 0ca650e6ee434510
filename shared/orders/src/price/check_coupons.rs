//! Which coupons refuse a quote or an order. Pure.

use pricing::{Breakdown, Refusal, RefusedPromotion};
use promotions::{Found, Stage, coupon_error};
use values::Result;

use crate::price::sale::Sale;

/// Refuses an order with coupons that do not apply to it: 409 `promotion_exhausted`, or 422 `coupon_unknown`, `coupon_expired` and others.
pub(crate) fn check_coupons(sale: &Sale, breakdown: &Breakdown) -> Result<()> {
    refuse(&sale.found, &breakdown.refused)
}

/// The same for a quote. A coupon that cannot be judged before the customer has chosen an address or a shipping method refuses nothing yet.
pub(crate) fn check_coupons_of_quote(sale: &Sale, breakdown: &Breakdown) -> Result<()> {
    let is_open = |refused: &&RefusedPromotion| {
        let stage = sale.found.promotion(&refused.id).map(|promotion| promotion.content.stage);
        match refused.refusal {
            Refusal::OtherCountry => sale.destination.is_none(),
            Refusal::NothingInScope => stage == Some(Stage::Shipping) && breakdown.shipping_method.is_none(),
            _ => false,
        }
    };
    let judged: Vec<RefusedPromotion> = breakdown.refused.iter().filter(|refused| !is_open(refused)).cloned().collect();
    refuse(&sale.found, &judged)
}

fn refuse(found: &Found, refused: &[RefusedPromotion]) -> Result<()> {
    let coupons = [found.refused.clone(), found.refused_by_price(refused)].concat();
    match coupon_error(&coupons) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}
