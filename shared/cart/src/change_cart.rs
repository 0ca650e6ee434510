//! Change a cart under concurrency. A cart is priced again first if its market, what an admin set about that, or its group has changed.

use aws_kit::{Changes, ConditionFailures, Decision};
use catalog::Offer;
use identity::CustomerGroup;
use values::{ExpectedVersion, Result, Sku};

use crate::cart::{Cart, CartView};
use crate::open::OpenCart;
use crate::prices::Prices;
use crate::store::Carts;

impl Carts {
    /// Changes a cart that was read, and changes the newer cart after a concurrent update. `version` is the version that the
    /// caller expects, if any. 1 round trip, 1 more for each concurrent update, and 1 more for other prices.
    pub(crate) async fn change(
        &self,
        opened: OpenCart,
        version: Option<&ExpectedVersion>,
        edit: impl Fn(Cart, &Prices) -> Result<CartView> + Send + Sync,
    ) -> Result<CartView> {
        let (OpenCart { cart, group }, edit) = (&opened, &edit);
        let decide = |failed: Option<ConditionFailures>| async move {
            let cart = failed.map_or_else(|| Ok(cart.clone()), |failed| self.newer(cart.owner, &failed))?;
            self.changes(cart, group.as_ref(), version, edit).await
        };
        self.optimistic_write().run(decide).await
    }

    /// The write of a changed cart, and its view.
    pub(crate) async fn changes(
        &self,
        cart: Cart,
        group: Option<&CustomerGroup>,
        version: Option<&ExpectedVersion>,
        edit: impl Fn(Cart, &Prices) -> Result<CartView> + Send + Sync,
    ) -> Result<Decision<'static, CartView>> {
        cart.check_version(version)?;
        let prices = self.prices(&cart, group).await?;
        let CartView { cart, changes } = self.price_again(cart, &prices).await?;
        let (changed, view) = self.next(edit(cart, &prices)?.after(changes));
        Ok(Changes::new(vec![self.put(&changed)?], view).into())
    }

    /// The writes of a merge: the merged cart, and the guest's cart, emptied. If the guest's cart is empty, both stay as they are.
    pub(crate) fn merge_changes(&self, merged: CartView, guest: &Cart) -> Result<Decision<'static, CartView>> {
        if guest.is_empty() {
            return Ok(Changes::new(Vec::new(), merged).into());
        }
        let (own, view) = self.next(merged);
        Ok(Changes::new(vec![self.put(&own)?, self.convert(guest)?], view).into())
    }

    /// The offers of all lines, with the SKUs of the lines. 1 round trip, 0 for a cart without lines, and 1 more when an offer has buckets
    /// that were not counted in the last seconds.
    pub(crate) async fn read_offers(&self, cart: &Cart) -> Result<(Vec<Sku>, Vec<Offer>)> {
        let skus: Vec<Sku> = cart.lines.iter().map(|line| line.sku.clone()).collect();
        let mut offers = self.catalog.offers(&skus).await?;
        self.catalog.count(offers.iter_mut().collect()).await?;
        Ok((skus, offers))
    }

    /// The cart at these prices. 1 round trip if its lines were priced by another market or group.
    async fn price_again(&self, cart: Cart, prices: &Prices) -> Result<CartView> {
        if cart.lines.is_empty() || cart.has_prices(prices) {
            return Ok(CartView::unchanged(cart.with_prices(prices)));
        }
        let (skus, offers) = self.read_offers(&cart).await?;
        Ok(cart.refresh(&skus, &offers, prices))
    }

    /// A changed cart as it is written, and as it is shown once it has been written.
    fn next(&self, changed: CartView) -> (Cart, CartView) {
        let cart = changed.cart.extend_expiry(self.clock.now());
        (cart.clone(), CartView { cart: Cart { version: cart.version + 1, ..cart }, ..changed })
    }
}
