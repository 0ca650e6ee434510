//! A line that is to be priced, and its unit price.

use values::{Currency, Error, Money, ProductId, Quantity, Result, Sku};

use crate::context::Context;

/// A price of a price list for a quantity or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPrice {
    /// The key of the price list.
    pub list: String,
    pub min_quantity: u32,
    /// For one piece, in the net or gross mode of the market.
    pub price: Money,
}

/// A line that is to be priced. Lines of one order have different SKUs.
#[derive(Debug, Clone)]
pub struct Line {
    pub sku: Sku,
    pub quantity: Quantity,
    /// In any order.
    pub prices: Vec<ListPrice>,
    pub product_id: Option<ProductId>,
    /// The keys of its category and of all categories above.
    pub categories: Vec<String>,
    pub tags: Vec<String>,
    pub brand: Option<String>,
    /// The key of a tax class of the rules.
    pub tax_class: String,
    /// False for gift cards.
    pub is_discountable: bool,
}

impl Line {
    /// The price of a piece, as [`find_price`] finds it. Fails with `price_missing`.
    pub(crate) fn unit_price(&self, context: &Context) -> Result<Money> {
        let currency = context.market.currency;
        find_price(&self.prices, &context.price_lists, currency, self.quantity).ok_or_else(|| {
            let message = format!("{} has no price in {currency}; remove it, or choose another market", self.sku);
            Error::invalid("items", "price_missing", message)
        })
    }
}

/// The price of a piece: that of the first of the buyer's price lists that has one in the currency for this quantity. Of several, the one
/// for the largest quantity; of several such, the lowest. None: it is not for sale.
pub fn find_price(prices: &[ListPrice], lists: &[String], currency: Currency, quantity: Quantity) -> Option<Money> {
    let fits = |price: &&ListPrice| price.price.currency == currency && price.min_quantity <= quantity.get();
    let of_list = |list: &String| {
        let prices = prices.iter().filter(fits).filter(|price| price.list == *list);
        prices.min_by_key(|price| (std::cmp::Reverse(price.min_quantity), price.price.amount))
    };
    lists.iter().find_map(of_list).map(|price| price.price)
}
