//! Create a cart for a guest.

use values::Result;

use crate::cart::{Cart, CartView};
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Creates an empty cart. Its id is the guest's credential for it. 1 round trip.
    pub async fn create(&self) -> Result<CartView> {
        let cart = Cart::empty(Owner::Guest(self.clock.mint()), self.clock.now());
        let unchanged = |cart| Ok(CartView { cart, changes: Vec::new() });
        self.change(cart, None, unchanged).await
    }
}
