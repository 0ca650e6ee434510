//! Emptying a cart.

use values::{ExpectedVersion, Result};

use crate::{Cart, Carts, Owner, View};

impl Carts {
    /// Takes everything out. 2 round trips, 1 when there is nothing in it.
    pub async fn clear(&self, owner: Owner, version: Option<&ExpectedVersion>) -> Result<()> {
        let cart = self.open(owner).await?;
        if cart.lines.is_empty() {
            return cart.check_version(version);
        }
        let empty = |cart| Ok(View { cart: Cart { lines: Vec::new(), ..cart }, changes: Vec::new() });
        self.change(cart, version, empty).await.map(drop)
    }
}
