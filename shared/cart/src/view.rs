//! Looking at a cart: prices and stock are read fresh, and what changed since the last look is told once.

use catalog::Offer;
use values::{Result, Sku};

use crate::{Cart, Carts, Owner, View};

impl Carts {
    /// The owner looks: what is shown is remembered, so that the next look is quiet and an order is placed at these prices.
    /// 2 round trips (1 for an empty cart), 1 more when something changed.
    pub async fn view(&self, owner: Owner) -> Result<View> {
        let cart = self.open(owner).await?;
        let (asked, offers) = self.offers_of(&cart).await?;
        let view = cart.clone().refreshed(&asked, &offers);
        if !view.differs_from(&cart) {
            return Ok(view);
        }
        let look = |cart: Cart| Ok(cart.refreshed(&asked, &offers));
        self.change(cart, None, look).await
    }

    /// Somebody else looks: the same, but the owner has still to be told.
    pub async fn inspect(&self, owner: Owner) -> Result<View> {
        let cart = self.open(owner).await?;
        let (asked, offers) = self.offers_of(&cart).await?;
        Ok(cart.refreshed(&asked, &offers))
    }

    async fn offers_of(&self, cart: &Cart) -> Result<(Vec<Sku>, Vec<Offer>)> {
        let skus: Vec<Sku> = cart.lines.iter().map(|line| line.sku.clone()).collect();
        let offers = self.catalog.offers(&skus).await?;
        Ok((skus, offers))
    }
}
