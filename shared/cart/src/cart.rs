//! The cart: what a customer or a guest wants to buy. Pure rules; the store stores them.

use catalog::Offer;
use identity::CustomerGroup;
use promotions::{CouponCode, MAX_COUPONS, check_coupons};
use serde::{Deserialize, Serialize};
use terms::MarketKey;
use values::{Error, ExpectedVersion, Quantity, Result, Sku, Timestamp};

use crate::change::Change;
use crate::item_ref::ItemRef;
use crate::line::Line;
use crate::owner::Owner;
use crate::prices::Prices;

/// How long a cart is kept after its last change or view.
const LIFETIME_SECONDS: i64 = 7 * 24 * 3600;

/// A cart as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    pub owner: Owner,
    /// The market to whose prices the cart belongs; none for the default market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<MarketKey>,
    /// The version of the market by which the lines were priced; 0 for a market that is not stored.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub market_version: u64,
    /// The customer group of the owner, to whose prices the cart belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<CustomerGroup>,
    /// The lines in the order in which they were added, one per SKU.
    pub lines: Vec<Line>,
    /// The coupons in the order in which they were entered. Some may not apply now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<CouponCode>,
    /// Counts the changes; 0 before the first.
    pub version: u64,
    /// When the cart expires unless it is used again, to the second.
    pub expires_at: Timestamp,
}

pub(crate) fn is_zero(version: &u64) -> bool {
    *version == 0
}

/// A cart, with what changed since its owner last viewed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartView {
    pub cart: Cart,
    /// Reported once.
    pub changes: Vec<Change>,
}

impl CartView {
    /// A cart in which nothing has changed that its owner must see.
    pub(crate) fn unchanged(cart: Cart) -> Self {
        Self { cart, changes: Vec::new() }
    }

    /// The same with changes that come first.
    #[must_use]
    pub(crate) fn after(self, mut changes: Vec<Change>) -> Self {
        changes.extend(self.changes);
        Self { cart: self.cart, changes }
    }

    /// Does an order of the view differ from one of `before`, or must the owner see changes? An empty cart is no order.
    pub(crate) fn differs_from(&self, before: &Cart) -> bool {
        let (lines, others) = (&self.cart.lines, &before.lines);
        let is_same = lines.len() == others.len() && lines.iter().zip(others).all(|(line, other)| line.sells_as(other));
        let prices = |cart: &Cart| (cart.market.clone(), cart.market_version, cart.group.clone());
        !self.changes.is_empty() || !is_same || (!lines.is_empty() && prices(&self.cart) != prices(before))
    }
}

impl Cart {
    /// The most SKUs in a cart: an order with 50 of them fits into one transaction.
    pub const MAX_LINES: usize = 50;

    /// An empty cart that was never stored.
    pub fn empty(owner: Owner, now: Timestamp) -> Self {
        let (lines, coupons) = (Vec::new(), Vec::new());
        Self { owner, market: None, market_version: 0, group: None, lines, coupons, version: 0, expires_at: now }
            .extend_expiry(now)
    }

    /// The same cart, which expires 7 days from now.
    #[must_use]
    pub fn extend_expiry(self, now: Timestamp) -> Self {
        Self { expires_at: Timestamp::from_millis(now.plus_seconds(LIFETIME_SECONDS).seconds() * 1000), ..self }
    }

    /// Refuses when the caller named another version than that of the cart.
    pub(crate) fn check_version(&self, version: Option<&ExpectedVersion>) -> Result<()> {
        if version.is_some_and(|version| !version.matches(self.version)) {
            return Err(Error::version_mismatch("cart"));
        }
        Ok(())
    }

    /// The line of a SKU.
    pub fn line(&self, sku: &Sku) -> Option<&Line> {
        self.lines.iter().find(|line| line.sku == *sku)
    }

    /// Has it neither lines nor coupons?
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.coupons.is_empty()
    }

    /// The same cart without lines and coupons. It stays in its market.
    #[must_use]
    pub(crate) fn emptied(self) -> Self {
        Self { lines: Vec::new(), coupons: Vec::new(), ..self }
    }

    /// Were its lines priced by the market and the group of these prices? Not if the market has changed since, or if another one became the
    /// default market: it may have another price list.
    pub fn has_prices(&self, prices: &Prices) -> bool {
        self.market == prices.key && self.market_version == prices.market.version && self.group == prices.group
    }

    /// The same cart in the market and the group of these prices. Its lines stay as they are.
    #[must_use]
    pub(crate) fn with_prices(self, prices: &Prices) -> Self {
        let (market, market_version) = (prices.key.clone(), prices.market.version);
        Self { market, market_version, group: prices.group.clone(), ..self }
    }

    /// Adds pieces of an offer to its line. Refused when it is not sold, or when fewer pieces than the sum are
    /// available.
    pub fn add(self, offer: &Offer, more: Quantity, prices: &Prices) -> Result<CartView> {
        let Some(in_cart) = self.line(&offer.sku).map(|line| line.quantity) else {
            return self.set(offer, more, prices);
        };
        let sum = in_cart.plus(more).map_err(|error| Error { code: "quantity_out_of_range", ..error });
        sum.and_then(|sum| self.set(offer, sum, prices)).map_err(|error| with_pieces_in_cart(error, in_cart))
    }

    /// Sets the pieces of an offer, whatever its line has. Refused when it is not sold, when fewer pieces are available, or when an
    /// order of the owner may not have so many.
    pub fn set(self, offer: &Offer, quantity: Quantity, prices: &Prices) -> Result<CartView> {
        offer.check_quantity("quantity", quantity.get(), self.owner.kind())?;
        let line = Line::new(offer, quantity, prices)?;
        // What changed is that of the line as it was: the new quantity may have another price.
        let seen = self.line(&offer.sku).map(|line| line.clone().refresh(Some(offer), prices).1);
        Ok(CartView { cart: self.put(line)?, changes: seen.unwrap_or_default() })
    }

    /// Removes the line of an item. Refused when there is none, or when it is named by a product with several variants
    /// in the cart.
    pub fn remove(mut self, item: &ItemRef) -> Result<CartView> {
        let count = self.lines.len();
        self.lines.retain(|line| !line.is_named_by(item));
        match count - self.lines.len() {
            0 => Err(Error::not_found("item in this cart")),
            1 => Ok(CartView::unchanged(self)),
            _ => Err(catalog::variant_required(item.field())),
        }
    }

    /// Moves an empty cart to a market. 409 `cart_not_empty` for a cart with lines of another market.
    pub(crate) fn choose_market(self, key: &MarketKey, is_present: bool) -> Result<CartView> {
        if !self.lines.is_empty() && !is_present {
            let detail = "The cart has items at the prices of another market. Empty it first, or create another cart.";
            return Err(Error::conflict("cart_not_empty", detail));
        }
        Ok(CartView::unchanged(Self { market: Some(key.clone()), ..self }))
    }

    /// Adds a coupon. 422 `too_many_coupons`, `coupon_doubled`.
    pub(crate) fn add_coupon(mut self, code: CouponCode) -> Result<CartView> {
        self.coupons.push(code);
        check_coupons(&self.coupons).map_err(|error| {
            let code = error.fields.first().map_or(error.code, |field| field.code);
            Error { code, ..error }
        })?;
        Ok(CartView::unchanged(self))
    }

    /// Removes a coupon; 404 when it is not in the cart.
    pub(crate) fn remove_coupon(mut self, code: &CouponCode) -> Result<CartView> {
        let position = self.coupons.iter().position(|coupon| coupon == code);
        self.coupons.remove(position.ok_or_else(|| Error::not_found("coupon in this cart"))?);
        Ok(CartView::unchanged(self))
    }

    /// Its coupons, then those of another cart that it does not have, as many as one cart may have.
    pub(crate) fn coupons_with(&self, other: &Self) -> Vec<CouponCode> {
        let more = other.coupons.iter().filter(|code| !self.coupons.contains(code));
        self.coupons.iter().chain(more).take(MAX_COUPONS).cloned().collect()
    }

    /// The cart by the present offers of `skus` and their prices, and what changed since the owner last viewed it. Lines of other SKUs
    /// stay as they are.
    pub fn refresh(self, skus: &[Sku], offers: &[Offer], prices: &Prices) -> CartView {
        let mut changes = Vec::new();
        let mut lines = Vec::with_capacity(self.lines.len());
        for line in self.lines {
            if !skus.contains(&line.sku) {
                lines.push(line);
                continue;
            }
            let offer = offers.iter().find(|offer| offer.sku == line.sku);
            let (line, more) = line.refresh(offer, prices);
            changes.extend(more);
            lines.extend(line);
        }
        let cart = Self { lines, ..self };
        CartView { cart: cart.with_prices(prices), changes }
    }

    /// Puts a line into the cart, in the place of the line with the same SKU.
    fn put(mut self, line: Line) -> Result<Self> {
        let room = self.lines.len() < Self::MAX_LINES;
        match self.lines.iter_mut().find(|old| old.sku == line.sku) {
            Some(old) => *old = line,
            None if room => self.lines.push(line),
            None => return Err(cart_full()),
        }
        Ok(self)
    }
}

/// Adds to a refusal that the cart has pieces already: the refused sum is not what the owner has sent.
fn with_pieces_in_cart(mut error: Error, in_cart: Quantity) -> Error {
    if !matches!(error.code, "insufficient_stock" | "max_per_order" | "quantity_out_of_range") {
        return error;
    }
    let sentence = catalog::pieces_in_cart(in_cart.get());
    error.detail = format!("{}. {sentence}", error.detail.trim_end_matches('.'));
    for field in &mut error.fields {
        field.message = format!("{}; {sentence}", field.message.trim_end_matches('.'));
        field.facts.insert("inCart".to_owned(), in_cart.get().into());
    }
    error
}

fn cart_full() -> Error {
    let message = format!("a cart has at most {} SKUs", Cart::MAX_LINES);
    Error { code: "cart_full", ..Error::invalid("sku", "cart_full", message) }
}

#[cfg(test)]
#[path = "cart_tests.rs"]
pub(crate) mod tests;
