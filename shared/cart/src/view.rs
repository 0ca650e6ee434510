//! View a cart. Prices and stock are read fresh, and what changed since the last view is reported once.

use values::Result;

use crate::cart::CartView;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// The view of the owner. What they see is stored, so that the next view reports no changes and an order is placed
    /// at these prices. 2 round trips (1 for an empty cart), 1 more when something changed, and 1 more when an offer has
    /// buckets that were not counted in the last seconds.
    pub async fn view(&self, owner: Owner) -> Result<CartView> {
        let opened = self.open(owner).await?;
        let prices = self.prices(&opened.cart, opened.group.as_ref()).await?;
        let (skus, offers) = self.read_offers(&opened.cart).await?;
        let view = opened.cart.clone().refresh(&skus, &offers, &prices);
        if !view.differs_from(&opened.cart) {
            return Ok(view);
        }
        self.change(opened, None, |cart, prices| Ok(cart.refresh(&skus, &offers, prices))).await
    }

    /// The view of another caller. It stores nothing, so the owner is still informed of the changes.
    pub async fn inspect(&self, owner: Owner) -> Result<CartView> {
        let opened = self.open(owner).await?;
        let prices = self.prices(&opened.cart, opened.group.as_ref()).await?;
        let (skus, offers) = self.read_offers(&opened.cart).await?;
        Ok(opened.cart.refresh(&skus, &offers, &prices))
    }
}
