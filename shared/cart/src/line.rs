//! A line: so many of one SKU, as its owner last saw it.

use catalog::{Offer, SaleRefusal};
use serde::{Deserialize, Serialize};
use values::{Error, Money, ProductId, Quantity, Result, Sku};

use crate::{Change, Item, Kind};

/// A line of a cart. Its price is the one that an order is placed at, or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// What.
    pub sku: Sku,
    /// The product that it is of.
    pub product_id: ProductId,
    /// What it is called.
    pub name: String,
    /// How many.
    pub quantity: Quantity,
    /// Of one piece, when the owner last looked.
    pub unit_price: Money,
    /// That price's version.
    pub price_version: u64,
    /// How many could be sold when the owner last looked.
    pub available: u32,
}

impl Line {
    /// So many of an offer as it is now; refused when it is not sold, or has fewer.
    pub fn of(offer: &Offer, quantity: Quantity) -> Result<Self> {
        match offer.check_sale(quantity.get(), offer.price_version) {
            Some(SaleRefusal::InsufficientStock { available }) => Err(insufficient(offer, available)),
            Some(_) => Err(unknown(&Item::Sku(offer.sku.clone()))),
            None => Ok(Self {
                sku: offer.sku.clone(),
                product_id: offer.product_id,
                name: offer.name.clone(),
                quantity,
                unit_price: offer.price,
                price_version: offer.price_version,
                available: offer.available,
            }),
        }
    }

    /// What changed since the owner last looked, and the line as it looks now; none when it is not sold any more.
    pub fn refreshed(self, offer: Option<&Offer>) -> (Option<Self>, Vec<Change>) {
        let Some(offer) = offer.filter(|offer| offer.is_active()) else {
            let kind = Kind::Gone { was: self.quantity.get(), now: 0 };
            return (None, vec![Change { sku: self.sku, kind }]);
        };
        if offer.price_version < self.price_version {
            // Read before the line was put in at a newer price.
            return (Some(self), Vec::new());
        }
        let mut changes = Vec::new();
        if self.price_version != offer.price_version && self.unit_price != offer.price {
            let kind = Kind::Price { was: self.unit_price, now: offer.price };
            changes.push(Change { sku: self.sku.clone(), kind });
        }
        // Stock moves with every sale; the owner is told when it no longer suffices, once for each lower number.
        if offer.available < self.quantity.get() && offer.available < self.available {
            let kind = Kind::Stock { was: self.available, now: offer.available };
            changes.push(Change { sku: self.sku.clone(), kind });
        }
        let (unit_price, price_version, available) = (offer.price, offer.price_version, offer.available);
        (Some(Self { name: offer.name.clone(), unit_price, price_version, available, ..self }), changes)
    }
}

/// There is no such thing to put into a cart.
pub(crate) fn unknown(item: &Item) -> Error {
    let name = match item {
        Item::Sku(sku) => sku.to_string(),
        Item::Product(product) => product.to_string(),
    };
    Error {
        code: "product_unknown",
        ..Error::invalid(item.field(), "product_unknown", format!("{name} is not sold here"))
    }
}

fn insufficient(offer: &Offer, available: u32) -> Error {
    let message = format!("only {available} left");
    let facts = [("sku".to_owned(), offer.sku.as_str().into()), ("available".to_owned(), available.into())];
    Error::conflict("insufficient_stock", format!("There are {available} left of {} ({}).", offer.name, offer.sku))
        .with_facts(offer.sku.as_str(), "insufficient_stock", message, facts.into_iter().collect())
}
