//! Setting how many of an item are in a cart.

use catalog::Offer;
use values::{Error, ExpectedVersion, Quantity, Result};

use crate::{Carts, Item, Owner, View};

impl Carts {
    /// So many pieces of an item, which need not be in the cart yet; 0 removes it. 404 for what is not sold;
    /// 422 `quantity_out_of_range`, `variant_required` or `cart_full`; 409 `insufficient_stock`. 2 round trips.
    pub async fn set(&self, owner: Owner, item: &Item, pieces: u32, version: Option<&ExpectedVersion>) -> Result<View> {
        if pieces == 0 {
            return self.remove(owner, item, version).await;
        }
        let quantity = Quantity::new(pieces).map_err(|error| Error { code: "quantity_out_of_range", ..error })?;
        let sku = item.sku(&self.catalog).await?.ok_or_else(|| Error::not_found("product"))?;
        let (cart, offer) = self.open_with(owner, &sku).await?;
        let offer = offer.ok_or_else(|| Error::not_found("product"))?;
        offer.check_single(item.field())?;
        let offer = Some(offer).filter(Offer::is_active).ok_or_else(|| Error::not_found("product"))?;
        self.change(cart, version, |cart| cart.set(&offer, quantity)).await
    }
}
