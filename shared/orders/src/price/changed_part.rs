//! Which part of a price the customer did not know. Pure.

use pricing::Breakdown;
use values::Money;

/// The code of the refusal of an order that costs something else than its customer expects, although no unit price has changed: the part
/// of the price that explains the whole difference. So it is for a customer who was shown a total before the address or the shipping
/// method was chosen. All other differences are a changed price.
pub(crate) fn changed_part(present: &Breakdown, expected: Money) -> &'static str {
    let Some(difference) = present.total.amount.checked_sub(expected.amount) else { return "price_changed" };
    let (shipping, tax, discount) = (present.shipping.amount, present.tax.amount, present.discount.amount);
    match difference {
        0 => "price_changed",
        _ if difference == tax => "tax_changed",
        _ if difference == shipping || shipping.checked_add(tax) == Some(difference) => "shipping_changed",
        _ if discount.checked_neg() == Some(difference) => "promotion_changed",
        _ => "price_changed",
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use pricing::PricedLine;
    use values::Quantity;

    pub(crate) fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    /// Two mugs for 5.00 each, 2.00 off, shipping for 4.90 and 2.71 tax.
    pub(crate) fn breakdown() -> Breakdown {
        let mugs = PricedLine {
            sku: "MUG".parse().unwrap(),
            quantity: Quantity::new(2).unwrap(),
            unit_price: eur(500),
            subtotal: eur(1_000),
            discount: eur(200),
            discounts: vec![],
            total: eur(800),
            net: eur(800),
            taxes: vec![],
        };
        Breakdown {
            currency: eur(0).currency,
            lines: vec![mugs],
            shipping_method: None,
            promotions: vec![],
            refused: vec![],
            rewards: vec![],
            taxes: vec![],
            subtotal: eur(1_000),
            discount: eur(200),
            shipping: eur(490),
            tax: eur(271),
            included_tax: eur(0),
            total: eur(1_561),
        }
    }

    #[test]
    fn part_that_explains_the_difference_is_named() {
        for (expected, code) in [
            (1_561 - 271, "tax_changed"),
            (1_561 - 490, "shipping_changed"),
            (1_561 - 490 - 271, "shipping_changed"),
            (1_561 + 200, "promotion_changed"),
            (1_560, "price_changed"),
            (1_561, "price_changed"),
        ] {
            assert_eq!(changed_part(&breakdown(), eur(expected)), code, "{expected}");
        }
    }

    #[test]
    fn part_that_is_zero_explains_nothing() {
        let plain = Breakdown { discount: eur(0), shipping: eur(0), tax: eur(0), total: eur(1_000), ..breakdown() };
        for expected in [999, 1_001] {
            assert_eq!(changed_part(&plain, eur(expected)), "price_changed");
        }
    }
}
