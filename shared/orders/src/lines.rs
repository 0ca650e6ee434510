//! The lines of an order before it is placed: those of a cart at the prices that its owner saw last, or items that the
//! request names, at the prices of today.

use std::collections::BTreeMap;

use cart::{Cart, Line, Owner};
use catalog::{BuyerKind, Offer};
use pricing::Breakdown;
use values::{Caller, Currency, Error, Money, Quantity, Result, Sku};

use crate::checkout::Checkout;
use crate::order::Item;

/// Where the lines of an order come from.
#[derive(Debug, Clone)]
pub enum OrderSource {
    /// A cart, which the order empties.
    Cart(Owner),
    /// Items that the request names.
    Items(Vec<(cart::ItemRef, Quantity)>),
}

/// The lines, one per SKU, and the cart that they come from.
pub(crate) struct OrderLines {
    pub(crate) lines: Vec<Line>,
    pub(crate) cart: Option<Cart>,
}

impl Checkout {
    /// The lines of a cart or of items. 1 round trip.
    pub(crate) async fn read_lines(&self, source: &OrderSource, buyer: BuyerKind) -> Result<OrderLines> {
        match source {
            OrderSource::Cart(owner) => {
                let cart =
                    self.carts.read(owner).await?.filter(|cart| !cart.lines.is_empty()).ok_or_else(cart_empty)?;
                Ok(OrderLines { lines: cart.lines.clone(), cart: Some(cart) })
            }
            OrderSource::Items(items) => {
                let offers = self.read_offers(items, buyer).await?;
                Ok(OrderLines {
                    lines: offers.into_iter().map(|(offer, pieces)| line(offer, pieces)).collect(),
                    cart: None,
                })
            }
        }
    }

    /// The offers of items, archived ones included, and the wanted quantity of each. 422 `product_unknown`, `max_per_order`, and
    /// `variant_required` for a product that is sold in variants. 1 round trip, 1 more for each product that this
    /// execution environment has not read before.
    pub(crate) async fn read_offers(
        &self,
        items: &[(cart::ItemRef, Quantity)],
        buyer: BuyerKind,
    ) -> Result<Vec<(Offer, Quantity)>> {
        if items.is_empty() || items.len() > Cart::MAX_LINES {
            let message = format!("must have 1 to {} items", Cart::MAX_LINES);
            return Err(Error::invalid("items", "items_out_of_range", message));
        }
        // Lines of the same SKU are added up. Two conditions on one row are not allowed in a transaction.
        let mut wanted: BTreeMap<Sku, (usize, Quantity)> = BTreeMap::new();
        for (index, (item, quantity)) in items.iter().enumerate() {
            let sku = item.resolve_sku(&self.service.catalog).await?.ok_or_else(|| unknown_product(index))?;
            let quantity = match wanted.get(&sku) {
                Some((_, before)) => before.plus(*quantity)?,
                None => *quantity,
            };
            wanted.insert(sku, (index, quantity));
        }
        let skus: Vec<Sku> = wanted.keys().cloned().collect();
        let offers = self.service.catalog.offers(&skus).await?;
        let mut offers: BTreeMap<Sku, Offer> = offers.into_iter().map(|offer| (offer.sku.clone(), offer)).collect();
        let found = wanted.into_iter().map(|(sku, (index, quantity))| {
            let offer = offers.remove(&sku).ok_or_else(|| unknown_product(index))?;
            offer.check_single(&format!("items[{index}]"))?;
            offer.check_quantity(&format!("items[{index}].quantity"), quantity.get(), buyer)?;
            Ok((offer, quantity))
        });
        found.collect()
    }
}

/// A line of an offer as it is now, sold or not: the transaction decides.
pub(crate) fn line(offer: Offer, quantity: Quantity) -> Line {
    let (available, buckets) = (offer.pieces(), offer.buckets());
    Line {
        sku: offer.sku,
        product_id: offer.product_id,
        name: offer.name,
        quantity,
        unit_price: offer.price,
        price_version: offer.price_version,
        available,
        buckets,
    }
}

/// The prices of lines.
pub(crate) fn price_lines(lines: &[Line], currency: Currency) -> Result<Breakdown> {
    let lines = lines.iter().map(|line| pricing::Line { unit_price: line.unit_price, quantity: line.quantity });
    pricing::price(&lines.collect::<Vec<_>>(), currency)
}

/// The items of an order.
pub(crate) fn items(lines: &[Line], sums: &Breakdown) -> Vec<Item> {
    let zero = Money::zero(sums.total.currency);
    let item = |(line, line_total): (&Line, &Money)| Item {
        sku: line.sku.clone(),
        product_id: line.product_id,
        name: line.name.clone(),
        quantity: line.quantity,
        unit_price: line.unit_price,
        discount: zero,
        tax: zero,
        line_total: *line_total,
    };
    lines.iter().zip(&sums.line_totals).map(item).collect()
}

/// Whether an account or a guest buys.
pub(crate) fn buyer_kind(caller: &Caller) -> BuyerKind {
    match caller.account() {
        Some(_) => BuyerKind::Account,
        None => BuyerKind::Guest,
    }
}

pub(crate) fn cart_empty() -> Error {
    Error::invalid("cart", "cart_empty", "the cart is empty")
}

fn unknown_product(index: usize) -> Error {
    Error::invalid(&format!("items[{index}]"), "product_unknown", "is not a product of this shop")
}
