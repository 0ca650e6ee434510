//! Create a cart for a guest.

use terms::MarketKey;
use values::Result;

use crate::cart::{Cart, CartView};
use crate::open::OpenCart;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Creates an empty cart of a market, or of the default market. Its id is the guest's credential for it. 422 `market_unknown`. 1 round
    /// trip.
    pub async fn create(&self, market: Option<MarketKey>) -> Result<CartView> {
        if let Some(key) = &market {
            self.terms.market(Some(key)).await?;
        }
        let cart = Cart { market, ..Cart::empty(Owner::Guest(self.clock.mint()), self.clock.now()) };
        self.change(OpenCart { cart, group: None }, None, |cart, _| Ok(CartView::unchanged(cart))).await
    }
}
