//! The offers of items that a request names.

use std::collections::BTreeMap;

use aws_kit::Key;
use cart::{Cart, Line, Prices};
use catalog::{BuyerKind, Offer};
use values::{Caller, Error, Money, Quantity, Result, Sku};

use crate::checkout::Checkout;
use crate::lines::buyer_kind;
use crate::new_order::QuoteRequest;
use crate::price::basis::BuyerWithAddress;

/// Wanted pieces of a SKU, with the index of the last item that names it.
type WantedItems = BTreeMap<Sku, (usize, Quantity)>;

/// An offer of which an item wants pieces.
#[derive(Debug)]
pub(crate) struct ItemOffer {
    pub(crate) offer: Offer,
    pub(crate) quantity: Quantity,
    index: usize,
}

impl ItemOffer {
    /// A line of the offer as it is now, sold or not: the transaction decides. 422 `price_missing` if it is sold, but not in this market.
    pub(crate) fn line(&self, prices: &Prices) -> Result<Line> {
        let Self { offer, quantity, index } = self;
        let price = prices.unit_price(offer, *quantity);
        let unit_price: Result<Money> = match price {
            Some(price) => Ok(price),
            None if !offer.is_active() => Ok(offer.price),
            None => {
                let message = format!("has no price in the market {}; choose another market", prices.market.key);
                Err(Error::invalid(&format!("items[{index}]"), "price_missing", message))
            }
        };
        Ok(Line::of(offer, *quantity, unit_price?))
    }
}

impl Checkout {
    /// The offers of items, archived ones included, with the prices of the buyer. 1 round trip, 1 more for each product that this execution
    /// environment has not read before, and if the markets were not read in the last 30 seconds.
    ///
    /// 422 `items_out_of_range`, `product_unknown`, `max_per_order`, and `variant_required` for a product that is sold in variants;
    /// `market_unknown`, `address_unknown`, `destination_unserved`, `currency_mismatch`.
    pub(crate) async fn read_items(
        &self,
        request: &QuoteRequest,
        items: &[(cart::ItemRef, Quantity)],
        caller: &Caller,
    ) -> Result<(Vec<ItemOffer>, Prices, BuyerWithAddress)> {
        let catalog = &self.service.catalog;
        let wanted = self.resolve_skus(items).await?;
        let keys: Vec<Key> = wanted.keys().map(|sku| catalog.offer_key(sku)).collect();
        let (buyer, offers) = self.read_buyer_with::<Offer>(request, caller, (catalog.table(), &keys)).await?;
        let offers = match_offers(wanted, offers, buyer_kind(caller))?;
        let prices = self.prices_of_items(request.market.as_ref(), buyer.group.clone()).await?;
        self.check_sale(request, &prices.market, buyer.address.as_ref())?;
        Ok((offers, prices, buyer))
    }

    /// The SKUs of items. Items of the same SKU are added up: two conditions on one row are not allowed in a transaction.
    async fn resolve_skus(&self, items: &[(cart::ItemRef, Quantity)]) -> Result<WantedItems> {
        if items.is_empty() || items.len() > Cart::MAX_LINES {
            let message = format!("must have 1 to {} items", Cart::MAX_LINES);
            return Err(Error::invalid("items", "items_out_of_range", message));
        }
        let mut wanted = WantedItems::new();
        for (index, (item, quantity)) in items.iter().enumerate() {
            let sku = item.resolve_sku(&self.service.catalog).await?.ok_or_else(|| unknown_product(index))?;
            let quantity = match wanted.get(&sku) {
                Some((_, before)) => before.plus(*quantity)?,
                None => *quantity,
            };
            wanted.insert(sku, (index, quantity));
        }
        Ok(wanted)
    }
}

/// The offers in the order of their SKUs.
fn match_offers(wanted: WantedItems, offers: Vec<Offer>, buyer: BuyerKind) -> Result<Vec<ItemOffer>> {
    let mut offers: BTreeMap<Sku, Offer> = offers.into_iter().map(|offer| (offer.sku.clone(), offer)).collect();
    let found = wanted.into_iter().map(|(sku, (index, quantity))| {
        let offer = offers.remove(&sku).ok_or_else(|| unknown_product(index))?;
        offer.check_single(&format!("items[{index}]"))?;
        offer.check_quantity(&format!("items[{index}].quantity"), quantity.get(), buyer)?;
        Ok(ItemOffer { offer, quantity, index })
    });
    found.collect()
}

fn unknown_product(index: usize) -> Error {
    Error::invalid(&format!("items[{index}]"), "product_unknown", "is not a product of this shop")
}
