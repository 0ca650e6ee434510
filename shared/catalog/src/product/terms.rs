//! The price and the weight of one SKU.

use serde::Serialize;
use values::{Currency, Error, Money, Quantity, Result};

/// In minor units.
pub(crate) const MAX_PRICE: i64 = 100_000_000;
pub(crate) const MAX_WEIGHT_GRAMS: u32 = 1_000_000;

/// Price, compare-at price, weight and most pieces of an order of one SKU, also as responses show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OfferTerms {
    /// The price of one piece. For a product with variants, the lowest price.
    pub price: Money,
    /// The earlier price, or the price elsewhere. It is higher than `price`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare_at_price: Option<Money>,
    /// The weight of one piece in grams.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_WEIGHT_GRAMS)))]
    pub weight: Option<u32>,
    /// The most pieces that one order may have. Without it, a guest's order may have 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = Quantity::MAX)))]
    pub max_per_order: Option<u32>,
}

impl OfferTerms {
    /// Terms with a price and nothing else.
    pub fn at(price: Money) -> Self {
        Self { price, compare_at_price: None, weight: None, max_per_order: None }
    }

    /// Rejects values out of range. `at` is the prefix of the fields in the request: empty, or `variants[0].`.
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
    if !(0..=MAX_PRICE).contains(&price.amount) {
        let message = format!("must be from 0 to {MAX_PRICE} minor units");
        return Err(Error::invalid(&format!("{field}.amount"), "price_out_of_range", message));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
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
