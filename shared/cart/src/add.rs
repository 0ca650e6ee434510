//! Add an item to a cart.

use aws_kit::{Idempotency, Idempotent};
use catalog::Offer;
use values::{Quantity, Result};

use crate::cart::CartView;
use crate::item_ref::ItemRef;
use crate::line::unknown_product;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Adds pieces of an item, exactly once with an idempotency key. Without a key, a client that repeats a request
    /// without an answer may add them twice, and sees that in the cart. 422 `product_unknown`, `variant_required`,
    /// `cart_full` or `quantity_out_of_range`; 409 `insufficient_stock`. 2 round trips: one reads the cart and the
    /// offer, one writes the cart. 1 more when the item is named by a product whose SKU this execution environment
    /// does not know.
    pub async fn add(
        &self,
        owner: Owner,
        item: &ItemRef,
        more: Quantity,
        version: Option<u64>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<CartView>> {
        let result = self.try_add(owner, item, more, version, idempotency).await;
        self.or_earlier(result, idempotency).await
    }

    async fn try_add(
        &self,
        owner: Owner,
        item: &ItemRef,
        more: Quantity,
        version: Option<u64>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<CartView>> {
        let sku = item.resolve_sku(&self.catalog).await?.ok_or_else(|| unknown_product(item))?;
        let (cart, offer) = self.open_with(owner, &sku).await?;
        let offer = offer.ok_or_else(|| unknown_product(item))?;
        offer.check_single(item.field())?;
        let offer = Some(offer).filter(Offer::is_active).ok_or_else(|| unknown_product(item))?;
        self.change(cart, version, idempotency, |cart| cart.add(&offer, more)).await
    }
}
