//! Remove an item from a cart.

use values::{ExpectedVersion, Result};

use crate::cart::CartView;
use crate::item_ref::ItemRef;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Removes the line of an item; 404 when it is not in the cart. 2 round trips.
    pub async fn remove(&self, owner: Owner, item: &ItemRef, version: Option<&ExpectedVersion>) -> Result<CartView> {
        let cart = self.open(owner).await?;
        self.change(cart, version, |cart| cart.remove(item)).await
    }
}
