//! A line of a cart: pieces of one SKU, as its owner saw it last. Pure.

use catalog::{Offer, SaleRefusal};
use serde::{Deserialize, Serialize};
use values::{Error, Money, ProductId, Quantity, Result, Sku};

use crate::change::{Change, ChangeKind};
use crate::item_ref::ItemRef;

/// A line of a cart. An order is placed at its price, or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub sku: Sku,
    pub product_id: ProductId,
    #[serde(deserialize_with = "values::read_in_nfc")]
    pub name: String,
    pub quantity: Quantity,
    /// The price of one piece when the owner last viewed the cart.
    pub unit_price: Money,
    /// The version of that price.
    pub price_version: u64,
    /// The available pieces when the owner last viewed the cart.
    pub available: u32,
    /// The number of buckets with the stock, if it was in buckets when the owner last viewed the cart. An order reserves in one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buckets: Option<u16>,
}

impl Line {
    /// A line of an offer as it is now; 422 `product_unknown` when it is not sold, 409 `insufficient_stock` when fewer
    /// pieces are available.
    pub fn new(offer: &Offer, quantity: Quantity) -> Result<Self> {
        match offer.check_sale(quantity.get(), offer.price_version) {
            Some(SaleRefusal::InsufficientStock { available }) => Err(insufficient_stock(offer, available)),
            Some(_) => Err(unknown_product(&ItemRef::Sku(offer.sku.clone()))),
            None => Ok(Self {
                sku: offer.sku.clone(),
                product_id: offer.product_id,
                name: offer.name.clone(),
                quantity,
                unit_price: offer.price,
                price_version: offer.price_version,
                available: offer.pieces(),
                buckets: offer.buckets(),
            }),
        }
    }

    /// Does the reference name this line?
    pub(crate) fn is_named_by(&self, item: &ItemRef) -> bool {
        match item {
            ItemRef::Sku(sku) => *sku == self.sku,
            ItemRef::Product(product) => *product == self.product_id,
        }
    }

    /// The line by the present offer, and what changed since the owner last viewed the cart; no line when the product
    /// is no longer sold.
    pub fn refresh(self, offer: Option<&Offer>) -> (Option<Self>, Vec<Change>) {
        let Some(offer) = offer.filter(|offer| offer.is_active()) else {
            let kind = ChangeKind::Gone { was: self.quantity.get(), now: 0 };
            return (None, vec![Change { sku: self.sku, kind }]);
        };
        if offer.price_version < self.price_version {
            // The offer was read before the line was added at a newer price.
            return (Some(self), Vec::new());
        }
        let mut changes = Vec::new();
        if self.price_version != offer.price_version && self.unit_price != offer.price {
            let kind = ChangeKind::Price { was: self.unit_price, now: offer.price };
            changes.push(Change { sku: self.sku.clone(), kind });
        }
        // Stock changes with every sale. The owner is informed when it no longer suffices, once for each lower number.
        let available = offer.pieces();
        if available < self.quantity.get() && available < self.available {
            let kind = ChangeKind::Stock { was: self.available, now: available };
            changes.push(Change { sku: self.sku.clone(), kind });
        }
        let (unit_price, price_version, buckets) = (offer.price, offer.price_version, offer.buckets());
        (Some(Self { name: offer.name.clone(), unit_price, price_version, available, buckets, ..self }), changes)
    }
}

/// The 422 for an item that is not sold.
pub(crate) fn unknown_product(item: &ItemRef) -> Error {
    let name = match item {
        ItemRef::Sku(sku) => sku.to_string(),
        ItemRef::Product(product) => product.to_string(),
    };
    Error {
        code: "product_unknown",
        ..Error::invalid(item.field(), "product_unknown", format!("{name} is not a product of this shop"))
    }
}

fn insufficient_stock(offer: &Offer, available: u32) -> Error {
    let message = format!("only {available} available");
    let facts = [("sku".to_owned(), offer.sku.as_str().into()), ("available".to_owned(), available.into())];
    Error::conflict("insufficient_stock", format!("Only {available} of {} ({}) are available.", offer.name, offer.sku))
        .with_facts(offer.sku.as_str(), "insufficient_stock", message, facts.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cart::tests::offer;

    #[test]
    fn name_of_an_earlier_release_is_read_in_nfc() {
        let line = Line::new(&offer("MUG", 9), Quantity::new(1).unwrap()).unwrap();
        let row = serde_json::to_value(Line { name: "Cafe\u{301}".into(), ..line }).unwrap();
        assert_eq!(serde_json::from_value::<Line>(row).unwrap().name, "Caf\u{e9}");
    }
}
