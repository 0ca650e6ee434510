//! Add a coupon to a cart.

use promotions::{CouponCode, coupon_error};
use values::{ExpectedVersion, Result};

use crate::cart::CartView;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Adds a coupon that can be used in the market of the cart now. Whether it applies to the lines is no question: the owner may add some.
    /// 422 `too_many_coupons`, `coupon_doubled`, `coupon_unknown`, `coupon_expired`, `coupon_not_started`, `coupon_not_applicable`,
    /// `coupon_excluded` for a second code of a promotion, or `coupon_used`; 409 `promotion_exhausted`. 2 round trips; 1 more each for a code
    /// and a promotion that this execution environment does not know, and for a promotion with a limit.
    pub async fn add_coupon(
        &self,
        owner: Owner,
        code: &CouponCode,
        version: Option<&ExpectedVersion>,
    ) -> Result<CartView> {
        let opened = self.open(owner).await?;
        opened.cart.check_version(version)?;
        let with_coupon = opened.cart.clone().add_coupon(code.clone())?.cart;
        let prices = self.prices(&with_coupon, opened.group.as_ref()).await?;
        let mut refused = self.find_promotions(&with_coupon, &prices.market).await?.refused;
        refused.retain(|coupon| coupon.code == *code);
        if let Some(error) = coupon_error(&refused) {
            return Err(error);
        }
        self.change(opened, version, |cart, _| cart.add_coupon(code.clone())).await
    }
}
