//! Price a cart: with its coupons, the promotions of its market, and the customer group of its owner.

use promotions::Found;
use terms::markets::Market;
use values::{Result, Timestamp};

use crate::cart::Cart;
use crate::line::Line;
use crate::price_basket::{Basket, price_basket};
use crate::priced_cart::PricedCart;
use crate::store::Carts;

impl Carts {
    /// The price of a cart that was viewed or changed. No round trip in a warm execution environment, but 1 if a coupon has a limit, and 1
    /// if an earlier release has written a line.
    pub async fn price(&self, cart: &Cart) -> Result<PricedCart> {
        let at = self.clock.now();
        let prices = self.prices(cart, cart.group.as_ref()).await?;
        let found = self.find_promotions(cart, &prices.market).await?;
        let lines = self.price_lines(&cart.lines, at).await?;
        let breakdown = price_basket(&Basket {
            lines: &lines,
            market: &prices.market,
            group: cart.group.as_ref().map(|group| group.as_str()),
            taxation: None,
            country: None,
            found: &found,
            shipping: None,
            at,
        })?;
        Ok(PricedCart::new(prices.market.key, breakdown, &cart.coupons, &found))
    }

    /// Lines of a cart as the lines of a price, at the prices that its owner saw, in the order of the cart. 0 or 1 round trips; 1 more if an
    /// earlier release has written a line.
    pub async fn price_lines(&self, lines: &[Line], now: Timestamp) -> Result<Vec<pricing::Line>> {
        self.catalog.item_lines(lines.iter().map(Line::to_priced_item).collect(), now).await
    }

    /// The promotions that may apply to a cart now, without those that all orders or a coupon have used up. The customer is not counted:
    /// only an order knows the email address. 0 to 3 round trips, as [`promotions::Promotions`] says.
    pub(crate) async fn find_promotions(&self, cart: &Cart, market: &Market) -> Result<Found> {
        if cart.is_empty() {
            return Ok(Found::nothing());
        }
        let found = self.promotions.applicable(market.key.as_str(), &cart.coupons, self.clock.now()).await?;
        self.promotions.exclude_used(found, None).await
    }
}
