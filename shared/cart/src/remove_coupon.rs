//! Remove a coupon from a cart.

use promotions::CouponCode;
use values::{ExpectedVersion, Result};

use crate::cart::CartView;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Removes a coupon; 404 when it is not in the cart. 2 round trips.
    pub async fn remove_coupon(
        &self,
        owner: Owner,
        code: &CouponCode,
        version: Option<&ExpectedVersion>,
    ) -> Result<CartView> {
        let opened = self.open(owner).await?;
        self.change(opened, version, |cart, _| cart.remove_coupon(code)).await
    }
}
