//! Choose the market of an account's cart.

use terms::MarketKey;
use values::{Result, UserId};

use crate::cart::CartView;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Moves the empty cart of an account to a market. Nothing happens to the lines of a cart that is in this market. 422 `market_unknown`;
    /// 409 `cart_not_empty` for a cart with lines of another market. 2 round trips.
    pub async fn choose_market(&self, user: UserId, key: &MarketKey) -> Result<CartView> {
        let market = self.terms.market(Some(key)).await?;
        let opened = self.open(Owner::User(user)).await?;
        self.change(opened, None, |cart, prices| cart.choose_market(key, prices.market.key == market.key)).await
    }
}
