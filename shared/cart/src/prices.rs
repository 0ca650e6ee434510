//! The prices of a buyer: those of a market, and of the buyer's customer group. Pure.

use catalog::{Offer, PriceListKey};
use identity::CustomerGroup;
use terms::MarketKey;
use terms::markets::Market;
use values::{Money, Quantity};

/// What the prices of a cart depend on, beside its lines.
#[derive(Debug, Clone)]
pub struct Prices {
    /// The key by which the cart names its market; none for the default market.
    pub key: Option<MarketKey>,
    pub market: Market,
    /// Of the owner.
    pub group: Option<CustomerGroup>,
}

impl Prices {
    /// The price of one piece for a line of this quantity. None: the offer is not for sale in the market, or its price is not a multiple
    /// of the market's step.
    pub fn unit_price(&self, offer: &Offer, quantity: Quantity) -> Option<Money> {
        let lists = price_lists(&self.market, self.group.as_ref().map(CustomerGroup::as_str));
        let content = &self.market.content;
        let price = pricing::find_price(&offer.list_prices(), &lists, content.currency, quantity)?;
        (price.amount.checked_rem(content.step) == Some(0)).then_some(price)
    }
}

/// The price lists of a buyer. The first one that has a price is used: that of the customer group, which has its key, that of the market,
/// and the default list.
pub(crate) fn price_lists(market: &Market, group: Option<&str>) -> Vec<String> {
    let default = PriceListKey::default();
    group.into_iter().chain([market.price_list(), default.as_str()]).map(str::to_owned).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cart::tests::offer;
    use serde_json::{Value, json};

    /// A market whose row has these fields, too. Without any it has net prices in EUR.
    pub(crate) fn market(key: &str, fields: Value) -> Market {
        let mut row = json!({ "key": key, "version": 1, "currency": "EUR", "prices": "net" });
        row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(row).unwrap()
    }

    /// The prices of a market for buyers in this group.
    pub(crate) fn prices_in(market: Market, group: Option<&str>) -> Prices {
        Prices { key: Some(market.key.clone()), market, group: group.map(|group| group.parse().unwrap()) }
    }

    /// The prices of a shop that has stored no market, for buyers in no group.
    pub(crate) fn prices() -> Prices {
        Prices { key: None, ..prices_in(market("default", json!({ "version": 0 })), None) }
    }

    fn list_price(list: &str, currency: &str, min_quantity: u32, amount: i64) -> Value {
        json!({ "list": list, "minQuantity": min_quantity, "price": { "amount": amount, "currency": currency } })
    }

    /// An offer at 2.50 EUR with other prices, too.
    fn offer_with(prices: Value) -> Offer {
        Offer { prices: serde_json::from_value(prices).unwrap(), ..offer("MUG", 9) }
    }

    fn price(prices: &Prices, offer: &Offer, pieces: u32) -> Option<i64> {
        let price = prices.unit_price(offer, Quantity::new(pieces).unwrap())?;
        assert_eq!(price.currency, prices.market.content.currency);
        Some(price.amount)
    }

    #[test]
    fn price_of_the_group_comes_before_that_of_the_market_and_the_default_one() {
        let mug = offer_with(json!([list_price("trade", "EUR", 1, 200), list_price("eu", "EUR", 1, 220)]));
        let eu = || market("eu", json!({}));
        assert_eq!(price(&prices_in(eu(), Some("trade")), &mug, 1), Some(200));
        assert_eq!(price(&prices_in(eu(), Some("vip")), &mug, 1), Some(220));
        assert_eq!(price(&prices_in(eu(), None), &mug, 1), Some(220));
        assert_eq!(price(&prices(), &mug, 1), Some(250));
        let other_list = market("fr", json!({ "priceList": "eu" }));
        assert_eq!(price(&prices_in(other_list, None), &mug, 1), Some(220));
    }

    #[test]
    fn larger_quantity_has_its_own_price() {
        let mug = offer_with(json!([list_price("default", "EUR", 10, 240)]));
        assert_eq!([1, 9, 10, 999].map(|pieces| price(&prices(), &mug, pieces).unwrap()), [250, 250, 240, 240]);
    }

    #[test]
    fn offer_without_a_price_in_the_currency_is_not_for_sale() {
        let mug = offer_with(json!([list_price("us", "USD", 1, 300)]));
        let us = market("us", json!({ "currency": "USD" }));
        assert_eq!(price(&prices_in(us.clone(), None), &mug, 1), Some(300));
        assert_eq!(price(&prices_in(us, None), &offer("POT", 9), 1), None);
    }

    #[test]
    fn price_between_two_steps_is_none() {
        let stepped = |step: i64| prices_in(market("eu", json!({ "step": step })), None);
        assert_eq!(price(&stepped(50), &offer("MUG", 9), 1), Some(250));
        assert_eq!(price(&stepped(100), &offer("MUG", 9), 1), None);
    }
}
