//! The lines of an order: where they come from, and what they become in the order.

use cart::{Line, Owner};
use catalog::BuyerKind;
use pricing::{Breakdown, PricedLine, TaxShare};
use values::{Caller, Error, Money, Quantity, Result};

use crate::order::Item;

/// Where the lines of an order come from.
#[derive(Debug, Clone)]
pub enum OrderSource {
    /// A cart, which the order empties.
    Cart(Owner),
    /// Items that the request names.
    Items(Vec<(cart::ItemRef, Quantity)>),
}

/// The items of an order, from its lines and their prices.
pub(crate) fn items(lines: &[Line], breakdown: &Breakdown) -> Result<Vec<Item>> {
    lines.iter().zip(&breakdown.lines).map(|(line, priced)| item(line, priced)).collect()
}

fn item(line: &Line, priced: &PricedLine) -> Result<Item> {
    let (tax, included_tax) = added_and_included(priced.total, priced.net, &priced.taxes)?;
    Ok(Item {
        sku: line.sku.clone(),
        product_id: line.product_id,
        name: line.name.clone(),
        quantity: line.quantity,
        unit_price: priced.unit_price,
        discount: priced.discount,
        tax,
        included_tax,
        line_total: priced.subtotal,
    })
}

/// Of the taxes of a line or of shipping, what is added to its total, and what the total includes, if there is any.
pub(crate) fn added_and_included(total: Money, net: Money, taxes: &[TaxShare]) -> Result<(Money, Option<Money>)> {
    let included = total.minus(net)?;
    let zero = Money::zero(total.currency);
    let tax = taxes.iter().try_fold(zero, |sum, share| sum.plus(share.amount))?;
    Ok((tax.minus(included)?, Some(included).filter(|included| included.amount > 0)))
}

/// Whether an account or a guest buys.
pub(crate) fn buyer_kind(caller: &Caller) -> BuyerKind {
    match caller.account() {
        Some(_) => BuyerKind::Account,
        None => BuyerKind::Guest,
    }
}

pub(crate) fn cart_empty() -> Error {
    Error::invalid("cart", "cart_empty", "the cart is empty")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::changed_part::tests::eur;

    #[test]
    fn tax_of_a_line_is_added_or_included() {
        let shares = |amounts: &[i64]| -> Vec<TaxShare> {
            amounts.iter().map(|amount| TaxShare { tax: 0, base: eur(800), amount: eur(*amount) }).collect()
        };
        let taxes =
            |total: i64, net: i64, amounts: &[i64]| added_and_included(eur(total), eur(net), &shares(amounts)).unwrap();
        assert_eq!(taxes(800, 800, &[100, 68]), (eur(168), None), "net prices");
        assert_eq!(taxes(968, 800, &[100, 68]), (eur(0), Some(eur(168))), "gross prices");
        assert_eq!(taxes(800, 800, &[]), (eur(0), None));
        assert_eq!(taxes(800, 800, &[0]), (eur(0), None), "an exempt buyer");
    }
}
