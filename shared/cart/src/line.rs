//! A line of a cart: pieces of one SKU, as its owner saw it last. Pure.

use catalog::{Offer, PriceListKey, PricedItem, SaleRefusal, ScopeKeys, TaxClass};
use serde::{Deserialize, Serialize};
use values::{Error, Money, ProductId, Quantity, Result, Sku};

use crate::change::{Change, ChangeKind};
use crate::item_ref::ItemRef;
use crate::prices::Prices;

/// A line of a cart. An order is placed at its price, or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub sku: Sku,
    pub product_id: ProductId,
    #[serde(deserialize_with = "values::read_in_nfc")]
    pub name: String,
    pub quantity: Quantity,
    /// The price of one piece when the owner last viewed the cart, in its market and for its quantity.
    pub unit_price: Money,
    /// The version of that price.
    pub price_version: u64,
    /// The available pieces when the owner last viewed the cart.
    pub available: u32,
    /// The number of buckets with the stock, if it was in buckets when the owner last viewed the cart. An order reserves in one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buckets: Option<u16>,
    /// By what promotions name it. A line of an earlier release has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_keys: Option<ScopeKeys>,
    #[serde(default, skip_serializing_if = "is_standard")]
    pub tax_class: TaxClass,
    /// Grams of one piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
}

fn is_standard(tax_class: &TaxClass) -> bool {
    *tax_class == TaxClass::default()
}

impl Line {
    /// A line of an offer as it is now; 422 `product_unknown` when it is not sold, `price_missing` when it has no price in the market, 409
    /// `insufficient_stock` when fewer pieces are available.
    pub fn new(offer: &Offer, quantity: Quantity, prices: &Prices) -> Result<Self> {
        match offer.check_sale(quantity.get(), offer.price_version) {
            Some(SaleRefusal::InsufficientStock { available }) => Err(insufficient_stock(offer, available)),
            Some(_) => Err(unknown_product(&ItemRef::Sku(offer.sku.clone()))),
            None => match prices.unit_price(offer, quantity) {
                Some(unit_price) => Ok(Self::of(offer, quantity, unit_price)),
                None => Err(price_missing(offer, prices)),
            },
        }
    }

    /// A line of an offer as it is now, sold or not, at this price of a piece.
    pub fn of(offer: &Offer, quantity: Quantity, unit_price: Money) -> Self {
        Self {
            sku: offer.sku.clone(),
            product_id: offer.product_id,
            name: offer.name.clone(),
            quantity,
            unit_price,
            price_version: offer.price_version,
            available: offer.pieces(),
            buckets: offer.buckets(),
            scope_keys: offer.scope_keys.clone(),
            tax_class: offer.tax_class.clone(),
            weight: offer.weight,
        }
    }

    /// What a price needs of the line. Its only price is the one that the owner saw.
    pub fn to_priced_item(&self) -> PricedItem<'_> {
        let list = PriceListKey::default().as_str().to_owned();
        PricedItem {
            sku: &self.sku,
            product_id: self.product_id,
            quantity: self.quantity,
            prices: vec![pricing::ListPrice { list, min_quantity: 1, price: self.unit_price }],
            tax_class: &self.tax_class,
            scope_keys: self.scope_keys.as_ref(),
        }
    }

    /// Does the reference name this line?
    pub(crate) fn is_named_by(&self, item: &ItemRef) -> bool {
        match item {
            ItemRef::Sku(sku) => *sku == self.sku,
            ItemRef::Product(product) => *product == self.product_id,
        }
    }

    /// The line by the present offer and its price, and what changed since the owner last viewed the cart; no line when the product is no
    /// longer sold in the market.
    pub fn refresh(self, offer: Option<&Offer>, prices: &Prices) -> (Option<Self>, Vec<Change>) {
        let offer = offer.filter(|offer| offer.is_active());
        let is_older = offer.is_some_and(|offer| offer.price_version < self.price_version);
        if is_older && self.unit_price.currency == prices.market.content.currency {
            // The offer was read before the line was added at a newer price. A line of another currency gets the older price: a cart has
            // one currency, and an order at that price is refused.
            return (Some(self), Vec::new());
        }
        let priced = offer.and_then(|offer| Some((offer, prices.unit_price(offer, self.quantity)?)));
        let Some((offer, unit_price)) = priced else {
            let kind = ChangeKind::Gone { was: self.quantity.get(), now: 0 };
            return (None, vec![Change { sku: self.sku, kind }]);
        };
        let mut changes = Vec::new();
        if self.unit_price != unit_price {
            let kind = ChangeKind::Price { was: self.unit_price, now: unit_price };
            changes.push(Change { sku: self.sku.clone(), kind });
        }
        // Stock changes with every sale. The owner is informed when it no longer suffices, once for each lower number.
        let available = offer.pieces();
        if available < self.quantity.get() && available < self.available {
            let kind = ChangeKind::Stock { was: self.available, now: available };
            changes.push(Change { sku: self.sku.clone(), kind });
        }
        (Some(Self { product_id: self.product_id, ..Self::of(offer, self.quantity, unit_price) }), changes)
    }

    /// Would an order of the other line differ from one of this line? The available pieces and the name make no difference.
    pub(crate) fn sells_as(&self, other: &Self) -> bool {
        let seen = Self { available: self.available, name: self.name.clone(), ..other.clone() };
        *self == seen
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

fn price_missing(offer: &Offer, prices: &Prices) -> Error {
    let message = format!("{} has no price in the market {}; choose another market", offer.sku, prices.market.key);
    Error { code: "price_missing", ..Error::invalid("sku", "price_missing", message) }
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
    use crate::prices::tests::{market, prices, prices_in};
    use serde_json::json;

    fn line(offer: &Offer) -> Line {
        Line::new(offer, Quantity::new(1).unwrap(), &prices()).unwrap()
    }

    #[test]
    fn name_of_an_earlier_release_is_read_in_nfc() {
        let row = serde_json::to_value(Line { name: "Cafe\u{301}".into(), ..line(&offer("MUG", 9)) }).unwrap();
        assert_eq!(serde_json::from_value::<Line>(row).unwrap().name, "Caf\u{e9}");
    }

    #[test]
    fn line_of_an_earlier_release_is_read_and_costs_the_same() {
        let row = json!({
            "sku": "MUG", "productId": "prd_01h455vb4pex5vsknk084sn02q", "name": "Mug", "quantity": 2,
            "unitPrice": { "amount": 450, "currency": "EUR" }, "priceVersion": 3, "available": 9,
        });
        let read: Line = serde_json::from_value(row.clone()).unwrap();
        assert_eq!((&read.scope_keys, read.tax_class.as_str(), read.weight), (&None, "standard", None));
        assert_eq!(serde_json::to_value(&read).unwrap(), row, "what it does not have is not written");
        let item = read.to_priced_item();
        assert_eq!((item.quantity.get(), item.prices[0].price.amount, item.prices[0].min_quantity), (2, 450, 1));
    }

    #[test]
    fn line_keeps_what_promotions_taxes_and_shipping_need() {
        let keys: ScopeKeys = serde_json::from_value(json!({ "c": "mugs", "t": ["blue"] })).unwrap();
        let tax_class = TaxClass::try_from("reduced".to_owned()).unwrap();
        let mug = Offer { scope_keys: Some(keys.clone()), tax_class, weight: Some(350), ..offer("MUG", 9) };
        let line = line(&mug);
        let row = serde_json::to_value(&line).unwrap();
        assert_eq!(
            (&row["scopeKeys"], &row["taxClass"], &row["weight"]),
            (&json!(keys), &json!("reduced"), &json!(350))
        );
        assert_eq!(serde_json::from_value::<Line>(row).unwrap(), line);
    }

    #[test]
    fn offer_without_a_price_in_the_market_is_refused() {
        let us = prices_in(market("us", json!({ "currency": "USD" })), None);
        let error = Line::new(&offer("MUG", 9), Quantity::new(1).unwrap(), &us).unwrap_err();
        assert_eq!(
            (error.code, error.fields[0].code, error.fields[0].field.as_str()),
            ("price_missing", "price_missing", "sku")
        );
    }

    #[test]
    fn line_leaves_a_cart_whose_market_has_no_price_for_it() {
        let us = prices_in(market("us", json!({ "currency": "USD" })), None);
        let mug = offer("MUG", 9);
        let (left, changes) = line(&mug).refresh(Some(&mug), &us);
        assert_eq!((left, changes[0].kind.clone()), (None, ChangeKind::Gone { was: 1, now: 0 }));
    }

    #[test]
    fn stock_and_name_make_no_difference_for_an_order() {
        let mug = line(&offer("MUG", 9));
        assert!(mug.sells_as(&Line { available: 1, name: "Cup".into(), ..mug.clone() }));
        let keys: ScopeKeys = serde_json::from_value(json!({ "c": "mugs" })).unwrap();
        for other in [
            Line { price_version: 2, ..mug.clone() },
            Line { buckets: Some(4), ..mug.clone() },
            Line { unit_price: Money::new(1, mug.unit_price.currency), ..mug.clone() },
            Line { scope_keys: Some(keys), ..mug.clone() },
            Line { weight: Some(1), ..mug.clone() },
        ] {
            assert!(!mug.sells_as(&other), "{other:?}");
        }
    }
}
