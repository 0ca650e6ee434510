//! Adding to a cart.

use std::sync::OnceLock;

use aws_kit::{ConditionFailures, Idempotency, Idempotent};
use catalog::Offer;
use values::{Error, ExpectedVersion, Quantity, Result};

use crate::line::unknown;
use crate::{Cart, Carts, Item, Owner, View};

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
            self.edited(cart, version, |cart| cart.add(offer, more))
        };
        self.write().run_idempotent(idempotency, decide).await
    }

    async fn open_with_offer(&self, owner: Owner, item: &Item) -> Result<(Cart, Offer)> {
        let sku = item.sku(&self.catalog).await?.ok_or_else(|| unknown(item))?;
        let (cart, offer) = self.open_with(owner, &sku).await?;
        let offer = offer.ok_or_else(|| unknown(item))?;
        offer.check_single(item.field())?;
        let offer = Some(offer).filter(Offer::is_active).ok_or_else(|| unknown(item))?;
        Ok((cart, offer))
    }
}
