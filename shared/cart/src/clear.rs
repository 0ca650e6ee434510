//! Clear a cart.

use values::{ExpectedVersion, Result};

use crate::cart::CartView;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Removes all lines and coupons. The cart stays in its market. 2 round trips, 1 when the cart is empty.
    pub async fn clear(&self, owner: Owner, version: Option<&ExpectedVersion>) -> Result<()> {
        let opened = self.open(owner).await?;
        if opened.cart.is_empty() {
            return opened.cart.check_version(version);
        }
        self.change(opened, version, |cart, _| Ok(CartView::unchanged(cart.emptied()))).await.map(drop)
    }
}
