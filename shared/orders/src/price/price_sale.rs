//! Price a sale: the goods, and the goods with a shipping method.

use std::collections::BTreeSet;

use cart::{Basket, price_basket};
use pricing::{Breakdown, ShippingMethod};
use terms::Destination;
use terms::shipping::{OfferedMethod, ShippingQuery};
use terms::tax::TaxQuery;
use values::Result;

use crate::checkout::Checkout;
use crate::price::order_price::OrderPrice;
use crate::price::sale::Sale;
use crate::price::shipping::{before_promotions, listed_value};

/// The price of a sale with a shipping method, or without one.
#[derive(Debug, Clone)]
pub(crate) struct PricedSale {
    pub(crate) breakdown: Breakdown,
    pub(crate) method: Option<OfferedMethod>,
}

impl PricedSale {
    /// What an order keeps of the price.
    pub(crate) fn to_order_price(&self, sale: &Sale) -> Result<OrderPrice> {
        OrderPrice::new(&sale.market, &self.breakdown, &sale.found, self.method.as_ref())
    }
}

impl Checkout {
    /// The price of the goods, without shipping. It has taxes if the destination is known. No round trip in a warm execution environment,
    /// else 2 at most. 422 `price_missing`, `tax_rate_missing` and others for goods that cannot be priced.
    pub(crate) async fn price_goods(&self, sale: &Sale) -> Result<PricedSale> {
        let breakdown = self.price_at(sale, sale.destination.as_ref(), None).await?;
        Ok(PricedSale { breakdown, method: None })
    }

    /// The shipping methods for the sale, the cheapest first; none if the destination is not known, or if the shop has none. The same. 422
    /// `destination_unserved`.
    pub(crate) async fn offered_methods(&self, sale: &Sale, goods: &Breakdown) -> Result<Vec<OfferedMethod>> {
        let Some(destination) = sale.destination.as_ref().filter(|_| !sale.lines.is_empty()) else {
            return Ok(Vec::new());
        };
        let (market, weight_grams, goods, at) = (&sale.market, sale.weight_grams, listed_value(goods)?, sale.at);
        let query = ShippingQuery { market, destination, weight_grams, goods, at };
        self.carts.terms().shipping_methods(&query).await
    }

    /// The price with a method, for goods whose price without shipping is known. What is picked up is taxed where it is picked up.
    pub(crate) async fn price_with(
        &self,
        sale: &Sale,
        goods: &Breakdown,
        method: &OfferedMethod,
    ) -> Result<PricedSale> {
        let place = place_of(sale, Some(method));
        let breakdown = self.price_at(sale, place, Some(before_promotions(method, goods)?)).await?;
        Ok(PricedSale { breakdown, method: Some(method.clone()) })
    }

    /// Where a tax provider records the taxes of a sale. None if none does.
    pub(crate) fn tax_place(&self, sale: &Sale, priced: &PricedSale) -> Option<Destination> {
        let place = place_of(sale, priced.method.as_ref())?;
        let is_recorded = !priced.breakdown.taxes.is_empty() && self.carts.terms().records_taxes_of(place);
        is_recorded.then(|| place.clone())
    }

    /// The price, with the taxes of a place.
    async fn price_at(
        &self,
        sale: &Sale,
        place: Option<&Destination>,
        shipping: Option<ShippingMethod>,
    ) -> Result<Breakdown> {
        let taxation = match place {
            Some(place) => {
                let classes: BTreeSet<String> = sale.lines.iter().map(|line| line.tax_class.clone()).collect();
                let (destination, buyer, at) = (place.clone(), sale.tax.clone(), sale.at);
                let query = TaxQuery { destination, classes, buyer, at };
                Some(Box::pin(self.carts.terms().taxes(&query)).await?)
            }
            None => None,
        };
        price_basket(&Basket {
            lines: &sale.lines,
            market: &sale.market,
            group: sale.group.as_deref(),
            taxation: taxation.as_ref(),
            country: sale.destination.as_ref().map(|destination| destination.country.as_str()),
            found: &sale.found,
            shipping,
            at: sale.at,
        })
    }
}

/// Where a sale with that shipping method is taxed.
fn place_of<'a>(sale: &'a Sale, method: Option<&'a OfferedMethod>) -> Option<&'a Destination> {
    method.and_then(|method| method.pick_up.as_ref()).or(sale.destination.as_ref())
}
