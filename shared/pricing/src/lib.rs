//! The price of an order: `price(lines) -> breakdown`. Pure. Discount, tax and shipping are zero until their rules
//! arrive. They have their fields in the breakdown already, so that adding the rules changes no type.

use values::{Currency, Error, Money, Quantity, Result};

/// A line to be priced.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub unit_price: Money,
    pub quantity: Quantity,
}

/// The sums of an order, all in one currency. `total = subtotal - discount + tax + shipping`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakdown {
    /// The total of each line, in the order of the lines.
    pub line_totals: Vec<Money>,
    /// The sum of the lines.
    pub subtotal: Money,
    pub discount: Money,
    pub tax: Money,
    pub shipping: Money,
    /// The amount to be paid.
    pub total: Money,
}

/// Prices lines. 422 `currency_mismatch` for a line in another currency, `amount_too_large` for a sum that does not
/// fit.
pub fn price(lines: &[Line], currency: Currency) -> Result<Breakdown> {
    let zero = Money::zero(currency);
    let line_totals = lines
        .iter()
        .map(|line| match line.unit_price.currency == currency {
            true => line.unit_price.times(line.quantity),
            false => Err(Error::invalid("currency", "currency_mismatch", format!("this shop sells in {currency}"))),
        })
        .collect::<Result<Vec<_>>>()?;
    let subtotal = line_totals.iter().try_fold(zero, |sum, line| sum.plus(*line))?;
    Ok(Breakdown { line_totals, subtotal, discount: zero, tax: zero, shipping: zero, total: subtotal })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_total_is_the_sum_of_the_lines(lines in prop::collection::vec((0i64..1_000_000, 1u32..=999), 0..50)) {
            let eur = "EUR".parse().unwrap();
            let priced: Vec<Line> = lines.iter().map(|(amount, pieces)| Line {
                unit_price: Money::new(*amount, eur),
                quantity: Quantity::new(*pieces).unwrap(),
            }).collect();
            let expected: i64 = lines.iter().map(|(amount, pieces)| amount * i64::from(*pieces)).sum();
            prop_assert_eq!(price(&priced, eur).unwrap().total, Money::new(expected, eur));
        }
    }

    #[test]
    fn other_currency_is_refused() {
        let line = Line { unit_price: Money::new(1, "USD".parse().unwrap()), quantity: Quantity::new(1).unwrap() };
        assert!(price(&[line], "EUR".parse().unwrap()).is_err());
    }
}
