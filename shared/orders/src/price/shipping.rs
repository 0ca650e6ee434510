//! Which shipping method an order has, and what the method costs before promotions. Pure.

use pricing::{Breakdown, MinimumOf, ShippingMethod};
use terms::MethodKey;
use terms::shipping::OfferedMethod;
use values::{Error, Money, Result};

/// The method that a request names. None if it names none. 422 `shipping_method_unknown` for one that is not offered.
pub(crate) fn chosen<'m>(offered: &'m [OfferedMethod], named: Option<&MethodKey>) -> Result<Option<&'m OfferedMethod>> {
    let Some(named) = named else { return Ok(None) };
    match offered.iter().find(|method| method.id == *named) {
        Some(method) => Ok(Some(method)),
        None => {
            let message =
                "is not a shipping method of the shop for this address and these goods; quote the order to see them";
            Err(Error::invalid("shippingMethod", "shipping_method_unknown", message))
        }
    }
}

/// The method of an order. 422 `required` if there are methods to choose from and none is named.
pub(crate) fn chosen_for_order<'m>(
    offered: &'m [OfferedMethod],
    named: Option<&MethodKey>,
) -> Result<Option<&'m OfferedMethod>> {
    let method = chosen(offered, named)?;
    if method.is_none() && !offered.is_empty() {
        return Err(Error::invalid("shippingMethod", "required", "name one of the methods that the quote lists"));
    }
    Ok(method)
}

/// The method with its price before promotions: nothing if the goods reach the value from which on it is free.
pub(crate) fn before_promotions(method: &OfferedMethod, goods: &Breakdown) -> Result<ShippingMethod> {
    let value = match method.free_over.map(|free_over| free_over.of) {
        Some(MinimumOf::Discounted) => goods.subtotal.minus(goods.discount)?,
        Some(MinimumOf::Listed) | None => listed_value(goods)?,
    };
    let is_free = method.free_over.is_some_and(|free_over| value.amount >= free_over.amount.amount);
    let price = if is_free { Money::zero(method.price.currency) } else { method.price };
    Ok(ShippingMethod { id: method.id.to_string(), price })
}

/// The value of the goods before discounts, at their list prices.
pub(crate) fn listed_value(goods: &Breakdown) -> Result<Money> {
    let mut lines = goods.lines.iter();
    lines.try_fold(Money::zero(goods.currency), |sum, line| sum.plus(line.unit_price.times(line.quantity)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::changed_part::tests::{breakdown, eur};
    use serde_json::{Value, json};

    fn method(id: &str, free_over: Value) -> OfferedMethod {
        let mut method = json!({
            "id": id, "name": "Parcel", "price": eur(490), "delivery": { "earliest": "2026-11-23", "latest": "2026-11-25" },
        });
        if !free_over.is_null() {
            method["freeOver"] = free_over;
        }
        serde_json::from_value(method).unwrap()
    }

    fn key(text: &str) -> MethodKey {
        text.to_owned().try_into().unwrap()
    }

    fn code(result: Result<Option<&OfferedMethod>>) -> &'static str {
        result.unwrap_err().fields[0].code
    }

    #[test]
    fn order_names_one_of_the_methods_that_are_offered() {
        let offered = [method("parcel", Value::Null), method("express", Value::Null)];
        let express = key("express");
        assert_eq!(chosen_for_order(&offered, Some(&express)).unwrap(), Some(&offered[1]));
        assert_eq!(code(chosen_for_order(&offered, Some(&key("drone")))), "shipping_method_unknown");
        assert_eq!(code(chosen_for_order(&offered, None)), "required");
        assert_eq!(chosen(&offered, None).unwrap(), None, "a quote may list them");
    }

    #[test]
    fn order_of_a_shop_without_methods_names_none() {
        assert_eq!(chosen_for_order(&[], None).unwrap(), None);
        assert_eq!(code(chosen_for_order(&[], Some(&key("parcel")))), "shipping_method_unknown");
    }

    #[test]
    fn method_is_free_from_a_value_before_or_after_discounts() {
        // Goods for 10.00, less 2.00.
        let price = |free_over: Value| before_promotions(&method("parcel", free_over), &breakdown()).unwrap().price;
        assert_eq!(price(Value::Null), eur(490));
        for (amount, of, expected) in
            [(1_000, "listed", 0), (1_001, "listed", 490), (800, "discounted", 0), (801, "discounted", 490)]
        {
            assert_eq!(price(json!({ "amount": eur(amount), "of": of })), eur(expected), "{amount} {of}");
        }
        assert_eq!(listed_value(&breakdown()).unwrap(), eur(1_000));
    }
}
