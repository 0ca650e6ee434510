//! What is to be bought: the lines of a cart at the prices that its owner last saw, or items named outright at what is offered.

use std::collections::BTreeMap;

use cart::{Cart, Line, Owner};
use catalog::Offer;
use pricing::Breakdown;
use values::{Currency, Error, Money, Quantity, Result, Sku};

use crate::Checkout;
use crate::order::Item;

/// Where the lines come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A cart, which the order uses up.
    Cart(Owner),
    /// Named outright.
    Items(Vec<(cart::Item, Quantity)>),
}

/// Lines, one per SKU, and the cart they come from.
pub(crate) struct Basket {
    pub(crate) lines: Vec<Line>,
    pub(crate) cart: Option<Cart>,
}

impl Checkout {
    /// The lines at the prices that the customer has seen. 1 round trip.
    pub(crate) async fn basket(&self, source: &Source) -> Result<Basket> {
        match source {
            Source::Cart(owner) => {
                let cart =
                    self.carts.read(owner).await?.filter(|cart| !cart.lines.is_empty()).ok_or_else(cart_empty)?;
                Ok(Basket { lines: cart.lines.clone(), cart: Some(cart) })
            }
            Source::Items(items) => {
                let offered = self.offered(items).await?;
                Ok(Basket {
                    lines: offered.into_iter().map(|(offer, pieces)| line(offer, pieces)).collect(),
                    cart: None,
                })
            }
        }
    }

    /// The offers of items, archived ones too, and how many of each are wanted. 422 `product_unknown`, and `variant_required` for
    /// a product that is sold in variants. 1 round trip, 1 more for each product that this
    /// sandbox never saw.
    pub(crate) async fn offered(&self, items: &[(cart::Item, Quantity)]) -> Result<Vec<(Offer, Quantity)>> {
        if items.is_empty() || items.len() > Cart::MOST_LINES {
            let message = format!("name 1 to {} items", Cart::MOST_LINES);
            return Err(Error::invalid("items", "items_out_of_range", message));
        }
        // Lines of one SKU are one line: two conditions on one row would not fit a transaction, nor would they add up.
        let mut wanted: BTreeMap<Sku, (usize, Quantity)> = BTreeMap::new();
        for (index, (item, quantity)) in items.iter().enumerate() {
            let sku = item.sku(&self.desk.catalog).await?.ok_or_else(|| unknown(index))?;
            let quantity = match wanted.get(&sku) {
                Some((_, before)) => before.plus(*quantity)?,
                None => *quantity,
            };
            wanted.insert(sku, (index, quantity));
        }
        let skus: Vec<Sku> = wanted.keys().cloned().collect();
        let offers = self.desk.catalog.offers(&skus).await?;
        let mut offers: BTreeMap<Sku, Offer> = offers.into_iter().map(|offer| (offer.sku.clone(), offer)).collect();
        let found = wanted.into_iter().map(|(sku, (index, quantity))| {
            let offer = offers.remove(&sku).ok_or_else(|| unknown(index))?;
            offer.check_single(&format!("items[{index}]"))?;
            Ok((offer, quantity))
        });
        found.collect()
    }
}

/// So many of an offer as it is now, sold or not: the transaction judges.
pub(crate) fn line(offer: Offer, quantity: Quantity) -> Line {
    Line {
        sku: offer.sku,
        product_id: offer.product_id,
        name: offer.name,
        quantity,
        unit_price: offer.price,
        price_version: offer.price_version,
        available: offer.available,
    }
}

/// What lines cost.
pub(crate) fn priced(lines: &[Line], currency: Currency) -> Result<Breakdown> {
    let lines = lines.iter().map(|line| pricing::Line { unit_price: line.unit_price, quantity: line.quantity });
    pricing::price(&lines.collect::<Vec<_>>(), currency)
}

/// Lines as they are bought.
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

pub(crate) fn cart_empty() -> Error {
    Error::invalid("cart", "cart_empty", "there is nothing in this cart")
}

fn unknown(index: usize) -> Error {
    Error::invalid(&format!("items[{index}]"), "product_unknown", "is not sold here")
}
