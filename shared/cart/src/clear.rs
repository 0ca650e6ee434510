//! Clear a cart.

use values::{ExpectedVersion, Result};

use crate::cart::{Cart, CartView};
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Removes all lines. 2 round trips, 1 when the cart is empty.
    pub async fn clear(&self, owner: Owner, version: Option<&ExpectedVersion>) -> Result<()> {
        let cart = self.open(owner).await?;
        if cart.lines.is_empty() {
            return cart.check_version(version);
        }
        let empty = |cart| Ok(CartView { cart: Cart { lines: Vec::new(), ..cart }, changes: Vec::new() });
        self.change(cart, version, empty).await.map(drop)
    }
}
