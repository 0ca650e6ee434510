//! The prices and the weight of one SKU.

use std::collections::HashSet;

use values::{Currency, Error, Money, Quantity, Result};

use crate::product::list_price::{ListPrice, MAX_LIST_PRICES, PriceListKey};

/// In minor units.
pub(crate) const MAX_PRICE: i64 = 100_000_000;
pub(crate) const MAX_WEIGHT_GRAMS: u32 = 1_000_000;

/// Price, list prices, compare-at price, weight and most pieces of an order of one SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferTerms {
    /// The price of one piece, in the list `default` and the shop's currency. For a product with variants, the lowest price.
    pub price: Money,
    /// The prices of price lists, sorted.
    pub prices: Vec<ListPrice>,
    /// The earlier price, or the price elsewhere. It is higher than `price`.
    pub compare_at_price: Option<Money>,
    /// The weight of one piece in grams.
    pub weight: Option<u32>,
    /// The most pieces that one order may have. Without it, a guest's order may have 20.
    pub max_per_order: Option<u32>,
}

impl OfferTerms {
    /// Terms with a price and nothing else.
    pub fn at(price: Money) -> Self {
        Self { price, prices: Vec::new(), compare_at_price: None, weight: None, max_per_order: None }
    }

    /// Rejects values out of range. `at` is the prefix of the fields in the request: empty, or `variants[0].`. List prices were checked when
    /// they were read.
    pub(crate) fn check(&self, at: &str, currency: Currency) -> Result<()> {
        check_price(&format!("{at}price"), self.price, currency)?;
        if let Some(before) = self.compare_at_price {
            let field = format!("{at}compareAtPrice");
            check_price(&field, before, currency)?;
            if before.amount <= self.price.amount {
                let (code, message) = ("compare_at_price_too_low", "must be higher than the price, or left out");
                return Err(Error { code, ..Error::invalid(&field, code, message) });
            }
        }
        if !self.weight.is_none_or(|grams| (1..=MAX_WEIGHT_GRAMS).contains(&grams)) {
            let message = format!("must be from 1 to {MAX_WEIGHT_GRAMS} grams, or left out");
            return Err(Error::invalid(&format!("{at}weight"), "weight_out_of_range", message));
        }
        match self.max_per_order.is_none_or(|pieces| (1..=Quantity::MAX).contains(&pieces)) {
            true => Ok(()),
            false => {
                let message = format!("must be from 1 to {} pieces, or left out", Quantity::MAX);
                Err(Error::invalid(&format!("{at}maxPerOrder"), "max_per_order_out_of_range", message))
            }
        }
    }
}

fn check_price(field: &str, price: Money, currency: Currency) -> Result<()> {
    if price.currency != currency {
        let message = format!("must be {currency}, the currency of the shop");
        return Err(Error::invalid(&format!("{field}.currency"), "currency_mismatch", message));
    }
    check_amount(field, price)
}

fn check_amount(field: &str, price: Money) -> Result<()> {
    if (0..=MAX_PRICE).contains(&price.amount) {
        return Ok(());
    }
    let message = format!("must be from 0 to {MAX_PRICE} minor units");
    Err(Error::invalid(&format!("{field}.amount"), "price_out_of_range", message))
}

/// The list prices of a request, sorted, so that their order makes no difference. `at` is the prefix of the fields in the request, `price`
/// the price beside them. 422 `too_many_prices`, `quantity_out_of_range`, `price_out_of_range`; `price_doubled` if two prices have the same
/// list, currency and quantity. `price` is that of the list `default` for one piece.
pub(crate) fn read_list_prices(at: &str, mut sent: Vec<ListPrice>, price: Money) -> Result<Vec<ListPrice>> {
    check_list_prices(at, &sent, price)?;
    sent.sort_by(|a, b| a.key().cmp(&b.key()));
    Ok(sent)
}

fn check_list_prices(at: &str, sent: &[ListPrice], price: Money) -> Result<()> {
    if sent.len() > MAX_LIST_PRICES {
        let message = format!("must be at most {MAX_LIST_PRICES} prices");
        return Err(Error::invalid(&format!("{at}prices"), "too_many_prices", message));
    }
    let of_default = ListPrice { list: PriceListKey::default(), min_quantity: 1, price };
    let mut keys = HashSet::from([of_default.key()]);
    for (index, one) in sent.iter().enumerate() {
        let field = format!("{at}prices[{index}]");
        if !(1..=Quantity::MAX).contains(&one.min_quantity) {
            let message = format!("must be from 1 to {} pieces", Quantity::MAX);
            return Err(Error::invalid(&format!("{field}.minQuantity"), "quantity_out_of_range", message));
        }
        check_amount(&format!("{field}.price"), one.price)?;
        if !keys.insert(one.key()) {
            let message = "has the list, currency and quantity of another price, or those of `price`";
            return Err(Error::invalid(&field, "price_doubled", message));
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::product::list_price::tests::list_price;
    use proptest::prelude::*;

    pub(crate) fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn priced(terms: OfferTerms) -> Result<()> {
        terms.check("", "EUR".parse().unwrap())
    }

    #[test]
    fn price_is_in_the_shops_currency_and_within_bounds() {
        assert!(priced(OfferTerms::at(eur(1_490))).is_ok());
        let usd = OfferTerms::at(Money::new(1_490, "USD".parse().unwrap()));
        assert_eq!(priced(usd).unwrap_err().fields[0].code, "currency_mismatch");
        for amount in [-1, MAX_PRICE + 1] {
            assert_eq!(priced(OfferTerms::at(eur(amount))).unwrap_err().fields[0].code, "price_out_of_range");
        }
    }

    #[test]
    fn list_prices_are_bounded_and_distinct() {
        let read = |sent: Vec<ListPrice>| {
            let prices = read_list_prices("variants[0].", sent, eur(1_490));
            prices.map_err(|error| (error.fields[0].field.clone(), error.fields[0].code))
        };
        let refused = |field: &str, code| Err((format!("variants[0].{field}"), code));
        let many = |count: u32| (1..=count).map(|n| list_price("uk", "GBP", n, 999)).collect::<Vec<_>>();
        assert_eq!(read(many(12)).map(|prices| prices.len()), Ok(12));
        assert_eq!(read(many(13)), refused("prices", "too_many_prices"));
        for quantity in [0, 1_000] {
            let one = list_price("uk", "GBP", quantity, 999);
            assert_eq!(read(vec![one]), refused("prices[0].minQuantity", "quantity_out_of_range"));
        }
        for amount in [-1, MAX_PRICE + 1] {
            let one = list_price("uk", "GBP", 1, amount);
            assert_eq!(read(vec![one]), refused("prices[0].price.amount", "price_out_of_range"));
        }
        let uk = |amount| list_price("uk", "GBP", 10, amount);
        assert_eq!(read(vec![uk(9), uk(8)]), refused("prices[1]", "price_doubled"));
        assert_eq!(read(vec![list_price("default", "EUR", 1, 9)]), refused("prices[0]", "price_doubled"));
        let others = vec![list_price("default", "EUR", 10, 9), list_price("default", "GBP", 1, 9)];
        assert_eq!(read(others.clone()), Ok(others));
    }

    #[test]
    fn order_of_list_prices_makes_no_difference() {
        let sorted = vec![list_price("a", "EUR", 2, 9), list_price("a", "GBP", 1, 9), list_price("b", "EUR", 1, 9)];
        let mut sent = sorted.clone();
        sent.reverse();
        assert_eq!(read_list_prices("", sent, eur(1)).unwrap(), sorted);
    }

    #[test]
    fn weight_is_positive_or_absent() {
        let weighing = |grams| priced(OfferTerms { weight: Some(grams), ..OfferTerms::at(eur(1)) });
        assert!(weighing(1).is_ok() && weighing(MAX_WEIGHT_GRAMS).is_ok());
        for grams in [0, MAX_WEIGHT_GRAMS + 1] {
            assert_eq!(weighing(grams).unwrap_err().fields[0].code, "weight_out_of_range");
        }
    }

    #[test]
    fn most_pieces_of_an_order_are_a_quantity_or_absent() {
        let limited = |pieces| priced(OfferTerms { max_per_order: Some(pieces), ..OfferTerms::at(eur(1)) });
        assert!(limited(1).is_ok() && limited(Quantity::MAX).is_ok());
        for pieces in [0, Quantity::MAX + 1] {
            assert_eq!(limited(pieces).unwrap_err().fields[0].code, "max_per_order_out_of_range");
        }
    }

    proptest! {
        #[test]
        fn compare_at_price_is_higher_than_the_price(price in 2..MAX_PRICE - 2, more in -2i64..=2) {
            let before = price + more;
            let result = priced(OfferTerms { compare_at_price: Some(eur(before)), ..OfferTerms::at(eur(price)) });
            match result {
                Ok(()) => prop_assert!(before > price),
                Err(error) => prop_assert!(before <= price && error.code == "compare_at_price_too_low"),
            }
        }
    }
}
