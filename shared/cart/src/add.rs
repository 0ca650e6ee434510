//! Adding to a cart.

use aws_kit::{Idempotency, Idempotent};
use catalog::Offer;
use values::{ExpectedVersion, Quantity, Result};

use crate::line::unknown;
use crate::{Carts, Item, Owner, View};

impl Carts {
    /// Adds pieces of an item: exactly once under an Idempotency-Key. Without one a client that sends again because it got no
    /// answer may add them twice, and sees so in the cart. 422 `product_unknown`, `variant_required`, `cart_full` or `quantity_out_of_range`; 409 `insufficient_stock`.
    /// 2 round trips: cart and offer are read in one, the cart is written in the other; 1 more when the item is named by a
    /// product whose SKU this sandbox does not know.
    pub async fn add(
        &self,
        owner: Owner,
        item: &Item,
        more: Quantity,
        version: Option<&ExpectedVersion>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<View>> {
        let tried = self.try_add(owner, item, more, version, idempotency).await;
        self.or_earlier(tried, idempotency).await
    }

    async fn try_add(
        &self,
        owner: Owner,
        item: &Item,
        more: Quantity,
        version: Option<&ExpectedVersion>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<View>> {
        let sku = item.sku(&self.catalog).await?.ok_or_else(|| unknown(item))?;
        let (cart, offer) = self.open_with(owner, &sku).await?;
        let offer = offer.ok_or_else(|| unknown(item))?;
        offer.check_single(item.field())?;
        let offer = Some(offer).filter(Offer::is_active).ok_or_else(|| unknown(item))?;
        self.change(cart, version, idempotency, |cart| cart.add(&offer, more)).await
    }
}
