//! Prices of price lists: in other currencies, for groups of customers, and for larger quantities. They are in the offer's row beside
//! its `price`, under one price version (ADR 37).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use values::{Currency, Error, Money, Result};

/// The most list prices of a SKU.
pub(crate) const MAX_LIST_PRICES: usize = 12;
/// The key of the price list that `price` of each product belongs to.
const DEFAULT: &str = "default";

/// The key of a price list: 1 to 32 characters of `a-z 0-9 -`. The default is `default`, the list of `price`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct PriceListKey(String);

impl PriceListKey {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it the list of `price`?
    pub fn is_default(&self) -> bool {
        self.0 == DEFAULT
    }
}

impl Default for PriceListKey {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

impl TryFrom<String> for PriceListKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match (1..=32).contains(&text.len()) && text.bytes().all(is_legal) {
            true => Ok(Self(text)),
            false => Err("must be 1 to 32 lower-case letters, digits and hyphens".to_owned()),
        }
    }
}

/// A price of a price list, for a quantity or more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListPrice {
    pub list: PriceListKey,
    /// The price holds for an order of so many pieces or more, 1 to 999.
    #[serde(default = "one")]
    pub min_quantity: u32,
    /// The price of one piece, in any currency.
    pub price: Money,
}

fn one() -> u32 {
    1
}

impl ListPrice {
    /// What a SKU has one price for. List prices are sorted by it.
    pub(crate) fn key(&self) -> (&str, &str, u32) {
        (self.list.as_str(), self.price.currency.code(), self.min_quantity)
    }
}

/// The price list and the currency in which a reader sees prices, for example those of a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    pub list: PriceListKey,
    pub currency: Currency,
}

impl PriceList {
    /// The price list of a market, by its key and the currency of the market. Fails if that is no key of a price list.
    pub fn new(list: &str, currency: Currency) -> Result<Self> {
        let list = PriceListKey::try_from(list.to_owned()).map_err(Error::internal)?;
        Ok(Self { list, currency })
    }

    /// Can a buyer with this price list have the price? A SKU without a price in the list has that of the list `default`.
    pub(crate) fn includes(&self, price: &ListPrice) -> bool {
        price.price.currency == self.currency && (price.list == self.list || price.list.is_default())
    }
}

/// List prices as a row has them, without names: `["uk", "GBP", 1, 999]`. Each sale rewrites the row.
pub(crate) fn rows(prices: &[ListPrice]) -> Vec<(&PriceListKey, Currency, u32, i64)> {
    prices.iter().map(|one| (&one.list, one.price.currency, one.min_quantity, one.price.amount)).collect()
}

pub(crate) fn serialize_rows<S: Serializer>(prices: &[ListPrice], serializer: S) -> Result<S::Ok, S::Error> {
    rows(prices).serialize(serializer)
}

pub(crate) fn deserialize_rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ListPrice>, D::Error> {
    let rows = Vec::<(PriceListKey, Currency, u32, i64)>::deserialize(deserializer)?;
    let price =
        |(list, currency, min_quantity, amount)| ListPrice { list, min_quantity, price: Money::new(amount, currency) };
    Ok(rows.into_iter().map(price).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    pub(crate) fn key(text: &str) -> PriceListKey {
        PriceListKey::try_from(text.to_owned()).unwrap()
    }

    pub(crate) fn list_price(list: &str, currency: &str, min_quantity: u32, amount: i64) -> ListPrice {
        ListPrice { list: key(list), min_quantity, price: Money::new(amount, currency.parse().unwrap()) }
    }

    #[test]
    fn key_is_short_and_plain() {
        for good in ["uk", "default", "b2b-2026", &"x".repeat(32)] {
            assert!(PriceListKey::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "UK", "a b", "a:b", "a|b", "ü", &"x".repeat(33)] {
            assert!(PriceListKey::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(PriceListKey::default().is_default() && !key("uk").is_default());
    }

    #[test]
    fn price_of_a_request_begins_at_one_piece() {
        let sent = json!({ "list": "uk", "price": { "amount": 999, "currency": "GBP" } });
        let price: ListPrice = serde_json::from_value(sent).unwrap();
        assert_eq!(price, list_price("uk", "GBP", 1, 999));
        let shown = json!({ "list": "uk", "minQuantity": 1, "price": { "amount": 999, "currency": "GBP" } });
        assert_eq!(serde_json::to_value(price).unwrap(), shown);
        let unknown = json!({ "list": "uk", "price": { "amount": 999, "currency": "GBP" }, "from": 2 });
        assert!(serde_json::from_value::<ListPrice>(unknown).is_err());
    }

    #[test]
    fn buyer_can_have_the_prices_of_their_list_and_of_the_default_list() {
        let list = PriceList { list: key("uk"), currency: "GBP".parse().unwrap() };
        let included = |price: ListPrice| list.includes(&price);
        assert!(included(list_price("uk", "GBP", 10, 900)) && included(list_price("default", "GBP", 1, 999)));
        assert!(!included(list_price("uk", "EUR", 1, 1_099)) && !included(list_price("trade", "GBP", 1, 800)));
    }
}
