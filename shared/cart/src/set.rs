//! Set the quantity of an item in a cart.

use catalog::Offer;
use values::{Error, ExpectedVersion, Quantity, Result};

use crate::cart::CartView;
use crate::item_ref::ItemRef;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Sets the quantity of an item, which need not be in the cart yet; 0 removes it. 404 for a product that is not
    /// sold; 422 `quantity_out_of_range`, `variant_required` or `cart_full`; 409 `insufficient_stock`. 2 round trips.
    pub async fn set(
        &self,
        owner: Owner,
        item: &ItemRef,
        pieces: u32,
        version: Option<&ExpectedVersion>,
    ) -> Result<CartView> {
        if pieces == 0 {
            return self.remove(owner, item, version).await;
        }
        let quantity = Quantity::new(pieces).map_err(|error| Error { code: "quantity_out_of_range", ..error })?;
        let sku = item.resolve_sku(&self.catalog).await?.ok_or_else(|| Error::not_found("product"))?;
        let (cart, offer) = self.open_with(owner, &sku).await?;
        let offer = offer.ok_or_else(|| Error::not_found("product"))?;
        offer.check_single(item.field())?;
        let offer = Some(offer).filter(Offer::is_active).ok_or_else(|| Error::not_found("product"))?;
        self.change(cart, version, |cart| cart.set(&offer, quantity)).await
    }
}
