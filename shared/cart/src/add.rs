//! Add an item to a cart.

use std::sync::OnceLock;

use aws_kit::{ConditionFailures, Idempotency, Idempotent};
use catalog::Offer;
use values::{Error, ExpectedVersion, Quantity, Result};

use crate::cart::{Cart, CartView};
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
        version: Option<&ExpectedVersion>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<CartView>> {
        let known = &OnceLock::new();
        let decide = |failed: Option<ConditionFailures>| async move {
            let cart = match failed {
                Some(failed) => self.newer(owner, &failed)?,
                None => {
                    let (cart, offer) = self.open_with_offer(owner, item).await?;
                    known.get_or_init(|| offer);
                    cart
                }
            };
            let offer = known.get().ok_or_else(|| Error::internal("a cart was changed before its offer was read"))?;
            self.changes(cart, version, |cart| cart.add(offer, more))
        };
        self.optimistic_write().run_idempotent(idempotency, decide).await
    }

    async fn open_with_offer(&self, owner: Owner, item: &ItemRef) -> Result<(Cart, Offer)> {
        let sku = item.resolve_sku(&self.catalog).await?.ok_or_else(|| unknown_product(item))?;
        let (cart, offer) = self.open_with(owner, &sku).await?;
        let offer = offer.ok_or_else(|| unknown_product(item))?;
        offer.check_single(item.field())?;
        let offer = Some(offer).filter(Offer::is_active).ok_or_else(|| unknown_product(item))?;
        Ok((cart, offer))
    }
}
