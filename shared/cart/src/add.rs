//! Add an item to a cart.

use std::sync::OnceLock;

use aws_kit::{ConditionFailures, Idempotency, Idempotent};
use catalog::Offer;
use values::{Error, ExpectedVersion, Quantity, Result};

use crate::cart::CartView;
use crate::item_ref::ItemRef;
use crate::line::unknown_product;
use crate::open::OpenCart;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Adds pieces of an item, exactly once with an idempotency key. Without a key, a client that repeats a request
    /// without an answer may add them twice, and sees that in the cart. 422 `product_unknown`, `variant_required`,
    /// `price_missing`, `cart_full` or `quantity_out_of_range`; 409 `insufficient_stock`. 2 round trips: one reads the cart, the
    /// offer and the group of the owner, one writes the cart. 1 more when the item is named by a product whose SKU this execution
    /// environment does not know, and when the other lines have the prices of another market or group.
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
                    let (OpenCart { cart, group }, offer) = self.open_with_offer(owner, item).await?;
                    known.get_or_init(|| (offer, group));
                    cart
                }
            };
            let unread = || Error::internal("a cart was changed before its offer was read");
            let (offer, group) = known.get().ok_or_else(unread)?;
            self.changes(cart, group.as_ref(), version, |cart, prices| cart.add(offer, more, prices)).await
        };
        self.optimistic_write().run_idempotent(idempotency, decide).await
    }

    async fn open_with_offer(&self, owner: Owner, item: &ItemRef) -> Result<(OpenCart, Offer)> {
        let sku = item.resolve_sku(&self.catalog).await?.ok_or_else(|| unknown_product(item))?;
        let (opened, offer) = self.open_with(owner, &sku).await?;
        let offer = offer.ok_or_else(|| unknown_product(item))?;
        offer.check_single(item.field())?;
        let offer = Some(offer).filter(Offer::is_active).ok_or_else(|| unknown_product(item))?;
        Ok((opened, offer))
    }
}
