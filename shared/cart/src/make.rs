//! A cart for a guest.

use values::Result;

use crate::{Cart, Carts, Owner, View};

impl Carts {
    /// Makes an empty cart whose id is its guest's key to it. 1 round trip.
    pub async fn make(&self) -> Result<View> {
        let cart = Cart::empty(Owner::Guest(self.clock.mint()), self.clock.now());
        let as_it_is = |cart| Ok(View { cart, changes: Vec::new() });
        self.change(cart, None, as_it_is).await
    }
}
