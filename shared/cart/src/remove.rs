//! Taking an item out of a cart.

use values::{ExpectedVersion, Result};

use crate::{Carts, Item, Owner, View};

impl Carts {
    /// Without an item. 404 when it is not in the cart. 2 round trips.
    pub async fn remove(&self, owner: Owner, item: &Item, version: Option<&ExpectedVersion>) -> Result<View> {
        let cart = self.open(owner).await?;
        self.change(cart, version, |cart| cart.without(item)).await
    }
}
