//! View a cart. Prices and stock are read fresh, and what changed since the last view is reported once.

use catalog::Offer;
use values::{Result, Sku};

use crate::cart::{Cart, CartView};
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// The view of the owner. What they see is stored, so that the next view reports no changes and an order is placed
    /// at these prices. 2 round trips (1 for an empty cart), 1 more when something changed, and 1 more when an offer has
    /// buckets that were not counted in the last seconds.
    pub async fn view(&self, owner: Owner) -> Result<CartView> {
        let cart = self.open(owner).await?;
        let (skus, offers) = self.read_offers(&cart).await?;
        let view = cart.clone().refresh(&skus, &offers);
        if !view.differs_from(&cart) {
            return Ok(view);
        }
        let refresh = |cart: Cart| Ok(cart.refresh(&skus, &offers));
        self.change(cart, None, refresh).await
    }

    /// The view of another caller. It stores nothing, so the owner is still informed of the changes.
    pub async fn inspect(&self, owner: Owner) -> Result<CartView> {
        let cart = self.open(owner).await?;
        let (skus, offers) = self.read_offers(&cart).await?;
        Ok(cart.refresh(&skus, &offers))
    }

    async fn read_offers(&self, cart: &Cart) -> Result<(Vec<Sku>, Vec<Offer>)> {
        let skus: Vec<Sku> = cart.lines.iter().map(|line| line.sku.clone()).collect();
        let mut offers = self.catalog.offers(&skus).await?;
        self.catalog.count(offers.iter_mut().collect()).await?;
        Ok((skus, offers))
    }
}
